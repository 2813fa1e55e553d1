import { errnoOf, isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Clock } from '../base/host.js';
import type { Catalog } from '../catalog/catalog.js';
import { CompactionJudge, type Surroundings } from '../catalog/compaction-judge.js';
import { type CommitKinds, LiveMarks } from '../catalog/live-marks.js';
import { footerStubFlag } from '../format/footer.js';
import { planCompaction, type SegmentLife } from '../log/compaction-plan.js';
import type { CommitSource, Compactor } from '../log/compactor.js';
import type { Log } from '../log/types.js';
import type { BodyWriter } from './body-writer.js';
import { type PaceLimits, Pacer } from './pacer.js';
import type { SpaceUse } from './space-use.js';
import type { CompactionOptions, CompactionProgress, CompactionReport } from './types.js';

/** What compaction asks of the store around it. */
export interface CompactionParts {
  readonly clock: Clock;
  readonly catalog: Catalog;
  readonly log: Log;
  readonly segmentBytes: number;
  readonly spaceUse: SpaceUse;
  readonly bodies: Pick<BodyWriter, 'underWayRuns'>;
  /**
   * Resolves when removals up to now may be believed: proven durable, and in a ledger block where
   * there is a ledger.
   */
  believed(): Promise<void>;
  /** Segments that reach beyond this number stay as they are: somebody is still to read them. */
  keptFrom(): number;
}

const deadRatioMin = 0.25;
const mib = 1024 ** 2;
const pacing: PaceLimits = { bytesPerSecondMax: 128 * mib, bytesPerSecondMin: 8 * mib };
/** Both double with every step of dead bytes, of the whole log, above what is calm. */
const calmDeadRatio = 0.28;
const urgencyStep = 0.05;
/** In the background: the newest segments are about to lose more. */
const youngCountPaced = 2;
const deadRatioLeftPaced = 0.1;
const workSegments = 2;
/** Where so much died since, a new plan finds segments that cost nothing to give back. */
const staleSegments = 3;
/** How long marking may hold the event loop in one go. */
const turnMs = 2;
/** Such groups stay as they are, and the others are rewritten all the same. */
const passing = ['RECORD_CORRUPT', 'NO_SPACE', 'IO'] as const;

/** Marks what lives, plans, and rewrites; one run at a time. */
export class Compaction {
  #running: Promise<CompactionReport> | undefined;
  #stopping = false;
  #turnedAtMs = 0;
  /** Of the commits of ended segments, by file: what they were found to hold at the first visit. */
  readonly #kinds = new Map<number, CommitKinds>();

