import { LogStoreError } from '../base/errors.js';
import type { Clock } from '../base/host.js';
import type { Catalog } from '../catalog/catalog.js';
import { CompactionJudge } from '../catalog/compaction-judge.js';
import { LiveMarks } from '../catalog/live-marks.js';
import { type CompactionPolicy, planCompaction, type SegmentLife } from '../log/compaction-plan.js';
import type { Compactor, SealedSegment } from '../log/compactor.js';
import type { Log } from '../log/types.js';
import { type PaceLimits, Pacer } from './pacer.js';
import type { CompactionOptions, CompactionProgress, CompactionReport } from './types.js';

/** What compaction asks of the store around it. */
export interface CompactionParts {
  readonly clock: Clock;
  readonly catalog: Catalog;
  readonly log: Log;
  readonly segmentBytes: number;
  /** Whether an upload that is under way writes its data records under this id. */
  isUnderWay(subject: Uint8Array): boolean;
  /**
   * Resolves when removals up to now may be believed: proven durable, and in a ledger block where
   * there is a ledger.
   */
  believed(): Promise<void>;
}

const deadRatioMin = 0.25;
const mib = 1024 ** 2;
const pacing: PaceLimits = { bytesPerSecondMax: 128 * mib, bytesPerSecondMin: 8 * mib };
const unpaced: PaceLimits = { bytesPerSecondMax: Infinity, bytesPerSecondMin: Infinity };

/** Marks what lives, plans, and rewrites; one run at a time. */
export class Compaction {
  #running: Promise<CompactionReport> | undefined;
  #stopping = false;

  constructor(private readonly parts: CompactionParts) {}

  /** @throws LogStoreError `BUSY` while a run is under way; what rewriting throws */
  run(options: CompactionOptions = {}): Promise<CompactionReport> {
    const { compactor } = this.parts.log;
    if (compactor === undefined) {
      const { reason } = this.parts.log.state;
      return Promise.reject(new LogStoreError('READ_ONLY', `the store is read-only: ${reason}`));
    }
    if (this.#running !== undefined) {
      return Promise.reject(new LogStoreError('BUSY', 'compaction is under way'));
    }
    this.#running = this.#run(compactor, options).finally(() => {
      this.parts.catalog.marks = undefined;
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Ends a run under way before its next step; resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running?.catch(() => undefined); // its caller is told
  }

  async #run(compactor: Compactor, options: CompactionOptions): Promise<CompactionReport> {
    const { log, catalog, clock, segmentBytes } = this.parts;
    const limits = options.paced === true ? pacing : unpaced;
    const pacer = new Pacer(clock, limits, () => log.foregroundP99Ms());
    // From here on every commit that is admitted marks what it refers to.
    const marks = new LiveMarks(catalog.state, log.sequenceNext);
    catalog.marks = marks;
    await log.settled();
    await this.#mark(compactor, marks);
    await compactor.loadTables();

    const ended = compactor.segments().filter(({ end }) => end <= marks.end);
    const lives = ended.map((segment) => lifeOf(compactor, segment, marks));
    const policy: CompactionPolicy = { deadRatioMin, segmentBytes, all: options.all === true };
    const groups = planCompaction(lives, policy);
    const report = new ReportInMaking(lives, groups);
    if (options.dryRun === true) return report.done();
    for (const fileIds of groups) {
      this.#checkStopping();
      const judge = this.#judge(compactor, marks, fileIds);
      const pace = async (bytes: number) => {
        this.#checkStopping();
        options.onProgress?.(report.progress(bytes));
        await pacer.spend(bytes);
      };
      const { sizeBytes } = await compactor.rewrite(fileIds, judge, pace, this.parts.believed);
      report.swapped(fileIds, sizeBytes);
    }
    return report.done();
  }

  async #mark(compactor: Compactor, marks: LiveMarks): Promise<void> {
    const between = async () => {
      this.#checkStopping();
      await this.#turn();
    };
    let somePuts = false;
    const visit = (sequence: number, meta: Uint8Array) => {
      if (sequence < marks.end && marks.visit(sequence, meta)) somePuts = true;
    };
    await compactor.follow(visit, between);
    if (!somePuts) return;
    const visitParts = (sequence: number, meta: Uint8Array) => {
      if (sequence < marks.end) marks.visitParts(sequence, meta);
    };
    await compactor.follow(visitParts, between);
  }

  /** Lets requests in. */
  #turn(): Promise<void> {
    return new Promise((resolve) => this.parts.clock.after(0, resolve));
  }

  #judge(compactor: Compactor, marks: LiveMarks, fileIds: readonly number[]): CompactionJudge {
    const rewritten = compactor.segments().filter(({ fileId }) => fileIds.includes(fileId));
    const first = rewritten[0]?.first ?? 0;
    const end = rewritten[rewritten.length - 1]?.end ?? 0;
    return new CompactionJudge(marks, {
      isRewritten: (sequence) => sequence >= first && sequence < end,
      liesElsewhere: (sequence) => compactor.liesAsCommit(sequence),
      isUnderWay: (subject) => this.parts.isUnderWay(subject),
    });
  }

  #checkStopping(): void {
    if (this.#stopping) throw new LogStoreError('CLOSED', 'the store is closing');
  }
}

function lifeOf(compactor: Compactor, segment: SealedSegment, marks: LiveMarks): SegmentLife {
  const { fileId } = segment;
  const sizeBytes = compactor.liveBytes(fileId, () => true);
  const liveBytes = compactor.liveBytes(fileId, (sequence) => marks.has(sequence));
  return { fileId, sizeBytes, liveBytes };
}

/** Counts what a run has done. */
class ReportInMaking {
  #doneBytes = 0;
  #freedBytes = 0;
  #rewritten = 0;
  readonly #sizes: ReadonlyMap<number, number>;
  readonly #totalBytes: number;

  constructor(
    private readonly lives: readonly SegmentLife[],
    private readonly groups: readonly (readonly number[])[],
  ) {
    this.#sizes = new Map(lives.map(({ fileId, sizeBytes }) => [fileId, sizeBytes]));
    this.#totalBytes = this.#bytesOf(groups.flat());
  }

  #bytesOf(fileIds: readonly number[]): number {
    return fileIds.reduce((sum, fileId) => sum + (this.#sizes.get(fileId) ?? 0), 0);
  }

  progress(bytes: number): CompactionProgress {
    this.#doneBytes += bytes;
    return { doneBytes: this.#doneBytes, totalBytes: this.#totalBytes };
  }

  swapped(fileIds: readonly number[], sizeBytes: number): void {
    this.#rewritten += fileIds.length;
    this.#freedBytes += this.#bytesOf(fileIds) - sizeBytes;
  }

  done(): CompactionReport {
    const sum = (of: (life: SegmentLife) => number) =>
      this.lives.reduce((total, life) => total + of(life), 0);
    return {
      segmentCount: this.lives.length,
      sizeBytes: sum(({ sizeBytes }) => sizeBytes),
      liveBytes: sum(({ liveBytes }) => liveBytes),
      plannedSegmentCount: this.groups.flat().length,
      rewrittenSegmentCount: this.#rewritten,
      freedBytes: this.#freedBytes,
    };
  }
}
