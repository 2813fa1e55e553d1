import type { CatalogState } from '../catalog/state.js';
import { decodeCommitMeta } from '../format/commit.js';
import { versionKey } from '../format/key-encoding.js';
import type { Mutation } from '../format/mutation.js';
import { inlineBodyFlag } from '../format/record.js';

/** An object that stands on damaged records. */
export interface DamagedObject {
  readonly bucket: string;
  readonly key: string;
  readonly version: number;
}

/** Finds the objects of which bytes lie in damaged records: follows the commits, in order. */
export class ObjectsOnDamage {
  /** Commits of parts that stand on damage. */
  readonly #damagedParts = new Set<number>();
  readonly #found: DamagedObject[] = [];

  constructor(private readonly records: ReadonlySet<number>) {}

  commit(sequence: number, meta: Uint8Array, flags: number): void {
    if (this.records.size === 0) return;
    const { version, mutations } = decodeCommitMeta(meta);
    const inline = (flags & inlineBodyFlag) !== 0 && this.records.has(sequence);
    for (const [index, mutation] of mutations.entries()) {
      if (!inline && !this.#standsOnDamage(mutation)) continue;
      if (mutation.is === 'putPart') this.#damagedParts.add(sequence);
      if (mutation.is !== 'putObject') continue;
      const { bucket, key } = mutation;
      this.#found.push({ bucket, key, version: version + index });
    }
  }

  /** Those that are there. */
  live({ objects }: CatalogState): DamagedObject[] {
    return this.#found.filter(
      ({ bucket, key, version }) => objects.find(versionKey(bucket, key, version)) >= 0,
    );
  }

  #standsOnDamage(mutation: Mutation): boolean {
    if (mutation.is === 'putPart') return runsMeet(mutation.part.runs, this.records);
    if (mutation.is !== 'putObject') return false;
    const { runs, parts } = mutation.object;
    for (let at = 1; at < parts.length; at += 4) {
      if (this.#damagedParts.has(parts[at] ?? 0)) return true;
    }
    return runsMeet(runs, this.records);
  }
}

/** Runs are fours of number, count, skip and length; count 0 is the body inside one commit. */
function runsMeet(runs: readonly number[], records: ReadonlySet<number>): boolean {
  for (let at = 0; at < runs.length; at += 4) {
    const number = runs[at] ?? 0;
    const end = number + Math.max(1, runs[at + 1] ?? 0);
    for (let sequence = number; sequence < end; sequence++) {
      if (records.has(sequence)) return true;
    }
  }
  return false;
}