  constructor(private readonly parts: CompactionParts) {}

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /**
   * @throws LogStoreError `BUSY` while a run is under way; `READ_ONLY`; `CLOSED` when the store is
   *   closed meanwhile; `RECORD_CORRUPT`, `NO_SPACE` or `IO` if nothing could be rewritten for it
   */
  run(options: CompactionOptions = {}): Promise<CompactionReport> {
    const { compactor } = this.parts.log;
    if (compactor === undefined) {
      const { reason } = this.parts.log.state;
      return Promise.reject(new LogStoreError('READ_ONLY', `the store is read-only: ${reason}`));
    }
    if (this.#running !== undefined) {
      return Promise.reject(new LogStoreError('BUSY', 'compaction is under way'));
    }
    this.#running = this.#run(compactor, options)
      .catch((error: unknown) => {
        const errno = errnoOf(error);
        if (errno === undefined) throw error;
        throw new LogStoreError('IO', `compaction was given up: ${errno}`, { cause: error });
      })
      .finally(() => {
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
    const { log, catalog, spaceUse } = this.parts;
    const pacer = this.#pacer(options);
    // From here on every commit that is admitted marks what it refers to.
    const marks = new LiveMarks(catalog.state, log.sequenceNext);
    catalog.marks = marks;
    await log.settled();
    const knownBytes = spaceUse.knownBytes();
    await this.#mark(compactor, marks);
    const { lives, liveBytes } = await this.#lives(compactor, marks);
    spaceUse.measured(liveBytes, knownBytes);
    const { all = false, paced = false } = options;
    const groups = planCompaction(lives, {
      ...{ segmentBytes: this.parts.segmentBytes, roomBytes: await compactor.roomBytes(), all },
      ...{ deadRatioMin, deadRatioLeft: paced ? deadRatioLeftPaced : 0 },
      youngCount: paced ? youngCountPaced : 0,
      workBytes: paced
        ? Math.max(workSegments * this.parts.segmentBytes, liveBytes / 16)
        : Infinity,
    });
    const report = new ReportInMaking(lives, groups);
    if (options.dryRun === true) return report.done();
    const pace = async (bytes: number) => {
      await this.#turn();
      if (bytes === 0) return;
      options.onProgress?.(report.progress(bytes));
      await pacer.spend(bytes);
    };
    const deadBytes = spaceUse.deadBytes;
    for (const group of groups) {
      this.#checkStopping();
      if (paced && spaceUse.deadBytes - deadBytes > staleSegments * this.parts.segmentBytes) break;
      await this.#rewrite(compactor, marks, group, pace, report, paced ? 4 * mib : 64 * mib);
      await compactor.settled();
    }
    return report.done();
  }

  async #rewrite(
    compactor: Compactor,
    marks: LiveMarks,
    group: readonly SegmentLife[],
    pace: (bytes: number) => Promise<void>,
    report: ReportInMaking,
    syncBytes: number,
  ): Promise<void> {
    try {
      const fileIds = group.map(({ fileId }) => fileId);
      const judge = this.#judge(compactor, marks, group, syncBytes);
      const { sizeBytes } = await compactor.rewrite(fileIds, judge, pace, this.parts.believed);
      report.swapped(group, sizeBytes);
    } catch (error) {
      if (!isLogStoreError(error, ...passing)) throw error;
      report.passedOver(error);
    }
  }

  async #mark(compactor: Compactor, marks: LiveMarks): Promise<void> {
    const between = () => this.#turn();
    const sources = await compactor.sources(between);
    await marks.markIndex(between);
    for (const runs of this.parts.bodies.underWayRuns()) marks.markUnderWay(runs);
    const kindsOf = new Map<CommitSource, CommitKinds>();
    for (const source of sources) kindsOf.set(source, await this.#visit(source, marks));
    for (const [source, { putsParts }] of kindsOf) {
      if (putsParts)
        await source.follow(ofThese(marks, (...commit) => marks.visitParts(...commit)));
    }
    await compactor.loadTables();
    const lies = (sequence: number) => compactor.liesAsCommit(sequence);
    for (const [source, { removes }] of kindsOf) {
      if (!removes) continue;
      await source.follow((sequence, meta, flags) => {
        if ((flags & footerStubFlag) !== 0) marks.visitStub(sequence, meta, lies);
      });
    }
  }

  /** What an ended segment holds is known after the first time; then most need no visit. */
  async #visit(source: CommitSource, marks: LiveMarks): Promise<CommitKinds> {
    const known = source.fileId === undefined ? undefined : this.#kinds.get(source.fileId);
    if (known !== undefined && !known.refers) return known;
    const kinds: CommitKinds = { refers: false, putsParts: false, removes: false };
    await source.follow((sequence, meta, flags) => {
      if ((flags & footerStubFlag) !== 0) kinds.removes = true;
      else if (sequence < marks.end) marks.visit(sequence, meta, kinds);
    });
    if (source.fileId !== undefined) this.#kinds.set(source.fileId, kinds);
    return kinds;
  }

