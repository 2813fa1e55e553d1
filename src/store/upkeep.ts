import { isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Host, Timer } from '../base/host.js';
import { limits } from '../base/limits.js';
import type { Catalog } from '../catalog/catalog.js';
import { segmentPath } from '../format/file-names.js';
import type { Pace } from '../log/pace.js';
import { ParityCoder, type ParityCoding } from '../log/parity-coder.js';
import type { SegmentExam } from '../log/segment-exam.js';
import type { Log } from '../log/types.js';
import { type CareReport, type HealthReport, healthReport } from './health.js';
import { KnownHealth } from './known-health.js';
import { type PaceLimits, Pacer } from './pacer.js';
import { ScrubSchedule } from './scrub-schedule.js';
import type { CareOptions, HealthOptions, ParityCounts, ScrubProgress } from './types.js';

/** A line for whoever runs the store. */
export interface Note {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface UpkeepOptions {
  /** `off` makes no parity; what there is of it serves all the same. */
  readonly parity: ParityCoding | 'off';
  /** How long one pass over all segments may take; 0 is never. */
  readonly scrubPeriodMs: number;
  /** Told of what is for whoever runs the store. */
  readonly tell: (note: Note) => void;
}

const mib = 1024 ** 2;
const pacing: PaceLimits = { bytesPerSecondMax: 128 * mib, bytesPerSecondMin: 8 * mib };
const scrubPacing: PaceLimits = { bytesPerSecondMax: 32 * mib, bytesPerSecondMin: 4 * mib };
/** After a failure that may pass, as of a full disk. */
const retryMs = 60_000;

/**
 * Keeps the segments that have ended in health, in the background and one piece of work at a time:
 * repairs what reads met, makes parity, scrubs. Its memory is bounded by the number of segments.
 */
export class Upkeep {
  readonly #coder: ParityCoder;
  readonly #schedule: ScrubSchedule;
  /** Met by reads, to be repaired. */
  readonly #damaged = new Set<number>();
  /** Not to be tried again before somebody asks, or the scrub comes by. */
  readonly #givenUp = new Set<number>();
  readonly #known: KnownHealth;
  #last: Promise<unknown> = Promise.resolve();
  #running: Promise<void> | undefined;
  #timer: Timer | undefined;
  #protectAfterMs = 0;
  /** Something came up since work was looked for last. */
  #isWoken = false;
  #isStopping = false;
  /** End what waits for a timer: none of the host's keeps a process alive until it fires. */
  readonly #waits = new Set<() => void>();

  constructor(
    private readonly host: Host,
    private readonly log: Log,
    catalog: Catalog,
    private readonly options: UpkeepOptions,
  ) {
    const { parity, scrubPeriodMs } = options;
    this.#coder = new ParityCoder(parity === 'off' ? 'inline' : parity);
    this.#known = new KnownHealth(host.clock, log, catalog);
    this.#schedule = new ScrubSchedule(host, log.storeId, scrubPeriodMs);
  }

  /** Begins in the background; the caller has the store at once. */
  start(): void {
    if (this.log.state.is !== 'ok') return;
    this.log.care.watch({
      damaged: (fileId) => {
        if (this.#givenUp.has(fileId)) return;
        this.#damaged.add(fileId);
        this.#wake();
      },
      ended: () => this.#wake(),
    });
    const { parity, scrubPeriodMs } = this.options;
    if (parity !== 'off' || scrubPeriodMs > 0) this.#wake();
  }

  /** Ends what is under way before its next step: nothing half-made stays. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const end of this.#waits) end();
    this.#timer?.cancel();
    await this.#running;
    await this.#last;
    await this.#coder.release();
  }

  progress(): ScrubProgress {
    return this.#schedule.progress(this.log.care.segments());
  }

  counts(): ParityCounts {
    const segments = this.log.care.segments();
    const withParity = segments.filter(({ isProtected }) => isProtected);
    const unhealthy = this.#known.unhealthy().length;
    return { ended: segments.length, protected: withParity.length, unhealthy };
  }

  /**
   * Goes over all segments now, at full speed: examines each, heals it, makes its parity.
   * @throws LogStoreError `READ_ONLY`, `CLOSED`
   */
  scrub(options: CareOptions = {}): Promise<CareReport> {
    this.#checkWriting();
    return this.#alone(async () => {
      await this.#schedule.load();
      const report = await this.#goOver(options);
      await this.#schedule.passEnded(this.#noteFailure);
      return report;
    });
  }

