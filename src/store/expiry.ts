import { isLogStoreError } from '../base/errors.js';
import type { Clock, Timer } from '../base/host.js';
import { limits } from '../base/limits.js';
import type { Catalog } from '../catalog/catalog.js';
import { lockOn, stateFactsOf } from '../catalog/object-states.js';
import { endOf } from '../catalog/objects.js';
import { hasExpired, scanVersions } from '../catalog/versions.js';
import { decodeVersionKey } from '../format/key-encoding.js';
import type { Mutation } from '../format/mutation.js';
import type { Committer } from './committer.js';
import type { WallClockWatch } from './wall-clock.js';

const sweepIntervalMs = 30_000; // between two walks over the index
const stepIntervalMs = 50; // between two steps of one walk
const stepSlotsMax = 5_000; // entries looked at in one step: a few milliseconds

/**
 * Logs the removal of objects whose time has passed: readers do not see them any more, but the
 * index forgets them only once that is durable. One slow walk after another, and whoever meets an
 * expired object.
 */
export class Expiry {
  #timer: Timer | undefined;
  #stopped = false;
  #cursor: Uint8Array = new Uint8Array(0);
  #sawExpiring = false;

  constructor(
    private readonly clock: Clock,
    private readonly wallClock: WallClockWatch,
    private readonly catalog: Catalog,
    private readonly committer: Committer,
  ) {}

  /** To be called when there may be objects that expire; without any, no timer runs. */
  arm(): void {
    if (this.#timer === undefined && !this.#stopped) this.#wait(sweepIntervalMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Somebody met an expired object. Its removal is nobody's answer, so nobody waits for it. */
  met(bucket: string, key: string): void {
    this.#remove([{ bucket, key }]);
  }

  #wait(delayMs: number): void {
    this.#timer = this.clock.after(delayMs, () => this.#step());
  }

  #step(): void {
    this.#timer = undefined;
    if (this.#stopped) return;
    const isAtEnd = this.#sweepSome();
    if (!isAtEnd) this.#wait(stepIntervalMs);
    else if (this.catalog.state.someExpire) this.arm();
  }

  /** @returns whether the walk has come to the end of the index */
  #sweepSome(): boolean {
    const { objects } = this.catalog.state;
    const nowMs = this.clock.nowUnixMs();
    const expired: { bucket: string; key: string }[] = [];
    let seenCount = 0;
    let next: Uint8Array | undefined;
    objects.scan(this.#cursor, (slot) => {
      if (seenCount === stepSlotsMax || expired.length === limits.transactionMutationsMax) {
        next = objects.key(slot);
        return false;
      }
      seenCount++;
      const expiresMs = objects.expiresAt(slot);
      if (expiresMs !== 0) this.#sawExpiring = true;
      if (hasExpired(expiresMs, nowMs)) expired.push(decodeVersionKey(objects.keyView(slot)));
      return true;
    });
    this.#remove(expired);
    this.#cursor = next ?? new Uint8Array(0);
    if (next !== undefined) return false;
    // Objects that came behind the cursor meanwhile have set it, if it was not set already.
    if (!this.#sawExpiring) this.catalog.state.someExpire = false;
    this.#sawExpiring = false;
    return true;
  }

  #remove(names: readonly { bucket: string; key: string }[]): void {
    if (this.#stopped || this.wallClock.hasJumped()) return;
    const mutations: Mutation[] = [];
    for (const { bucket, key } of names) {
      if (this.catalog.pending.ofObject(bucket, key) !== undefined) continue;
      const ends = this.#expiredEnds(bucket, key);
      if (ends.length === 0) continue;
      mutations.push({ is: 'deleteObject', bucket, key, ends, reason: 1 });
    }
    if (mutations.length === 0) return;
    try {
      const nowMs = this.clock.nowUnixMs();
      const done = this.committer.commit(nowMs, mutations, () => undefined);
      done.catch(() => {}); // the log failed: it says so itself, and the next start goes on here
    } catch (error) {
      // Full, read-only or failed: nothing is lost by not removing, and a later walk comes by.
      if (!isLogStoreError(error)) throw error;
    }
  }

  /** Versions that came later stay, and what a lock holds. */
  #expiredEnds(bucket: string, key: string): number[] {
    const { objects } = this.catalog.state;
    const nowMs = this.clock.nowUnixMs();
    const versions: number[] = [];
    const ends: number[] = [];
    scanVersions(objects, bucket, key, (slot) => {
      if (!hasExpired(objects.expiresAt(slot), nowMs)) return true;
      versions.push(objects.versionAt(slot));
      ends.push(...endOf(objects, slot));
      return true;
    });
    const isLocked = versions.some((version) => {
      const facts = stateFactsOf(this.catalog.state, bucket, key, version);
      return lockOn(facts, 0, false) !== undefined;
    });
    return isLocked ? [] : ends;
  }
}
