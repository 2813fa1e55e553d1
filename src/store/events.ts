import { errnoOf, isLogStoreError } from '../base/errors.js';
import type { Clock, Timer } from '../base/host.js';
import { admitAccess } from '../catalog/access-documents.js';
import type { Catalog } from '../catalog/catalog.js';
import { PendingCommit } from '../catalog/pending.js';
import { accessId } from '../catalog/state.js';
import { type Commit, decodeCommitMeta } from '../format/commit.js';
import { footerStubFlag } from '../format/footer.js';
import type { Compactor } from '../log/compactor.js';
import type { Log } from '../log/types.js';
import type { Committer } from './committer.js';
import { EventQueue } from './event-queue.js';
import { eventsOf, rulesIn, type TargetEvent } from './event-records.js';
import { readCommits } from './read-commits.js';
import type { EventOptions, StoreOptions } from './store-options.js';

const saveIntervalMs = 5_000;
const quietCommitsMax = 100_000;
/** After the log could not be read. */
const retryMs = 60_000;

export interface EventParts {
  readonly clock: Clock;
  readonly catalog: Catalog;
  readonly committer: Committer;
  readonly log: Log;
  readonly tell: StoreOptions['tell'];
}

/** Where one target stands. */
interface Follower {
  readonly queue: EventQueue;
  /** All commits below were looked at: their events are delivered, or in the queue. */
  seen: number;
  /** Commits from `seen` on are to be read from the log, once there is room. */
  isBehind: boolean;
  saved: number;
  /** Something was delivered since it was saved. */
  isDirty: boolean;
}

/**
 * Tells targets of what happened, at least once. The log is the queue: each target has its place
 * in it, kept in the log as well, and follows. A write waits for nobody: where a target does not
 * keep up, its events are read from the log again.
 */
export class Events {
  readonly #followers: readonly Follower[];
  #timer: Timer | undefined;
  #reading: Promise<void> | undefined;
  #retry: Timer | undefined;
  #stopped = false;

