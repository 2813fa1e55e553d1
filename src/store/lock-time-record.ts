import { isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Clock, Timer } from '../base/host.js';
import { admitAccess } from '../catalog/access-documents.js';
import type { Catalog } from '../catalog/catalog.js';
import { PendingCommit } from '../catalog/pending.js';
import { accessId } from '../catalog/state.js';
import type { Committer } from './committer.js';
import type { LockTime } from './lock-time.js';

const saveIntervalMs = 3_600_000;
const savedName = 'lock-time';

/** How far locks are behind the wall clock. */
export interface LockClock {
  /** The time by which locks end. */
  readonly lockUnixMs: number;
  readonly wallUnixMs: number;
}

/**
 * What the log knows of the time by which locks end (SPEC.md §4, locks): saved each hour and at
 * close, where there are buckets with object lock. How long the store was closed nobody can tell
 * but the wall clock, which is not believed: time does not pass then, and locks end later, never
 * earlier.
 */
export class LockTimeRecord {
  #timer: Timer | undefined;
  #stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly catalog: Catalog,
    private readonly committer: Committer,
    private readonly lockTime: LockTime,
  ) {}

  /** To be called when a bucket may have got an object lock; without any, nothing is saved. */
  async arm(): Promise<void> {
    if (this.#timer !== undefined || this.#stopped || !hasLocks(this.catalog)) return;
    this.#wait();
    if (savedLockTime(this.catalog) !== undefined) return;
    try {
      await this.#save();
    } catch (error) {
      // Without it lock time begins at the moment when the lock was set: that much earlier.
      if (!isLogStoreError(error)) throw error;
    }
  }

  /** At close: what has passed since the last time is kept as well. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    if (!hasLocks(this.catalog)) return;
    try {
      await this.#save();
    } catch (error) {
      // What cannot be written is what a crash would lose as well: locks end that much later.
      if (!isLogStoreError(error)) throw error;
    }
  }

  read(): LockClock {
    return { lockUnixMs: this.lockTime.nowMs(), wallUnixMs: this.clock.nowUnixMs() };
  }

  /**
   * Takes the wall clock for right, on somebody's word; that it was said stays in the log.
   * @throws LogStoreError `INVALID_ARGUMENT` where the wall clock is behind
   */
  async confirm(): Promise<LockClock> {
    const { lockUnixMs, wallUnixMs } = this.read();
    if (wallUnixMs < lockUnixMs) {
      const message = 'the wall clock is behind the time by which locks end';
      throw new LogStoreError('INVALID_ARGUMENT', message);
    }
    await this.#set(`confirmed-${wallUnixMs}`, `${lockUnixMs} ${wallUnixMs}`);
    this.lockTime.set(wallUnixMs);
    await this.#save();
    return this.read();
  }

  #wait(): void {
    this.#timer = this.clock.after(saveIntervalMs, () => {
      if (this.#stopped) return;
      this.#wait();
      this.#save().catch((error: unknown) => {
        if (!isLogStoreError(error)) throw error;
      });
    });
  }

  #save(): Promise<void> {
    return this.#set(savedName, String(this.lockTime.nowMs()));
  }

  #set(name: string, value: string): Promise<void> {
    return this.committer.admit<void>(() => {
      const mutation = admitAccess(this.catalog, 'clock', name, value);
      if (mutation instanceof PendingCommit) return mutation;
      if (mutation === undefined) return Promise.resolve();
      return this.committer.commit(this.clock.nowUnixMs(), [mutation], () => undefined);
    });
  }
}

/**
 * Where lock time begins when a store is opened: at what was saved, or, where a crash came before
 * that, at the last moment when a bucket is known to have had its object lock set.
 * @returns undefined without any
 */
export function lockTimeOf(catalog: Catalog): number | undefined {
  const saved = savedLockTime(catalog);
  if (saved !== undefined) return saved;
  let setMs: number | undefined;
  for (const { configurations } of catalog.state.buckets.values()) {
    const lock = configurations.get('object-lock');
    if (lock !== undefined) setMs = Math.max(setMs ?? 0, lock.timeUnixMs);
  }
  return setMs;
}

function savedLockTime(catalog: Catalog): number | undefined {
  const text = catalog.state.access.get(accessId('clock', savedName))?.value;
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

function hasLocks(catalog: Catalog): boolean {
  for (const { configurations } of catalog.state.buckets.values()) {
    if (configurations.has('object-lock')) return true;
  }
  return false;
}
