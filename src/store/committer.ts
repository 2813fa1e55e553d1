import { isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Host } from '../base/host.js';
import { invariant } from '../base/invariant.js';
import { limits } from '../base/limits.js';
import type { Catalog } from '../catalog/catalog.js';
import { applyCommit } from '../catalog/fold.js';
import { objectId, PendingCommit } from '../catalog/pending.js';
import { combineCrc32 } from '../digest/crc-combine.js';
import { checksum } from '../format/checksum.js';
import { type Commit, commitSubject, encodeCommit } from '../format/commit.js';
import { isOfBucket, type Mutation } from '../format/mutation.js';
import { inlineBodyFlag } from '../format/record.js';
import type { Append } from '../log/record-types.js';
import type { Log } from '../log/types.js';
import type { InlineBody } from './body-writer.js';

const saltBytes = 16;
const saltsAtOnce = 256;

/**
 * The one way by which anything changes. An attempt looks at the catalog and commits in the same
 * turn of the event loop, so nothing comes between its conditions and its place in the log.
 */
export class Committer {
  /** From when retentions count: never behind the time by which locks end. */
  lockNowMs: () => number = () => this.nowUnixMs();
  /** Called when there are objects that expire. */
  onSomeExpire: () => void = () => {};
  /** Told of every commit in the log's order, once it is durable: number, payload, next version. */
  onCommit: ((sequence: number, payload: Uint8Array, versionNext: number) => void) | undefined;
  /** Told of the same, decoded, with the index as it is then. */
  onDurableCommit: ((commit: Commit, sequence: number) => void) | undefined;
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

  /**
   * Appends one commit and applies it once it is durable.
   * @param answerOf makes the answer, once it is
   * @param inlineBody of the only mutation, where it travels inside the commit
   * @throws LogStoreError at once, as Log.append does; `ENTITY_TOO_LARGE`
   */
  commit<T>(
    timeUnixMs: number,
    mutations: readonly Mutation[],
    answerOf: (commit: PendingCommit) => T,
    inlineBody?: InlineBody,
  ): Promise<T> {
    const version = this.#takeVersions(mutations.length);
    return this.#append(version, timeUnixMs, mutations, answerOf, inlineBody);
  }

  /**
   * The same of mutations that know their versions.
   * @param build makes `count` mutations, given the first one's version
   */
  commitBuilt<T>(
    timeUnixMs: number,
    count: number,
    build: (version: number) => readonly Mutation[],
    answerOf: (commit: PendingCommit) => T,
  ): Promise<T> {
    const version = this.#takeVersions(count);
    const mutations = build(version);
    invariant(mutations.length === count, 'each version taken is used');
    return this.#append(version, timeUnixMs, mutations, answerOf, undefined);
  }

  #takeVersions(count: number): number {
    if (this.#broken !== undefined) throw this.#broken;
    return this.log.takeVersions(count);
  }

  #append<T>(
    version: number,
    timeUnixMs: number,
    mutations: readonly Mutation[],
    answerOf: (commit: PendingCommit) => T,
    inlineBody: InlineBody | undefined,
  ): Promise<T> {
    const pending = new CommitAppend<T>(mutations, version, timeUnixMs, this, answerOf, inlineBody);
    pending.sequence = this.log.append(pending);
    this.catalog.pending.add(pending);
    const { marks } = this.catalog;
    if (marks !== undefined) for (const mutation of mutations) marks.admitted(mutation);
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
      this.onCommit?.(pending.sequence, pending.meta, pending.version + pending.mutations.length);
      this.onDurableCommit?.(pending, pending.sequence);
      if (this.catalog.changes.watched) this.#noteChanges(pending.mutations);
      pending.resolve(pending.answerOf(pending));
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
      const { is } = mutation;
      if (is === 'putObject' || is === 'deleteObject' || is === 'setObjectState') {
        this.catalog.changes.note(objectId(mutation.bucket, mutation.key));
      } else if (isOfBucket(mutation)) this.catalog.changes.note(mutation.bucket);
    }
  }
}

/** A commit as the log takes it: one object for all that is known of it until it is durable. */
class CommitAppend<T> extends PendingCommit<T> implements Append {
  readonly kind = 'commit';
  readonly flags: number;
  readonly subject: Uint8Array;
  /** `u32 bytes | meta` */
  readonly meta: Uint8Array;
  readonly payload: readonly Uint8Array[];
  readonly payloadChecksum: number | undefined;
  readonly removes: boolean;

  constructor(
    mutations: readonly Mutation[],
    version: number,
    timeUnixMs: number,
    private readonly committer: Committer,
    readonly answerOf: (commit: PendingCommit) => T,
    inlineBody: InlineBody | undefined,
  ) {
    super(mutations, version, timeUnixMs);
    const meta = encodeCommit(this);
    this.meta = meta;
    if (meta.length + (inlineBody?.bytes.length ?? 0) > limits.recordPayloadBytesMax) {
      throw new LogStoreError('ENTITY_TOO_LARGE', 'the description of what is written is too long');
    }
    this.flags = inlineBody === undefined ? 0 : inlineBodyFlag;
    this.subject = commitSubject(mutations);
    this.payload = inlineBody === undefined ? [meta] : [meta, inlineBody.bytes];
    this.payloadChecksum = inlineBody && sumOf(meta, inlineBody);
    this.removes = mutations.every(onlyRemoves);
  }

  onDurable(): void {
    this.committer.onDurable(this);
  }

  onFailed(error: LogStoreError): void {
    this.committer.onFailed(this, error);
  }
}

/** The body's own checksum goes on: it may not be what it was by now (SPEC.md §3.3). */
function sumOf(meta: Uint8Array, { bytes, crc }: InlineBody): number {
  return combineCrc32(checksum(meta), crc, bytes.length);
}

function onlyRemoves({ is }: Mutation): boolean {
  return is === 'deleteObject' || is === 'deleteBucket' || is === 'abortUpload';
}