  /** Of the ended segments; and how much of the whole log lives. */
  async #lives(
    compactor: Compactor,
    marks: LiveMarks,
  ): Promise<{ lives: SegmentLife[]; liveBytes: number }> {
    const between = () => this.#turn();
    const stays = (sequence: number) => marks.stays(sequence);
    const lives: SegmentLife[] = [];
    let liveBytes = 0;
    const segments = compactor.segments();
    for (const { fileId, first, end } of segments) {
      const measured = await compactor.measure(fileId, stays, between);
      liveBytes += measured.liveBytes;
      // it goes on, or went on when marking began
      if (end === 0 || end > marks.end || end > this.parts.keptFrom()) continue;
      lives.push({ fileId, ...measured, numberCount: end - first });
    }
    const there = new Set(segments.map(({ fileId }) => fileId));
    for (const fileId of this.#kinds.keys()) if (!there.has(fileId)) this.#kinds.delete(fileId);
    return { lives, liveBytes };
  }

  /** Lets requests in, where they have waited for long enough. */
  async #turn(): Promise<void> {
    this.#checkStopping();
    if (this.parts.clock.monotonicMs() - this.#turnedAtMs < turnMs) return;
    // No timer: those do not keep a process alive that has nothing else to do.
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#turnedAtMs = this.parts.clock.monotonicMs();
  }

  #judge(
    compactor: Compactor,
    marks: LiveMarks,
    group: readonly SegmentLife[],
    syncBytes: number,
  ): CompactionJudge {
    const ofGroup = (fileId: number) => group.find((life) => life.fileId === fileId);
    const rewritten = compactor.segments().filter(({ fileId }) => ofGroup(fileId) !== undefined);
    const first = rewritten[0]?.first ?? 0;
    const end = rewritten[rewritten.length - 1]?.end ?? 0;
    const surroundings: Surroundings = {
      isRewritten: (sequence) => sequence >= first && sequence < end,
      liesElsewhere: (sequence) => compactor.liesAsCommit(sequence),
      isAllDead: (fileId) => ofGroup(fileId)?.liveBytes === 0,
    };
    return new CompactionJudge(marks, surroundings, syncBytes);
  }

  /** The more is dead, the less it waits: at last the volume would be full. */
  #pacer(options: CompactionOptions): Pacer {
    const { clock, log, spaceUse } = this.parts;
    const urgency = () => {
      if (options.paced !== true) return Infinity;
      const ratio = spaceUse.deadBytes / Math.max(1, spaceUse.sizeBytes);
      return 2 ** Math.max(0, (ratio - calmDeadRatio) / urgencyStep);
    };
    const limits: PaceLimits = {
      get bytesPerSecondMax() {
        return pacing.bytesPerSecondMax * urgency();
      },
      get bytesPerSecondMin() {
        return pacing.bytesPerSecondMin * urgency();
      },
    };
    return new Pacer(clock, limits, () => log.foregroundP99Ms());
  }

  #checkStopping(): void {
    if (this.#stopping) throw new LogStoreError('CLOSED', 'the store is closing');
  }
}

/** Of a source's commits those that are marked, which are no stubs. */
function ofThese(
  { end }: LiveMarks,
  visit: (sequence: number, meta: Uint8Array) => void,
): (sequence: number, meta: Uint8Array, flags: number) => void {
  return (sequence, meta, flags) => {
    if (sequence < end && (flags & footerStubFlag) === 0) visit(sequence, meta);
  };
}

/** Counts what a run has done. */
class ReportInMaking {
  #doneBytes = 0;
  #freedBytes = 0;
  #rewritten = 0;
  #passedOver: LogStoreError | undefined;
  readonly #totalBytes: number;

  constructor(
    private readonly lives: readonly SegmentLife[],
    private readonly groups: readonly (readonly SegmentLife[])[],
  ) {
    // Each byte is read, each that lives is written.
    const planned = groups.flat();
    this.#totalBytes = sizeOf(planned) + liveOf(planned);
  }

  progress(bytes: number): CompactionProgress {
    this.#doneBytes += bytes;
    return { doneBytes: this.#doneBytes, totalBytes: this.#totalBytes };
  }

  swapped(group: readonly SegmentLife[], sizeBytes: number): void {
    this.#rewritten += group.length;
    this.#freedBytes += sizeOf(group) - sizeBytes;
  }

  passedOver(error: LogStoreError): void {
    this.#passedOver ??= error;
  }

  /** @throws LogStoreError why nothing was done, if that was planned */
  done(): CompactionReport {
    if (this.#rewritten === 0 && this.#passedOver !== undefined) throw this.#passedOver;
    return {
      segmentCount: this.lives.length,
      sizeBytes: sizeOf(this.lives),
      liveBytes: liveOf(this.lives),
      plannedSegmentCount: this.groups.flat().length,
      rewrittenSegmentCount: this.#rewritten,
      freedBytes: this.#freedBytes,
      passedOver: this.#passedOver?.message,
    };
  }
}

function sizeOf(lives: readonly SegmentLife[]): number {
  return lives.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

function liveOf(lives: readonly SegmentLife[]): number {
  return lives.reduce((sum, { liveBytes }) => sum + liveBytes, 0);
}
