import { LogStoreError } from '../base/errors.js';
import type { Host } from '../base/host.js';
import { footerPath } from '../format/file-names.js';
import { batchesStart } from '../format/segment-header.js';
import { FooterFile } from './footer-file.js';
import { type LogFiles, type ReadableSegment, segmentOf } from './log-files.js';
import type { Manifest } from './manifest.js';
import type { CommitsArea } from './record-table.js';
import { abandonRewrite, type Pace, type RewriteJudge, rewriteSegments } from './rewrite.js';

/** A segment whose range has ended and whose footer is written. */
export interface SealedSegment {
  readonly fileId: number;
  readonly generation: number;
  readonly first: number;
  readonly end: number;
  /** Of its batches. */
  readonly sizeBytes: number;
}

/** What the compactor asks of the log that it works on. */
export interface CompactedLog {
  readonly host: Host;
  readonly files: LogFiles;
  readonly manifest: Manifest;
  /** The commits of the segment that is being written, as they come. */
  activeCommits(): CommitsArea;
  /** Resolves when every segment that has ended has its footer. */
  sealed(): Promise<void>;
}

export type VisitCommit = (sequence: number, meta: Uint8Array, flags: number) => void;
/** Gives others a turn, now and then. */
export type Between = () => Promise<void>;

/**
 * The log's part of compaction: what there is, what lies where, and the swap. One rewrite at a
 * time; what lives is for the caller to say.
 */
export class Compactor {
  constructor(private readonly log: CompactedLog) {}

  segments(): readonly SealedSegment[] {
    const sealed: SealedSegment[] = [];
    for (const { named } of this.log.files.segments) {
      const { fileId, generation, first, end, position, footer } = named;
      if (position === undefined || footer === undefined) continue;
      sealed.push({ fileId, generation, first, end, sizeBytes: position.offset - batchesStart });
    }
    return sealed;
  }

  /**
   * Visits every commit of the log that is durable at the call, in order.
   * @throws LogStoreError `RECORD_CORRUPT` where a footer is damaged: nobody knows then what lives
   */
  async follow(visit: VisitCommit, between: Between): Promise<void> {
    const active = this.log.activeCommits();
    await this.log.sealed();
    for (const segment of [...this.log.files.segments]) {
      if (segment.named.end !== 0) await this.#followSealed(segment, visit, between);
    }
    active.each(visit);
  }

  async #followSealed(
    { named }: ReadableSegment,
    visit: VisitCommit,
    between: Between,
  ): Promise<void> {
    const { host, manifest } = this.log;
    const footer = await FooterFile.open(host.disk, manifest.state.storeId, named);
    if (!(footer instanceof FooterFile)) throw this.#unusable(named.fileId, footer.unusable);
    await using held = footer;
    if (!(await held.verify())) throw this.#unusable(named.fileId, 'a block is damaged');
    await held.commits(1, visit, between);
  }

  #unusable(fileId: number, why: string): LogStoreError {
    const message = `${footerPath(fileId)}: ${why}; the next opening makes it anew`;
    return new LogStoreError('RECORD_CORRUPT', message);
  }

  /** Loads where each record stands: `liesAsCommit` and `liveBytes` look there. */
  async loadTables(): Promise<void> {
    for (const segment of [...this.log.files.segments]) await this.log.files.tableOf(segment);
  }

  /** Whether a commit, no stub, of this number stands anywhere. */
  liesAsCommit(sequence: number): boolean {
    const segment = segmentOf(this.log.files.segments, sequence);
    const place = segment?.table?.locate(sequence);
    return place !== undefined && !place.isStub;
  }

  /** Bytes of the records of a segment for which `lives` holds; stubs count as living. */
  liveBytes(fileId: number, lives: (sequence: number) => boolean): number {
    const { segments } = this.log.files;
    const table = segments.find(({ named }) => named.fileId === fileId)?.table;
    if (table === undefined) return 0;
    let sum = 0;
    for (const sequence of table.sequences()) {
      const place = table.locate(sequence);
      if (place !== undefined && (place.isStub || lives(sequence))) sum += place.reachBytes;
    }
    return sum;
  }

  /**
   * Rewrites adjoining sealed segments into one and swaps it in, by one manifest frame. The old
   * files are unlinked when nobody reads them any more.
   * @param believed resolves when all that was judged dead may be believed to be so for ever
   * @throws LogStoreError `RECORD_CORRUPT`, `NO_SPACE`, `WRITER_FAILED`; the old files stay then
   */
  async rewrite(
    fileIds: readonly number[],
    judge: RewriteJudge & { readonly removalDroppedMax: number },
    pace: Pace,
    believed: () => Promise<void>,
  ): Promise<{ readonly sizeBytes: number }> {
    const { host, files, manifest } = this.log;
    const olds = files.segments
      .map(({ named }) => named)
      .filter(({ fileId }) => fileIds.includes(fileId));
    const pin = files.pin();
    try {
      const { named, table } = await rewriteSegments(host, files, manifest, olds, judge, pace);
      await believed().catch((error: unknown) => abandonRewrite(host, named, error));
      const { removalDroppedMax } = judge;
      await manifest.append({ is: 'swap', fileIds, file: named, removalDroppedMax });
      files.swap(fileIds, named, table);
      return { sizeBytes: (named.position?.offset ?? batchesStart) - batchesStart };
    } finally {
      pin.release();
    }
  }
}
