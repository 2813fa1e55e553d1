import { isLogStoreError } from '../base/errors.js';
import type { Disk } from '../base/host.js';
import { invariant } from '../base/invariant.js';
import { repairGroup } from '../erasure/repair-group.js';
import { logDirectory, parityPath } from '../format/file-names.js';
import { batchesStart } from '../format/segment-header.js';
import { encodeSegment } from './encode-segment.js';
import { writeFooter } from './footer-file.js';
import {
  type LogFiles,
  type ReadableSegment,
  type SegmentWatcher,
  tableOfKind,
} from './log-files.js';
import type { Manifest } from './manifest.js';
import type { Pace } from './pace.js';
import type { ParityCoder } from './parity-coder.js';
import { CommitsArea } from './record-table.js';
import { examineSegment, type SegmentExam } from './segment-exam.js';
import { SegmentReplay } from './segment-replay.js';
import { SegmentScan } from './segment-scan.js';

/** What there is of a segment whose range has ended. */
export interface EndedFacts {
  readonly fileId: number;
  readonly first: number;
  readonly end: number;
  readonly sizeBytes: number;
  readonly isProtected: boolean;
}

/**
 * Protects, examines and heals the segments whose ranges have ended, each by itself; one piece of
 * work at a time that writes. What is swapped out meanwhile is passed over.
 */
export class SegmentCare {
  /** Segments that were found damaged when their parity was to be made: no use in trying again. */
  readonly #refused = new Set<number>();
  #writing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly disk: Disk,
    private readonly files: LogFiles,
    private readonly manifest: Manifest | undefined,
    private readonly hasRoomFor: (sizeBytes: number) => boolean = () => true,
  ) {}

  watch(watcher: SegmentWatcher): void {
    this.files.watch(watcher);
  }

  /** In the order of their numbers. */
  segments(): readonly EndedFacts[] {
    const ended: EndedFacts[] = [];
    for (const { named, parity } of this.files.segments) {
      const { fileId, first, end, position } = named;
      if (position === undefined) continue;
      const { offset: sizeBytes } = position;
      ended.push({ fileId, first, end, sizeBytes, isProtected: parity !== undefined });
    }
    return ended;
  }

  /** The first segment that is to get parity, if there is room for it. */
  nextUnprotected(): number | undefined {
    const next = this.files.segments.find(
      ({ named, parity }) =>
        named.footer !== undefined && parity === undefined && !this.#refused.has(named.fileId),
    );
    const sizeBytes = next?.named.position?.offset ?? 0;
    return this.hasRoomFor(sizeBytes / 4) ? next?.named.fileId : undefined;
  }

  /**
   * Makes parity of a segment.
   * @throws LogStoreError `RECORD_CORRUPT` if the segment is damaged; what the disk says
   */
  async protect(fileId: number, coder: ParityCoder, pace: Pace): Promise<void> {
    await this.#writes(fileId, async (segment) => {
      if (segment.parity === undefined) await this.#encode(segment, coder, pace);
    });
  }

  /** Reads all of a segment and changes nothing. @returns undefined if it is no more */
  async examine(fileId: number, pace: Pace): Promise<SegmentExam | undefined> {
    return await this.#pinned(fileId, (segment) =>
      examineSegment(this.disk, this.files, segment, pace),
    );
  }

  /**
   * Makes good what an examination has found. Nothing is written of a segment that has lost
   * something: a copy with the loss in it would be less than the original.
   * @returns whether it is healthy now
   * @throws LogStoreError `RECORD_CORRUPT`, `IO`; each file is as it was, or whole
   */
  async heal(exam: SegmentExam, coder: ParityCoder, pace: Pace): Promise<boolean> {
    if (exam.status === 'healthy') return true;
    if (exam.status === 'unrecoverable') return false;
    const { damage, footer, parity } = exam.remedy;
    await this.#writes(exam.fileId, async (segment) => {
      if (damage !== undefined) await this.#repair(segment, damage, pace);
      if (parity) await this.#encode(segment, coder, pace);
      if (footer) await this.#remakeFooter(segment);
    });
    return damage !== undefined || parity || footer;
  }

  /** Makes a segment's records readable again where they lie. @returns whether they were not */
  async healRecords(fileId: number, pace: Pace): Promise<boolean> {
    const exam = await this.examine(fileId, pace);
    const damage = exam?.status === 'recoverable' ? exam.remedy.damage : undefined;
    if (damage === undefined) return false;
    await this.#writes(fileId, (segment) => this.#repair(segment, damage, pace));
    return true;
  }

  async #repair(
    { named, parity }: ReadableSegment,
    damage: NonNullable<SegmentExam['remedy']['damage']>,
    pace: Pace,
  ): Promise<void> {
    invariant(parity !== undefined, 'blocks are damaged where there are blocks');
    const repair = await this.files.access.use(
      named,
      parity,
      ({ group, codec, stripe }) => repairGroup(this.disk, group, codec, stripe, damage),
      pace,
    );
    if (repair.isSegmentNew) this.files.reopen(named.fileId);
  }

  async #encode({ named }: ReadableSegment, coder: ParityCoder, pace: Pace): Promise<void> {
    const { manifest } = this;
    invariant(manifest !== undefined, 'parity is made where the manifest is written');
    const { fileId } = named;
    try {
      const group = await coder.use((by) =>
        encodeSegment(this.disk, this.files.storeId, named, by, pace),
      );
      await manifest.append({ is: 'parity', group });
      this.files.protect(group);
    } catch (error) {
      if (isLogStoreError(error, 'RECORD_CORRUPT')) this.#refused.add(fileId);
      if (manifest.state.files.some((file) => file.fileId === fileId)) throw error;
      // It was swapped out meanwhile: nothing names what was made.
      for (const index of [0, 1])
        await this.disk.unlink(parityPath(fileId, index)).catch(() => undefined);
      await this.disk.syncDirectory(logDirectory).catch(() => undefined);
    }
  }

  /** From the segment as parity gives it. */
  async #remakeFooter(segment: ReadableSegment): Promise<void> {
    const { manifest, files } = this;
    const { named } = segment;
    invariant(manifest !== undefined, 'a footer is made where the manifest is written');
    const [table, commits] = [tableOfKind(named), new CommitsArea()];
    const follower = { commit: () => undefined, lost: () => undefined };
    const replay = new SegmentReplay(1, follower, table, commits);
    const endOffset = named.position?.offset ?? batchesStart;
    await files.useRestored(segment, (file) =>
      new SegmentScan(file, named).proven(named.end, endOffset, replay),
    );
    if (!replay.whole || !isNamed(manifest, named.fileId)) return;
    const footer = await writeFooter(this.disk, files.storeId, named, table, commits);
    await manifest.append({ is: 'footer', fileId: named.fileId, ...footer });
    files.replace({ ...named, footer });
  }

  #writes(fileId: number, work: (segment: ReadableSegment) => Promise<void>): Promise<void> {
    const done = this.#writing.then(() => this.#pinned(fileId, work));
    this.#writing = done.catch(() => undefined); // each caller gets its own failure
    return done;
  }

  /** Holds the files of a segment against being unlinked. */
  async #pinned<T>(
    fileId: number,
    work: (segment: ReadableSegment) => Promise<T>,
  ): Promise<T | undefined> {
    const { segments, release } = this.files.pin();
    try {
      const segment = segments.find(({ named }) => named.fileId === fileId);
      return segment === undefined ? undefined : await work(segment);
    } finally {
      release();
    }
  }
}

function isNamed({ state }: Manifest, fileId: number): boolean {
  return state.files.some((file) => file.fileId === fileId);
}
