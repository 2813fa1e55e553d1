import { isLogStoreError } from '../base/errors.js';
import type { Clock, Timer } from '../base/host.js';
import type { CompactionReport } from './types.js';

/** What maintenance asks of the store around it. */
export interface MaintenanceParts {
  readonly clock: Clock;
  readonly segmentBytes: number;
  /** Of the log; an estimate. */
  use(): { readonly sizeBytes: number; readonly deadBytes: number };
  compact(): Promise<CompactionReport>;
  /** Why the last run came to nothing. */
  failed(error: unknown): void;
}

const lookIntervalMs = 1_000;
/** After a run that did something: there may be more to do, and what was planned is old. */
const goOnMs = 100;
/** A start is busy enough; only who writes much at once is looked at before. */
const firstLookMs = 120_000;
const busySegments = 4;
const retryMs = 60_000;
/** Compaction begins at so much dead, of the log and of a segment: whichever is more. */
const deadRatioMin = 0.2;
const deadSegmentRatioMin = 0.5;
/** After a run, so much more must have died. */
const newDeadRatio = 0.25;

/**
 * Decides when to compact. A look costs nothing; a run reads the commits of segments that it has
 * not met, and then what it rewrites.
 */
export class Maintenance {
  #timer: Timer | undefined;
  #isStopped = false;
  #isRunning = false;
  /** What was dead when the last run had ended, and nothing more could be done about it. */
  #deadLeftBytes = 0;
  #quietUntilMs: number;
  /** After a run that failed. */
  #retryAtMs = 0;
  readonly #sizeAtStartBytes: number;

  constructor(private readonly parts: MaintenanceParts) {
    this.#quietUntilMs = parts.clock.monotonicMs() + firstLookMs;
    this.#sizeAtStartBytes = parts.use().sizeBytes;
  }

  start(): void {
    this.#wait(lookIntervalMs);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /**
   * The volume is almost full.
   * @returns whether room is being made
   */
  makesRoom(): boolean {
    if (this.#isStopped) return false;
    if (this.#isRunning) return true;
    if (this.parts.clock.monotonicMs() < this.#retryAtMs) return false;
    const newDeadBytes = this.parts.use().deadBytes - this.#deadLeftBytes;
    if (newDeadBytes < deadSegmentRatioMin * this.parts.segmentBytes) return false;
    this.#run();
    return true;
  }

  #wait(delayMs: number): void {
    if (this.#isStopped) return;
    this.#timer?.cancel();
    this.#timer = this.parts.clock.after(delayMs, () => this.#look());
  }

  #look(): void {
    if (this.#isStopped || this.#isRunning) return;
    if (this.#isWorthIt()) this.#run();
    else this.#wait(lookIntervalMs);
  }

  #isWorthIt(): boolean {
    const { clock, segmentBytes } = this.parts;
    const { sizeBytes, deadBytes } = this.parts.use();
    const isBusy = sizeBytes - this.#sizeAtStartBytes > busySegments * segmentBytes;
    if (clock.monotonicMs() < this.#quietUntilMs && !isBusy) return false;
    const enough = Math.max(deadRatioMin * sizeBytes, deadSegmentRatioMin * segmentBytes);
    if (deadBytes < enough) return false;
    return deadBytes - this.#deadLeftBytes >= newDeadRatio * enough;
  }

  #run(): void {
    this.#isRunning = true;
    let nextMs = lookIntervalMs;
    this.parts
      .compact()
      .then(
        ({ rewrittenSegmentCount }) => {
          // A run does a part of what there is to do; one that finds nothing waits for more.
          const isDone = rewrittenSegmentCount === 0;
          if (!isDone) nextMs = goOnMs;
          this.#deadLeftBytes = isDone ? this.parts.use().deadBytes : 0;
        },
        (error: unknown) => {
          nextMs = retryMs;
          this.#retryAtMs = this.parts.clock.monotonicMs() + retryMs;
          if (!isLogStoreError(error, 'BUSY', 'CLOSED')) this.parts.failed(error);
        },
      )
      .finally(() => {
        this.#isRunning = false;
        this.#wait(nextMs);
      });
  }
}
