import { isLogStoreError } from '../base/errors.js';
import type { Clock } from '../base/host.js';
import type { Catalog } from '../catalog/catalog.js';
import { realDayMs } from '../catalog/lifecycle-decision.js';
import type { Log } from '../log/types.js';
import type { Commits } from './commits.js';
import type { Committer } from './committer.js';
import { Events } from './events.js';
import { Expiry } from './expiry.js';
import { Lifecycle } from './lifecycle.js';
import { LockTime } from './lock-time.js';
import { LockTimeRecord, lockTimeOf } from './lock-time-record.js';
import type { EventOptions, StoreOptions } from './store-options.js';
import { UploadLeftovers } from './upload-leftovers.js';
import { WallClockWatch } from './wall-clock.js';

export interface TimedParts {
  readonly clock: Clock;
  readonly catalog: Catalog;
  readonly committer: Committer;
  readonly commits: Commits;
  readonly log: Log;
}

const noTargets: EventOptions = Object.freeze({ targets: [], region: '' });

/** What goes on by itself: removals as time passes, the time of locks, and telling of events. */
export class TimedWork {
  readonly lockTime: LockTime;
  readonly lockClock: LockTimeRecord;
  readonly expiry: Expiry;
  readonly #leftovers: UploadLeftovers;
  readonly #lifecycle: Lifecycle;
  readonly #events: Events;

  constructor(parts: TimedParts, options: StoreOptions) {
    const { abortUploadsAfterMs = 0, lifecycleDayMs, lifecycleActed: acted, tell } = options;
    const { clock, catalog, committer } = parts;
    const wallClock = new WallClockWatch(clock);
    this.lockTime = new LockTime(clock, wallClock, lockTimeOf(catalog));
    this.lockClock = new LockTimeRecord(clock, catalog, committer, this.lockTime);
    this.expiry = new Expiry(clock, wallClock, catalog, committer);
    const leftovers = [clock, wallClock, catalog, committer, abortUploadsAfterMs] as const;
    this.#leftovers = new UploadLeftovers(...leftovers);
    const { lockTime } = this;
    this.#lifecycle = new Lifecycle({
      ...{ ...parts, wallClock, lockTime, dayMs: lifecycleDayMs ?? realDayMs, acted },
    });
    this.#events = new Events({ ...parts, tell }, options.events ?? noTargets);
    committer.lockNowMs = () => Math.max(clock.nowUnixMs(), this.lockTime.nowMs());
    committer.onSomeExpire = () => this.expiry.arm();
  }

  /** @param canWrite where nothing can be, nothing is begun that would only fail */
  start(someExpire: boolean, canWrite: boolean): void {
    if (someExpire) this.expiry.arm();
    this.#leftovers.start();
    if (!canWrite) return;
    this.#events.start();
    this.arm().catch((error: unknown) => {
      if (!isLogStoreError(error)) throw error; // the log says itself what failed
    });
  }

  /** To be called when the configuration of a bucket has changed. */
  async arm(): Promise<void> {
    this.#lifecycle.arm();
    await this.lockClock.arm();
  }

  /** Compaction leaves alone what lies from this number on. */
  keptFrom(): number {
    return this.#events.keptFrom();
  }

  async stop(): Promise<void> {
    this.expiry.stop();
    this.#leftovers.stop();
    await this.#lifecycle.stop();
    await this.#events.stop();
    await this.lockClock.stop();
  }
}
