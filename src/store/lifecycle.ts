import { isLogStoreError } from '../base/errors.js';
import type { Clock, Timer } from '../base/host.js';
import { limits } from '../base/limits.js';
import type { Catalog } from '../catalog/catalog.js';
import {
  decideKey,
  dueAfter,
  type HasTags,
  type LifecycleAction,
  type LifecycleTime,
  removalOf,
} from '../catalog/lifecycle-decision.js';
import type { LifecycleRule } from '../catalog/lifecycle-rules.js';
import { endsOf } from '../catalog/objects.js';
import { PendingCommit } from '../catalog/pending.js';
import type { Bucket } from '../catalog/state.js';
import { decodeUploadKey } from '../catalog/upload-keys.js';
import { afterKey, decodeVersionKey, listingKey } from '../format/key-encoding.js';
import { type Mutation, objectFlags } from '../format/mutation.js';
import { lifecycleOf } from './bucket-lifecycle.js';
import { type Commits, objectStateAt } from './commits.js';
import type { Committer } from './committer.js';
import { markerRecord } from './deletions.js';
import { lifecycleDeeds } from './lifecycle-deeds.js';
import type { LockTime } from './lock-time.js';
import type { StoreOptions } from './store-options.js';
import { abortionOf } from './upload-leftovers.js';
import type { WallClockWatch } from './wall-clock.js';

const walkIntervalMsMax = 3_600_000; // between two walks; a shortened day is looked at more often
const walksPerDay = 10;
const stepIntervalMs = 50; // between two steps of one walk
const stepKeysMax = 1_000; // looked at in one step: a few milliseconds
const stepActionsMax = 500; // and removed: the next step waits until that is durable

const takesAny: HasTags = () => true;

export interface LifecycleParts {
  readonly clock: Clock;
  readonly wallClock: WallClockWatch;
  readonly lockTime: LockTime;
  readonly catalog: Catalog;
  readonly committer: Committer;
  readonly commits: Commits;
  /** What counts as a day. */
  readonly dayMs: number;
  readonly acted: StoreOptions['lifecycleActed'];
}

/** Where a walk stands: in a bucket, by its objects' keys and then by its uploads. */
interface Place {
  readonly bucket: string;
  readonly in: 'objects' | 'uploads';
  /** The first key to look at. */
  readonly from: Uint8Array;
}

/**
 * Does what the lifecycles of buckets say, by logged removals and delete markers like any other:
 * one slow walk after another over the buckets that have one. A walk that a stop cuts short begins
 * anew at the next start; what it did is done.
 */
export class Lifecycle {
  #timer: Timer | undefined;
  #stopped = false;
  #place: Place | undefined;
  #stepping: Promise<void> = Promise.resolve();

  constructor(private readonly parts: LifecycleParts) {}

  /** To be called when a bucket may have got a lifecycle; while none has one, no timer runs. */
  arm(): void {
    if (this.#timer === undefined && !this.#stopped && this.#buckets().length > 0) {
      this.#wait(this.#walkIntervalMs());
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#stepping;
  }

  #walkIntervalMs(): number {
    return Math.min(walkIntervalMsMax, Math.max(1, this.parts.dayMs / walksPerDay));
  }