  constructor(
    private readonly parts: EventParts,
    private readonly options: EventOptions,
  ) {
    const { clock, catalog, log } = parts;
    this.#followers = options.targets.map((target) => {
      const saved = placeOfTarget(catalog, target.name) ?? log.sequenceNext;
      const queue = new EventQueue(target, clock, {
        moved: () => this.#moved(target.name),
        failing: (reason) => this.#failing(target.name, reason),
        gaveUp: (event, reason) => this.#gaveUp(target.name, event, reason),
      });
      const isBehind = saved < log.sequenceNext;
      return { queue, seen: saved, isBehind, saved, isDirty: false };
    });
  }

  start(): void {
    if (this.#followers.length === 0) return;
    this.parts.committer.onDurableCommit = (commit, sequence) => this.#note(commit, sequence);
    this.#readOn();
  }

  /** Compaction leaves alone what lies from this number on: it is still to be told. */
  keptFrom(): number {
    let from = Infinity;
    for (const { queue, seen, isBehind } of this.#followers) {
      if (isBehind) from = Math.min(from, seen);
      from = Math.min(from, queue.oldest ?? Infinity);
    }
    return from;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#retry?.cancel();
    await Promise.all(this.#followers.map(({ queue }) => queue.stop()));
    await this.#reading;
    try {
      await this.#save();
    } catch (error) {
      if (!isLogStoreError(error)) throw error; // some will be told again
    }
  }

  #note(commit: Commit, sequence: number): void {
    let events: readonly TargetEvent[] | undefined;
    for (const follower of this.#followers) {
      if (follower.isBehind && follower.queue.isEmpty) this.#readOn();
      if (follower.isBehind || sequence < follower.seen) continue;
      if (!follower.queue.hasRoom) {
        follower.isBehind = true;
        continue;
      }
      events ??= eventsOf(this.parts.catalog, commit, sequence, this.options.region);
      this.#give(follower, events, sequence);
    }
    this.#arm();
  }

  #give(follower: Follower, events: readonly TargetEvent[], sequence: number): void {
    for (const event of events) {
      if (event.target === follower.queue.name) follower.queue.add(event);
    }
    follower.seen = sequence + 1;
  }

  #moved(target: string): void {
    for (const follower of this.#followers) {
      if (follower.queue.name === target) follower.isDirty = true;
    }
    this.#arm();
    if (this.#followers.some(({ isBehind, queue }) => isBehind && queue.isEmpty)) this.#readOn();
  }

  #failing(target: string, reason: string): void {
    const message = 'events are not taken, and tried again for a day';
    this.parts.tell?.({ level: 'warn', message, facts: { target, reason } });
  }

  #gaveUp(target: string, { bucket, key, timeUnixMs }: TargetEvent, reason: string): void {
    const facts = { target, bucket, key, time: new Date(timeUnixMs).toISOString(), reason };
    this.parts.tell?.({ level: 'warn', message: 'an event was given up', facts });
  }

  #readOn(): void {
    if (this.#stopped || this.#retry !== undefined) return;
    this.#reading ??= this.#read()
      .catch((error: unknown) => {
        if (!isLogStoreError(error) && errnoOf(error) === undefined) throw error;
        const message = 'events cannot be read from the log: it is tried again';
        this.parts.tell?.({ level: 'warn', message, facts: { err: error } });
        this.#retryLater();
      })
      .finally(() => {
        this.#reading = undefined;
      });
  }

  #retryLater(): void {
    if (this.#stopped) return;
    this.#retry = this.parts.clock.after(retryMs, () => {
      this.#retry = undefined;
      this.#readOn();
    });
  }

  /** For each that is behind and has nothing waiting, as much as has room. */
  async #read(): Promise<void> {
    const { compactor } = this.parts.log;
    if (compactor === undefined) return;
    for (const follower of this.#followers) {
      while (follower.isBehind && follower.queue.hasRoom && !this.#stopped) {
        if (await this.#readOnce(follower, compactor)) break;
      }
    }
  }

  /** @returns whether the queue filled up before the end of the log */
  async #readOnce(follower: Follower, compactor: Compactor): Promise<boolean> {
    const { catalog, log } = this.parts;
    let isFull = false;
    const readTo = await readCommits(log, compactor, {
      from: () => (isFull ? Infinity : follower.seen),
      visit: (sequence, meta, flags) => {
        if (sequence < follower.seen || this.#stopped) return;
        if ((flags & footerStubFlag) !== 0) return; // what is left of a commit says too little
        isFull ||= !follower.queue.hasRoom;
        if (isFull) return;
        const commit = decodeCommitMeta(meta);
        this.#give(follower, eventsOf(catalog, commit, sequence, this.options.region), sequence);
      },
      between: async () => undefined,
    });
    if (!isFull) follower.isBehind = readTo !== log.position().sequence;
    return isFull;
  }

  /** Where nothing is told of any more, nothing is saved either. */
  #arm(): void {
    if (this.#timer !== undefined || this.#stopped || !this.#followers.some(hasMoved)) return;
    this.#timer = this.parts.clock.after(saveIntervalMs, () => {
      this.#timer = undefined;
      this.#save().catch((error: unknown) => {
        if (!isLogStoreError(error)) throw error; // the log says itself what failed
      });
    });
  }

  async #save(): Promise<void> {
    for (const follower of this.#followers) {
      if (!hasMoved(follower)) continue;
      const place = placeOf(follower);
      follower.saved = place;
      follower.isDirty = false;
      await this.#set(follower.queue.name, String(place));
    }
  }

  #set(name: string, value: string): Promise<void> {
    const { catalog, committer, clock } = this.parts;
    return committer.admit<void>(() => {
      const mutation = admitAccess(catalog, 'events', name, value);
      if (mutation instanceof PendingCommit) return mutation;
      if (mutation === undefined) return Promise.resolve();
      return committer.commit(clock.nowUnixMs(), [mutation], () => undefined);
    });
  }
}

/** From which number on something may be left to be told. */
function placeOf({ queue, seen }: Follower): number {
  return queue.oldest ?? seen;
}

/** What tells nothing moves a place as well: that is saved now and then. */
function hasMoved(follower: Follower): boolean {
  return follower.isDirty || placeOf(follower) > follower.saved + quietCommitsMax;
}

/** Where a target stood; before anything was saved, where it was first wished for. */
function placeOfTarget(catalog: Catalog, name: string): number | undefined {
  const text = catalog.state.access.get(accessId('events', name))?.value;
  if (text !== undefined && /^\d{1,16}$/.test(text)) return Number(text);
  let first: number | undefined;
  for (const bucket of catalog.state.buckets.values()) {
    const wishes = bucket.configurations.get('notification');
    if (wishes === undefined || !rulesIn(bucket).some(({ target }) => target === name)) continue;
    first = Math.min(first ?? Infinity, wishes.sequence);
  }
  return first;
}
