import { isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Host } from '../base/host.js';
import { segmentPath } from '../format/file-names.js';
import type { ManifestFile } from '../format/manifest-frame.js';
import { batchesStart } from '../format/segment-header.js';
import { FooterFile } from './footer-file.js';
import { type LogFiles, type ReadableSegment, segmentOf, tableOfKind } from './log-files.js';
import type { Manifest } from './manifest.js';
import type { Pace } from './pace.js';
import type { CommitsArea } from './record-table.js';
import { abandonRewrite, type RewriteJudge, type Rewritten, rewriteSegments } from './rewrite.js';
import { SegmentReplay } from './segment-replay.js';
import { SegmentScan } from './segment-scan.js';

/** A segment; `end` is 0 while its range is open. */
export interface SegmentRange {
  readonly fileId: number;
  readonly first: number;
  readonly end: number;
}

/** What the compactor asks of the log that it works on. */
export interface CompactedLog {
  readonly host: Host;
  readonly files: LogFiles;
  readonly manifest: Manifest;
  /** Repairs a segment from its parity. @returns whether there was something to repair */
  heal(fileId: number, pace: Pace): Promise<boolean>;
  /** The commits of the segment that is being written, as they come. */
  activeCommits(): CommitsArea;
  /** Reads anew how much the volume has free. */
  refreshSpace(): Promise<void>;
  /** Resolves when every segment that has ended has its footer, or will not get one. */
  sealed(): Promise<void>;
}

export type VisitCommit = (sequence: number, meta: Uint8Array, flags: number) => void;
/** Gives others a turn, now and then. */
export type Between = () => Promise<void>;

/** The commits of one segment, to be gone through as often as is needed. */
export interface CommitSource {
  /** Undefined for the segment that is being written: it changes. */
  readonly fileId: number | undefined;
  /** @throws LogStoreError `RECORD_CORRUPT` where a commit is lost: nobody knows what lives */
  follow(visit: VisitCommit): Promise<void>;
}

/** So many records are looked at in a millisecond. */
const recordsAtOnce = 20_000;
/** Beside what is rewritten: headers, a footer, frames of the manifest. */
const roomForNamesBytes = 1024 ** 2;

/**
 * The log's part of compaction: what there is, what lies where, and the swap. One rewrite at a
 * time; what lives is for the caller to say.
 */
export class Compactor {
  constructor(private readonly log: CompactedLog) {}

  segments(): readonly SegmentRange[] {
    const { segments } = this.log.files;
    return segments.map(({ named: { fileId, first, end } }) => ({ fileId, first, end }));
  }

  /** All commits that are durable at the call, by segment. */
  async sources(between: Between): Promise<readonly CommitSource[]> {
    // All in this turn: which of them is being written, and which have ended.
    const active = this.log.activeCommits();
    const ended = this.log.files.segments.filter(({ named }) => named.end !== 0);
    await this.log.sealed();
    return [
      ...ended.map((segment) => ({
        fileId: segment.named.fileId,
        follow: (visit: VisitCommit) => this.#followEnded(segment, visit, between),
      })),
      { fileId: undefined, follow: (visit: VisitCommit) => active.each(visit, between) },
    ];
  }

  /** From the footer; from the records themselves where none could be written or it is damaged. */
  async #followEnded(
    segment: ReadableSegment,
    visit: VisitCommit,
    between: Between,
  ): Promise<void> {
    const { host, files, manifest } = this.log;
    const { named } = segment;
    const footer = await FooterFile.open(host.disk, manifest.state.storeId, named);
    if (footer instanceof FooterFile) {
      await using held = footer;
      if (await held.verify()) return await held.commits(1, visit, between);
    }
    const lost: number[] = [];
    const follower = { commit: visit, lost: (sequence: number) => lost.push(sequence) };
    const replay = new SegmentReplay(1, follower, tableOfKind(named), undefined);
    await files.useRestored(segment, (file) => {
      const scan = new SegmentScan(file, named);
      return scan.proven(named.end, named.position?.offset ?? batchesStart, {
        record: (record) => replay.record(record),
        damage: (damage) => replay.damage(damage),
        between,
      });
    });
    const { lossesAccepted } = manifest.state;
    const missed = lost.find((sequence) => !lossesAccepted.includes(sequence));
    if (missed === undefined) return;
    const message = `record ${missed} in ${segmentPath(named.fileId)} is lost`;
    throw new LogStoreError('RECORD_CORRUPT', `not compacted: ${message}`);
  }

  /** Loads where each record stands: `liesAsCommit` and `measure` look there. */
  async loadTables(): Promise<void> {
    for (const segment of [...this.log.files.segments]) await this.log.files.tableOf(segment);
  }

  /** Whether a commit, no stub, of this number stands anywhere. */
  liesAsCommit(sequence: number): boolean {
    const segment = segmentOf(this.log.files.segments, sequence);
    const place = segment?.table?.locate(sequence);
    return place !== undefined && !place.isStub;
  }

  /** Bytes of the records of a segment, and of those for which `stays` holds. */
  async measure(
    fileId: number,
    stays: (sequence: number) => boolean,
    between: Between,
  ): Promise<{ readonly sizeBytes: number; readonly liveBytes: number }> {
    const { segments } = this.log.files;
    const table = segments.find(({ named }) => named.fileId === fileId)?.table;
    let [sizeBytes, liveBytes] = [0, 0];
    for (let from = 0; from < (table?.count ?? 0); from += recordsAtOnce) {
      table?.each(from, from + recordsAtOnce, (sequence, reachBytes) => {
        sizeBytes += reachBytes;
        if (stays(sequence)) liveBytes += reachBytes;
      });
      await between();
    }
    return { sizeBytes, liveBytes };
  }

  /** Resolves when the space of what was rewritten is free and known to be, but for readers. */
  async settled(): Promise<void> {
    await this.log.files.unlinked();
    await this.log.refreshSpace();
  }

  /** What a rewrite may write now without filling the volume; its reserve is there for this. */
  async roomBytes(): Promise<number> {
    const { freeBytes } = await this.log.host.disk.space();
    return Math.max(0, freeBytes - roomForNamesBytes);
  }

  /** Damage in the old segments is repaired first, where there is parity. */
  async #rewriteHealed(
    olds: readonly ManifestFile[],
    judge: RewriteJudge,
    pace: Pace,
  ): Promise<Rewritten> {
    const { host, files, manifest } = this.log;
    try {
      return await rewriteSegments(host, files, manifest, olds, judge, pace);
    } catch (error) {
      if (!isLogStoreError(error, 'RECORD_CORRUPT', 'STORE_DAMAGED', 'IO')) throw error;
      let healed = 0;
      for (const { fileId } of olds) if (await this.log.heal(fileId, pace)) healed++;
      if (healed === 0) throw error;
    }
    return await rewriteSegments(host, files, manifest, olds, judge, pace);
  }

  /**
   * Rewrites adjoining ended segments into one and swaps it in, by one manifest frame. The old
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
      const { named, table } = await this.#rewriteHealed(olds, judge, pace);
      await believed().catch((error: unknown) => abandonRewrite(host, manifest, named, error));
      const { removalDroppedMax } = judge;
      await manifest.append({ is: 'swap', fileIds, file: named, removalDroppedMax });
      files.swap(fileIds, named, table);
      return { sizeBytes: (named.position?.offset ?? batchesStart) - batchesStart };
    } finally {
      pin.release();
    }
  }
}
