import { isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Host } from '../base/host.js';
import { limits } from '../base/limits.js';
import type { Catalog } from '../catalog/catalog.js';
import { applyCommit } from '../catalog/fold.js';
import { objectId, PendingCommit } from '../catalog/pending.js';
import { commitSubject, encodeCommit } from '../format/commit.js';
import type { Mutation } from '../format/mutation.js';
import { inlineBodyFlag } from '../format/record.js';
import type { Append, Log } from '../log/types.js';

export interface CommitOptions {
  /** The body of the only mutation, where it travels inside the commit. */
  readonly inlineBody?: Uint8Array | undefined;
  /** It only removes. */
  readonly removes?: boolean | undefined;
}

const saltBytes = 16;
const saltsAtOnce = 256;

/**
 * The one way by which anything changes. An attempt looks at the catalog and commits in the same
 * turn of the event loop, so nothing comes between its conditions and its place in the log.
 */
export class Committer {
  /** Called when there are objects that expire. */
  onSomeExpire: () => void = () => {};
  #broken: LogStoreError | undefined;
  #salts: Uint8Array = new Uint8Array(0);
  #saltsUsed = 0;

  constructor(
    private readonly host: Host,
    private readonly log: Log,
    private readonly catalog: Catalog,
  ) {}

  nowUnixMs(): number {
    return this.host.clock.nowUnixMs();
  }

  /** 16 random bytes. Many share one piece of memory: each of its own would cost as much again. */
  salt(): Uint8Array {
    if (this.#saltsUsed === this.#salts.length) {
      this.#salts = this.host.random.bytes(saltBytes * saltsAtOnce);
      this.#saltsUsed = 0;
    }
    this.#saltsUsed += saltBytes;
    return this.#salts.subarray(this.#saltsUsed - saltBytes, this.#saltsUsed);
  }

  /**
   * Runs `attempt` until nothing that is pending stands in its way and the queue has room.
   * @param attempt returns what commit() gave it, or the pending commit after which to look again
   */
  admit<T>(attempt: () => Promise<T> | PendingCommit): Promise<T> {
    try {
      const outcome = attempt();
      if (!(outcome instanceof PendingCommit)) return outcome;
      return this.#admitAfter(outcome.settled, attempt);
    } catch (error) {
      if (isLogStoreError(error, 'BUSY')) return this.#admitAfter(this.log.room(), attempt);
      return Promise.reject(error);
    }
  }

  async #admitAfter<T>(
    obstacle: Promise<unknown>,
    attempt: () => Promise<T> | PendingCommit,
  ): Promise<T> {
    for (;;) {
      await obstacle;
      try {
        const outcome = attempt();
        if (!(outcome instanceof PendingCommit)) return await outcome;
        obstacle = outcome.settled;
      } catch (error) {
        if (!isLogStoreError(error, 'BUSY')) throw error;
        obstacle = this.log.room();
      }
    }
  }

  /** As commitBuilt(), of mutations that need not know their versions. */
  commit<T>(
    timeUnixMs: number,
    mutations: readonly Mutation[],
    answerOf: (version: number, timeUnixMs: number) => T,
    options?: CommitOptions,
  ): Promise<T> {
    const { length } = mutations;
    return this.commitBuilt(timeUnixMs, length, () => mutations, answerOf, options);
  }

  /**
   * Appends one commit and applies it once it is durable.
   * @param build makes `count` mutations, given the first one's version
   * @param answerOf makes the answer, once durable, from the version and time of its first mutation
   * @throws LogStoreError at once, as Log.append does; `ENTITY_TOO_LARGE`
   */
  commitBuilt<T>(
    timeUnixMs: number,
    count: number,
    build: (version: number) => readonly Mutation[],
    answerOf: (version: number, timeUnixMs: number) => T,
    options: CommitOptions = {},
  ): Promise<T> {
    if (this.#broken !== undefined) throw this.#broken;
    const { inlineBody, removes } = options;
    const version = this.log.takeVersions(count);
    const mutations = build(version);
    const meta = encodeCommit({ timeUnixMs, version, mutations });
    if (meta.length + (inlineBody?.length ?? 0) > limits.recordPayloadBytesMax) {
      throw new LogStoreError('ENTITY_TOO_LARGE', 'the description of what is written is too long');
    }
    const pending = new CommitAppend<T>(this, mutations, version, timeUnixMs, answerOf);
    pending.flags = inlineBody === undefined ? 0 : inlineBodyFlag;
    pending.payload = inlineBody === undefined ? [meta] : [meta, inlineBody];
    pending.removes = removes === true;
    pending.sequence = this.log.append(pending);
    this.catalog.pending.add(pending);
    return pending.settled;
  }

  /** Called by the log, through the commit. */
  onDurable<T>(pending: CommitAppend<T>): void {
    if (this.#broken !== undefined) {
      pending.reject(this.#broken);
      return;
    }
    try {
      applyCommit(this.catalog.state, pending, pending.sequence);
      this.catalog.pending.remove(pending);
      if (this.catalog.state.someExpire) this.onSomeExpire();
      if (this.catalog.changes.watched) this.#noteChanges(pending.mutations);
      pending.resolve(pending.answerOf(pending.version, pending.timeUnixMs));
    } catch (error) {
      this.#break(error);
      pending.reject(this.#broken);
    }
  }

  /** Called by the log, through the commit. */
  onFailed<T>(pending: CommitAppend<T>, error: LogStoreError): void {
    this.catalog.pending.remove(pending);
    pending.reject(error);
  }

  /** Our own promise is broken: the index may be wrong, so the process ends; the log is whole. */
  #break(cause: unknown): void {
    this.#broken = new LogStoreError('WRITER_FAILED', 'the index is broken; restart', { cause });
    queueMicrotask(() => {
      throw cause;
    });
  }

  #noteChanges(mutations: readonly Mutation[]): void {
    for (const mutation of mutations) {
      if (mutation.is === 'putObject' || mutation.is === 'deleteObject') {
        this.catalog.changes.note(objectId(mutation.bucket, mutation.key));
      } else if (mutation.is === 'createBucket' || mutation.is === 'deleteBucket') {
        this.catalog.changes.note(mutation.bucket);
      }
    }
  }
}

/** A commit as the log takes it: one object for all that is known of it until it is durable. */
class CommitAppend<T> extends PendingCommit<T> implements Append {
  readonly kind = 'commit';
  readonly subject: Uint8Array;
  flags = 0;
  payload: readonly Uint8Array[] = [];
  removes = false;

  constructor(
    private readonly committer: Committer,
    mutations: readonly Mutation[],
    version: number,
    timeUnixMs: number,
    readonly answerOf: (version: number, timeUnixMs: number) => T,
  ) {
    super(mutations, version, timeUnixMs);
    this.subject = commitSubject(mutations);
  }

  onDurable(): void {
    this.committer.onDurable(this);
  }

  onFailed(error: LogStoreError): void {
    this.committer.onFailed(this, error);
  }
}