  /** What is known; with `check`, all segments are examined first, and nothing is changed. */
  async health(options: HealthOptions = {}): Promise<HealthReport> {
    if (options.check === true)
      await this.#alone(async () => {
        for (const { fileId } of this.#eachOf(options))
          await this.#examine(fileId, this.#pace(unpaced));
      });
    return healthReport(this.#known.segments(), await this.#known.objects());
  }

  async #goOver(options: CareOptions): Promise<CareReport> {
    const before = this.log.care.segments();
    const pace = this.#pace(unpaced);
    let [healedCount, protectedCount] = [0, 0];
    for (const { fileId, isProtected } of this.#eachOf(options)) {
      this.#givenUp.delete(fileId);
      try {
        if (await this.#examineAndHeal(fileId, pace)) healedCount++;
        if (isProtected || this.options.parity === 'off') continue;
        if (!this.#known.isHealthy(fileId)) continue;
        await this.log.care.protect(fileId, this.#coder, pace);
        await this.#examine(fileId, pace);
        protectedCount++;
      } catch (error) {
        if (isLogStoreError(error, 'CLOSED')) throw error;
        this.#noteFailure(error); // the others are gone over all the same
      }
    }
    this.#coder.rest(this.host.clock);
    return {
      ...{ segmentCount: before.length, healedCount, protectedCount },
      sizeBytes: before.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      unhealthy: this.#known.unhealthy(),
      lostObjects: await this.#known.lostObjects(),
    };
  }

  *#eachOf({ onProgress }: CareOptions) {
    const segments = this.log.care.segments();
    const totalBytes = segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    let doneBytes = 0;
    for (const segment of segments) {
      this.#checkStopping();
      yield segment;
      doneBytes += segment.sizeBytes;
      onProgress?.({ doneBytes, totalBytes });
    }
  }

  #wake(): void {
    this.#isWoken = true;
    if (this.#isStopping || this.#running !== undefined) return;
    this.#timer?.cancel();
    this.#running = this.#loop()
      .catch(this.#noteFailure)
      .finally(() => {
        this.#running = undefined;
        if (this.log.state.is !== 'ok') return; // nothing is written any more
        if (this.#isWoken) this.#wake();
        else this.#arm();
      });
  }

  async #loop(): Promise<void> {
    await this.#turn();
    await this.#alone(() => this.#schedule.load());
    for (;;) {
      if (this.#isStopping || this.log.state.is !== 'ok') break;
      this.#isWoken = false;
      const [damaged] = this.#damaged;
      const work = damaged === undefined ? this.#nextWork() : () => this.#repair(damaged);
      if (work === undefined) break;
      await this.#alone(work).catch(this.#noteFailure);
    }
    this.#coder.rest(this.host.clock);
  }

  #nextWork(): (() => Promise<void>) | undefined {
    const { log, host } = this;
    const nowMs = host.clock.monotonicMs();
    const mayProtect = this.options.parity !== 'off' && nowMs >= this.#protectAfterMs;
    const unprotected = mayProtect ? log.care.nextUnprotected() : undefined;
    if (unprotected !== undefined) return () => this.#protect(unprotected);
    const due = this.#schedule.next(log.care.segments());
    if (due === undefined || due.inMs > 0) return undefined;
    return () => this.#scrubOne(due.fileId, due.end);
  }

  async #repair(fileId: number): Promise<void> {
    this.#damaged.delete(fileId);
    await this.#examineAndHeal(fileId, this.#pace(pacing));
  }

  async #protect(fileId: number): Promise<void> {
    try {
      await this.log.care.protect(fileId, this.#coder, this.#pace(pacing));
    } catch (error) {
      this.#protectAfterMs = this.host.clock.monotonicMs() + retryMs;
      throw error;
    }
  }

  async #scrubOne(fileId: number | undefined, end: number): Promise<void> {
    if (fileId !== undefined) {
      this.#givenUp.delete(fileId);
      // The pass goes on: the next one comes by again.
      await this.#examineAndHeal(fileId, this.#pace(scrubPacing)).catch(this.#noteFailure);
      this.#checkStopping();
    }
    const ended = await this.#schedule.seen(end, fileId === undefined, this.#noteFailure);
    if (!ended) return;
    const { passCount } = this.progress();
    this.#tell('info', 'scrub: a pass over all segments has ended', {
      ...{ passCount, ...this.counts() },
    });
  }

  /** @returns whether it was made healthy */
  async #examineAndHeal(fileId: number, pace: Pace): Promise<boolean> {
    const exam = await this.#examine(fileId, pace);
    if (exam === undefined || exam.status === 'healthy') return false;
    const { status, findings } = exam;
    const file = segmentPath(fileId);
    try {
      if (await this.log.care.heal(exam, this.#coder, pace)) {
        this.#known.healed(exam);
        this.#schedule.noteHealed();
        this.#tell('warn', 'damage was found and healed', { file, status, findings });
        return true;
      }
    } catch (error) {
      this.#givenUp.add(fileId);
      throw error;
    }
    this.#givenUp.add(fileId);
    const objects = await this.#known.objectsOn(exam.lostRecords);
    const named = objects.slice(0, 20).map(({ bucket, key }) => `${bucket}/${key}`);
    const facts = { file, findings, records: exam.lostRecords.length, objects: named };
    const message =
      status === 'unrecoverable'
        ? 'damage that nothing makes good: `logstore health` says what to do'
        : 'damage that stays: all objects are whole';
    this.#tell(status === 'unrecoverable' ? 'error' : 'warn', message, facts);
    return false;
  }

  async #examine(fileId: number, pace: Pace): Promise<SegmentExam | undefined> {
    const exam = await this.log.care.examine(fileId, pace);
    if (exam === undefined) this.#known.forget(fileId);
    else this.#known.examined(exam);
    return exam;
  }

  /** One piece of work at a time; those who ask wait their turn. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(() => {
      this.#checkStopping();
      return work();
    });
    this.#last = done.catch(() => undefined); // each caller gets its own failure
    return done;
  }

  #pace(paceLimits: PaceLimits): Pace {
    const pacer = new Pacer(this.host.clock, paceLimits, () => this.log.foregroundP99Ms());
    return async (bytes) => {
      this.#checkStopping();
      await this.#untilStopped((resolve) => void pacer.spend(bytes).then(resolve));
      this.#checkStopping();
    };
  }

  #arm(): void {
    if (this.#isStopping) return;
    const nowMs = this.host.clock.monotonicMs();
    const due = this.#schedule.next(this.log.care.segments())?.inMs ?? Infinity;
    const retry = this.#protectAfterMs > nowMs ? this.#protectAfterMs - nowMs : Infinity;
    const delayMs = Math.min(due, retry, limits.timerMsMax);
    if (Math.min(due, retry) === Infinity) return;
    this.#timer = this.host.clock.after(delayMs, () => this.#wake());
  }

  /** Lets requests in. */
  #turn(): Promise<void> {
    return this.#untilStopped((resolve) => void this.host.clock.after(0, resolve));
  }

  /** Waits for what `begin` calls back, or for `stop`. */
  #untilStopped(begin: (resolve: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.#waits.delete(end);
        resolve();
      };
      this.#waits.add(end);
      begin(end);
    });
  }

  readonly #noteFailure = (error: unknown): void => {
    if (isLogStoreError(error, 'CLOSED')) return;
    const message = error instanceof Error ? error.message : String(error);
    this.#tell('warn', `upkeep of segments was put off: ${message}`, {});
  };

  #tell(level: Note['level'], message: string, facts: Note['facts']): void {
    this.options.tell({ level, message, facts });
  }

  #checkWriting(): void {
    if (this.log.state.is !== 'read-only') return;
    throw new LogStoreError('READ_ONLY', `the store is read-only: ${this.log.state.reason}`);
  }

  #checkStopping(): void {
    if (this.#isStopping) throw new LogStoreError('CLOSED', 'the store is closing');
  }
}

const unpaced: PaceLimits = { bytesPerSecondMax: Infinity, bytesPerSecondMin: Infinity };
