import { isLogStoreError } from '../base/errors.js';
import type { Clock } from '../base/host.js';
import type { Catalog } from '../catalog/catalog.js';
import { segmentPath } from '../format/file-names.js';
import type { SegmentExam } from '../log/segment-exam.js';
import type { Log } from '../log/types.js';
import { healthOf, type ObjectHealth, type SegmentHealth } from './health.js';
import { type DamagedObject, ObjectsOnDamage } from './objects-on-damage.js';

interface Known {
  readonly health: SegmentHealth;
  readonly lostRecords: readonly number[];
  readonly rebuiltRecords: readonly number[];
}

/** What the last examination of each segment has found, since the store was opened. */
export class KnownHealth {
  readonly #known = new Map<number, Known>();

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly catalog: Catalog,
  ) {}

  examined(exam: SegmentExam): void {
    const { lostRecords, rebuiltRecords } = exam;
    const health = healthOf(exam, this.clock.nowUnixMs());
    this.#known.set(exam.fileId, { health, lostRecords, rebuiltRecords });
  }

  healed(exam: SegmentExam): void {
    const none = { findings: [], lostRecords: [], rebuiltRecords: [] };
    this.examined({ ...exam, status: 'healthy', ...none });
  }

  forget(fileId: number): void {
    this.#known.delete(fileId);
  }

  isHealthy(fileId: number): boolean {
    return this.#known.get(fileId)?.health.status === 'healthy';
  }

  /** Of all that has ended; what was not examined yet counts as healthy. */
  segments(): SegmentHealth[] {
    const facts = this.log.care.segments();
    const present = new Set(facts.map(({ fileId }) => fileId));
    for (const fileId of this.#known.keys()) if (!present.has(fileId)) this.forget(fileId);
    return facts.map(({ fileId, sizeBytes, isProtected }) => {
      const known = this.#known.get(fileId)?.health;
      if (known !== undefined) return { ...known, isProtected };
      const file = segmentPath(fileId);
      const unknown = { findings: [], checkedUnixMs: undefined };
      return { file, sizeBytes, status: 'healthy', isProtected, ...unknown } as const;
    });
  }

  unhealthy(): SegmentHealth[] {
    return this.segments().filter(({ status }) => status !== 'healthy');
  }

  /** Those that stand on damage, and cannot be read whole or can. */
  async objects(): Promise<ObjectHealth[]> {
    const lost = await this.lostObjects();
    const isLost = new Set(lost.map(({ version }) => version));
    const rebuilt = await this.objectsOn(this.#all(({ rebuiltRecords }) => rebuiltRecords));
    return [
      ...lost.map((object) => ({ ...object, status: 'unrecoverable' }) as const),
      ...rebuilt
        .filter(({ version }) => !isLost.has(version))
        .map((object) => ({ ...object, status: 'recoverable' }) as const),
    ];
  }

  lostObjects(): Promise<DamagedObject[]> {
    return this.objectsOn(this.#all(({ lostRecords }) => lostRecords));
  }

  /** Goes through all commits, where there is something to look for. */
  async objectsOn(records: readonly number[]): Promise<DamagedObject[]> {
    const { compactor } = this.log;
    if (records.length === 0 || compactor === undefined) return [];
    const found = new ObjectsOnDamage(new Set(records));
    for (const source of await compactor.sources(() => Promise.resolve())) {
      try {
        await source.follow((sequence, meta, flags) => found.commit(sequence, meta, flags));
      } catch (error) {
        if (!isLogStoreError(error, 'RECORD_CORRUPT')) throw error; // what is lost names nothing
      }
    }
    return found.live(this.catalog.state);
  }

  #all(of: (known: Known) => readonly number[]): number[] {
    return [...this.#known.values()].flatMap(of);
  }
}
