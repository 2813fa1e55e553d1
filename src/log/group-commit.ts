import { isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Clock, Timer } from '../base/host.js';
import { invariant } from '../base/invariant.js';
import { limits } from '../base/limits.js';
import type { Numbered } from './active-segment.js';
import { CommitQueue } from './commit-queue.js';
import type { Append } from './record-types.js';

/** What the group commit writes through: the one place where a batch becomes committed. */
export interface BatchSink {
  /**
   * Writes and syncs a batch, in a new segment where the present one is full.
   * @throws LogStoreError `BUSY`: nothing was written; `NO_SPACE`: nothing of it counts, and
   *   nothing may follow in this segment. Anything else ends the writer
   */
  write(records: readonly Numbered[], recordsBytes: number, sequenceNext: number): Promise<void>;
  /** Goes on in a new segment, as nothing may follow what a failed write left behind. */
  startAnew(): Promise<void>;
}

interface Waiter {
  readonly sequence: number;
  resolve(): void;
  reject(error: LogStoreError): void;
}

/**
 * Numbers records, gathers all that arrives during one sync into the next batch, and reports each
 * record once its sync returned (SPEC.md §7). Versions are taken here, in log order.
 */
export class GroupCommit {
  readonly #queue = new CommitQueue();
  #waiters: Waiter[] = [];
  /** As the waiters, until what is below their number is proven. */
  #provers: Waiter[] = [];
  #sequenceNext: number;
  #versionNext: number;
  /** The same two as of the last sync. */
  #durable: { readonly sequence: number; readonly version: number };
  /** Below it everything is proven: a batch behind it was synced. */
  #provenEnd: number;
  #running: Promise<void> | undefined;
  #failure: LogStoreError | undefined;
  /** Something unsynced may stand behind the last batch. */
  #dirty = false;
  /** The last batch held records, and no later one proves it yet. */
  #unmarked = false;
  #marker: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly sink: BatchSink,
    start: { readonly sequence: number; readonly version: number },
  ) {
    this.#sequenceNext = start.sequence;
    this.#versionNext = start.version;
    this.#durable = start;
    this.#provenEnd = start.sequence;
  }

  get sequenceNext(): number {
    return this.#sequenceNext;
  }

  get durable(): { readonly sequence: number; readonly version: number } {
    return this.#durable;
  }

  get failure(): LogStoreError | undefined {
    return this.#failure;
  }

  /** Whether nothing but synced batches stands in the segment. */
  get isClean(): boolean {
    return this.#failure === undefined && !this.#dirty;
  }

  takeVersions(count: number): number {
    const first = this.#versionNext;
    this.#versionNext += count;
    return first;
  }

  append(append: Append): number {
    if (this.#failure !== undefined) throw this.#failure;
    let payloadBytes = 0;
    for (const part of append.payload) payloadBytes += part.length;
    invariant(payloadBytes <= limits.recordPayloadBytesMax, 'a record fits its bound');
    const sequence = this.#sequenceNext;
    this.#queue.push({ append, sequence, payloadBytes, versionNext: this.#versionNext });
    this.#sequenceNext++;
    this.#running ??= this.#run();
    return sequence;
  }

  room(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return this.#queue.room();
  }

  /** Resolves when all that was appended so far is durable. */
  settled(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const sequence = this.#sequenceNext;
    if (sequence === this.#durable.sequence) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ sequence, resolve, reject });
    });
  }

  /**
   * Resolves when everything appended so far is proven durable (SPEC.md §7): a later batch's sync
   * has returned.
   * @throws LogStoreError as the writes it waits for
   */
  async prove(): Promise<void> {
    await this.settled();
    const { sequence } = this.#durable;
    if (this.#provenEnd >= sequence) return;
    if (this.#failure !== undefined) throw this.#failure;
    const proven = new Promise<void>((resolve, reject) => {
      this.#provers.push({ sequence, resolve, reject });
    });
    // A run under way proves what is durable now, by its next batch or the mark at its end.
    if (this.#running === undefined) {
      this.#marker?.cancel();
      this.#running = this.#markThenRun();
    }
    await proven;
  }

  /** Waits for the queue and proves the last batch; the caller appends no more. */
  async close(): Promise<void> {
    await this.#running;
    this.#marker?.cancel(); // set at the end of a run; it must not fire beside or behind this
    if (this.#unmarked && this.#failure === undefined) await this.#mark();
  }

  async #run(): Promise<void> {
    this.#marker?.cancel();
    await undefined; // what arrives in the same turn shares the batch
    while (!this.#queue.isEmpty) {
      const { records, sizeBytes } = this.#queue.take();
      const last = records[records.length - 1];
      invariant(last !== undefined, 'a batch taken from a queue holds a record');
      const written = await this.#write(records, sizeBytes, last.sequence + 1);
      this.#queue.release(sizeBytes);
      if (written !== undefined) {
        this.#giveUp(records, written);
        continue;
      }
      this.#unmarked = true;
      this.#provenTo(this.#durable.sequence);
      this.#durable = { sequence: last.sequence + 1, version: last.versionNext };
      for (const record of records) record.append.onDurable?.();
      this.#wake();
    }
    if (this.#provers.length > 0) {
      await this.#mark();
      if (!this.#queue.isEmpty) return await this.#run();
    }
    this.#running = undefined;
    if (this.#failure !== undefined || !this.#unmarked) return;
    this.#marker = this.clock.after(limits.idleMarkMs, () => {
      this.#running ??= this.#markThenRun();
    });
  }

  async #markThenRun(): Promise<void> {
    await this.#mark();
    await this.#run();
  }

  /**
   * An empty batch proves the one before it durable. Behind a failed write it begins a segment for
   * that only where somebody waits: the room for it may be missing.
   */
  async #mark(): Promise<void> {
    if (this.#dirty && this.#provers.length === 0) return;
    const failed = await this.#write([], 0, this.#durable.sequence);
    if (failed === undefined) {
      this.#unmarked = false;
      this.#provenTo(this.#durable.sequence);
      return;
    }
    const provers = this.#provers;
    this.#provers = [];
    for (const prover of provers) prover.reject(failed);
  }

  #provenTo(sequence: number): void {
    this.#provenEnd = sequence;
    if (this.#provers.length === 0) return;
    const ready = this.#provers.filter((prover) => prover.sequence <= sequence);
    this.#provers = this.#provers.filter((prover) => prover.sequence > sequence);
    for (const prover of ready) prover.resolve();
  }

  /** @returns why nothing of the batch happened, or undefined when it is durable */
  async #write(
    records: readonly Numbered[],
    sizeBytes: number,
    sequenceNext: number,
  ): Promise<LogStoreError | undefined> {
    if (this.#failure !== undefined) return this.#failure;
    try {
      if (this.#dirty) await this.sink.startAnew();
      this.#dirty = false;
      await this.sink.write(records, sizeBytes, sequenceNext);
      return undefined;
    } catch (error) {
      if (isLogStoreError(error, 'BUSY')) return error;
      this.#dirty = true;
      if (isLogStoreError(error, 'NO_SPACE')) return error;
      // After a failed sync nobody knows what the disk holds: recovery decides from it, later.
      const message = 'a write to the log failed: the store is read-only until it is reopened';
      this.#failure = new LogStoreError('WRITER_FAILED', message, { cause: error });
      return this.#failure;
    }
  }

  /** A batch and all that was queued behind it have not happened; their numbers are free again. */
  #giveUp(records: readonly Numbered[], error: LogStoreError): void {
    this.#sequenceNext = this.#durable.sequence;
    this.#versionNext = this.#durable.version;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const record of records) record.append.onFailed?.(error);
    this.#queue.fail(error);
    for (const waiter of waiters) waiter.reject(error);
  }

  #wake(): void {
    if (this.#waiters.length === 0) return;
    const { sequence } = this.#durable;
    const ready = this.#waiters.filter((waiter) => waiter.sequence <= sequence);
    this.#waiters = this.#waiters.filter((waiter) => waiter.sequence > sequence);
    for (const waiter of ready) waiter.resolve();
  }
}