  #wait(delayMs: number): void {
    this.#timer = this.parts.clock.after(delayMs, () => {
      this.#timer = undefined;
      this.#stepping = this.#step();
    });
  }

  async #step(): Promise<void> {
    try {
      await this.#walkSome();
    } catch (error) {
      // Full, read-only, failed or damaged: nothing is lost by not removing; a later walk comes by.
      if (!isLogStoreError(error)) throw error;
      this.#place = undefined;
    }
    if (this.#stopped) return;
    if (this.#place !== undefined) this.#wait(stepIntervalMs);
    else this.arm();
  }

  #buckets(): readonly string[] {
    const { buckets } = this.parts.catalog.state;
    return [...buckets.values()]
      .filter(({ configurations }) => configurations.has('lifecycle'))
      .map(({ name }) => name)
      .sort();
  }

  /** Looks at some keys and waits until what that led to is durable. */
  async #walkSome(): Promise<void> {
    const { catalog, wallClock } = this.parts;
    const [first] = this.#buckets();
    const place = this.#place ?? (first === undefined ? undefined : beginning(first, 'objects'));
    this.#place = undefined;
    if (place === undefined || wallClock.hasJumped()) return;
    const bucket = catalog.state.buckets.get(place.bucket);
    const rules = bucket === undefined ? [] : lifecycleOf(bucket);
    if (bucket === undefined || rules.length === 0) {
      this.#place = this.#nextBucket(place.bucket);
      return;
    }
    const next =
      place.in === 'objects'
        ? await this.#walkObjects(bucket, rules, place.from)
        : await this.#walkUploads(bucket, rules, place.from);
    if (next !== undefined) this.#place = { ...place, from: next };
    else if (place.in === 'objects') this.#place = beginning(place.bucket, 'uploads');
    else this.#place = this.#nextBucket(place.bucket);
  }

  #nextBucket(after: string): Place | undefined {
    const next = this.#buckets().find((name) => name > after);
    return next === undefined ? undefined : beginning(next, 'objects');
  }

  #time(): LifecycleTime {
    const { clock, lockTime, dayMs } = this.parts;
    return { nowMs: clock.nowUnixMs(), lockNowMs: lockTime.nowMs(), dayMs };
  }

  /** @returns the key to go on from, undefined at the end of the bucket */
  async #walkObjects(
    bucket: Bucket,
    rules: readonly LifecycleRule[],
    from: Uint8Array,
  ): Promise<Uint8Array | undefined> {
    const { catalog } = this.parts;
    const { objects } = catalog.state;
    const begin = listingKey(bucket.name, '');
    const time = this.#time();
    const due: string[] = [];
    let next: Uint8Array | undefined = from;
    for (let seen = 0; seen < stepKeysMax && due.length < stepActionsMax; seen++) {
      const slot: number = objects.firstAtOrAfter(next);
      if (slot < 0 || !objects.keyStartsWith(slot, begin)) {
        next = undefined;
        break;
      }
      const { key } = decodeVersionKey(objects.keyView(slot));
      if (decideKey(catalog, rules, bucket.name, key, time, takesAny).length > 0) due.push(key);
      next = afterKey(bucket.name, key);
    }
    await this.#act(bucket, rules, due);
    return next;
  }

  /** Decides again, with the tags at hand, in the turn of the commit. */
  async #act(
    { name: bucket, configurations }: Bucket,
    rules: readonly LifecycleRule[],
    keys: readonly string[],
  ): Promise<void> {
    const { catalog } = this.parts;
    const asksTags = rules.some(({ filter }) => filter.tags !== undefined);
    const tags = asksTags ? await this.#tagsOf(bucket, rules, keys) : new Map<number, string[]>();
    const now = catalog.state.buckets.get(bucket)?.configurations.get('lifecycle');
    if (this.#stopped || now !== configurations.get('lifecycle')) return;
    const hasTags: HasTags = (facts, wanted) => {
      const has = tags.get(facts?.version ?? -1) ?? [];
      return wanted.every(([name, value]) => {
        return has.some((each, at) => at % 2 === 0 && each === name && has[at + 1] === value);
      });
    };
    const time = this.#time();
    const mutations: Mutation[] = [];
    if (catalog.pending.ofBucket(bucket) !== undefined) return;
    for (const key of keys) {
      if (catalog.pending.ofObject(bucket, key) !== undefined) continue;
      const actions = decideKey(catalog, rules, bucket, key, time, hasTags);
      mutations.push(...this.#mutationsOf(bucket, key, actions));
    }
    await this.#commit(mutations);
  }

  #mutationsOf(bucket: string, key: string, actions: readonly LifecycleAction[]): Mutation[] {
    const { catalog, committer } = this.parts;
    const removal = removalOf(bucket, key, actions);
    const mutations = removal === undefined ? [] : [removal];
    const inBucket = catalog.state.buckets.get(bucket);
    if (inBucket === undefined || !actions.some(({ does }) => does === 'expire')) return mutations;
    const ends = endsOf(catalog, bucket, key);
    if (ends instanceof PendingCommit) return mutations;
    const marker = markerRecord(committer.salt());
    const isVersioned = inBucket.versioning === 'enabled';
    const object = { ...marker, flags: marker.flags | (isVersioned ? objectFlags.versioned : 0) };
    const { version: bucketVersion } = inBucket;
    const origin = 'lifecycle';
    mutations.push({ is: 'putObject', bucket, key, bucketVersion, ends, object, origin });
    return mutations;
  }

  /** By the version of what was said last: the tags that it says. */
  async #tagsOf(
    bucket: string,
    rules: readonly LifecycleRule[],
    keys: readonly string[],
  ): Promise<Map<number, string[]>> {
    const { catalog, commits } = this.parts;
    const found = new Map<number, { sequence: number; mutation: number }>();
    for (const key of keys) {
      decideKey(catalog, rules, bucket, key, this.#time(), (facts) => {
        if (facts !== undefined && facts.tagCount > 0) found.set(facts.version, facts);
        return true;
      });
    }
    const tags = new Map<number, string[]>();
    const pin = commits.pin();
    try {
      for (const [version, { sequence, mutation }] of found) {
        const state = objectStateAt(await commits.read(sequence, pin), sequence, mutation);
        tags.set(version, [...state.tags]);
      }
    } finally {
      pin.release();
    }
    return tags;
  }

  /** @returns the key to go on from, undefined at the end of the bucket */
  async #walkUploads(
    bucket: Bucket,
    rules: readonly LifecycleRule[],
    from: Uint8Array,
  ): Promise<Uint8Array | undefined> {
    const { catalog, clock, dayMs } = this.parts;
    const { uploads } = catalog.state;
    const aborting = rules.filter(({ enabled, abortDays }) => enabled && abortDays !== undefined);
    if (aborting.length === 0) return undefined;
    const begin = listingKey(bucket.name, '');
    const nowMs = clock.nowUnixMs();
    const due: Uint8Array[] = [];
    let next: Uint8Array | undefined;
    let seenCount = 0;
    uploads.scan(from, (slot) => {
      if (!uploads.keyStartsWith(slot, begin)) return false;
      if (seenCount === stepKeysMax || due.length === stepActionsMax) {
        next = uploads.key(slot);
        return false;
      }
      seenCount++;
      const uploadKey = uploads.key(slot);
      const { key } = decodeUploadKey(uploadKey);
      const begunMs = uploads.timeAt(slot);
      const isDue = aborting.some(({ filter: { prefix = '' }, abortDays = 0 }) => {
        return key.startsWith(prefix) && dueAfter(begunMs, abortDays, dayMs) <= nowMs;
      });
      if (isDue) due.push(uploadKey);
      return true;
    });
    for (const uploadKey of due) {
      const mutation = abortionOf(catalog, uploadKey);
      if (mutation !== undefined) await this.#commit([mutation]);
      if (this.#stopped) break;
    }
    return next;
  }

  async #commit(mutations: readonly Mutation[]): Promise<void> {
    const { catalog, clock, committer, acted } = this.parts;
    const most = limits.transactionMutationsMax;
    const done: Promise<unknown>[] = [];
    for (let at = 0; at < mutations.length; at += most) {
      const some = mutations.slice(at, at + most);
      done.push(committer.commit(clock.nowUnixMs(), some, () => undefined));
    }
    await Promise.all(done);
    if (mutations.length > 0) acted?.(lifecycleDeeds(catalog, mutations));
  }
}

function beginning(bucket: string, where: Place['in']): Place {
  return { bucket, in: where, from: listingKey(bucket, '') };
}
