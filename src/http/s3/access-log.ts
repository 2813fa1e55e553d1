import { BucketGuards } from '../../auth/bucket-guard.js';
import type { ObjectOwnership } from '../../auth/bucket-rules.js';
import type { Users } from '../../auth/users.js';
import { isLogStoreError } from '../../base/errors.js';
import type { Clock, Random, Timer } from '../../base/host.js';
import type { LifecycleDeed } from '../../store/lifecycle-face.js';
import type { Store } from '../../store/types.js';
import type { Logger } from '../logger.js';
import { LogBatches } from './log-batches.js';
import { LogDelivery } from './log-delivery.js';
import { lifecycleLine } from './logged-lifecycle.js';
import {
  copiedBy,
  type EndedRequest,
  type LoggedBucket,
  type LogsOfRequest,
  linesOf,
} from './logged-request.js';
import { readLoggingStatus } from './logging-rule.js';
import { ReadDocuments } from './read-documents.js';
import { S3Error } from './s3-error.js';

/** What the composition root gives. */
export interface AccessLogParts {
  readonly store: Store;
  readonly users: Users;
  readonly objectOwnership: ObjectOwnership;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly region: string;
  /** How long a line waits at most before it is put into the target. */
  readonly intervalMs: number;
}

/**
 * The access logs of buckets that want one: a line for each request that has ended, gathered in
 * memory and put as objects. No request waits for it; what there is no room for is dropped, and
 * what a crash finds in memory is lost, as S3 says of its own.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
 */
export class AccessLog {
  readonly #rules = new ReadDocuments((document) => readLoggingStatus(document)?.rule);
  readonly #batches = new LogBatches();
  readonly #delivery: LogDelivery;
  #timer: Timer | undefined;
  #delivering: Promise<void> | undefined;
  #closed = false;

  constructor(private readonly parts: AccessLogParts) {
    const guards = new BucketGuards(parts.objectOwnership);
    this.#delivery = new LogDelivery({ ...parts, guards });
  }

  /** To be called once for each request of S3, when it has ended. */
  note(request: EndedRequest, durationMs: number): void {
    const { bucket, errorCode } = request;
    if (bucket === undefined || bucket === '' || this.#closed) return;
    // A bucket that is not there is not looked for once more.
    const own = errorCode === 'NoSuchBucket' ? undefined : this.#loggingOf(bucket);
    const source = this.#sourceOf(request);
    if (own === undefined && source === undefined) return;
    const { clock, users } = this.parts;
    const endedMs = { unix: clock.nowUnixMs(), monotonic: clock.monotonicMs() };
    const shownId = (ownerId: string) => users.directory.shownId(ownerId);
    const lines = linesOf(request, { own, source }, { durationMs, endedMs, shownId });
    for (const { of, timeUnixMs, line } of lines)
      if (this.#batches.add(of, timeUnixMs, line)) this.#deliver();
    this.#arm();
  }

  /** What lifecycles have done stands in their buckets' logs too. */
  noteLifecycle(deeds: readonly LifecycleDeed[]): void {
    if (this.#closed) return;
    const { clock, random, users } = this.parts;
    const timeUnixMs = clock.nowUnixMs();
    for (const deed of deeds) {
      const of = this.#loggingOf(deed.bucket);
      if (of === undefined) continue;
      const bucketOwner = users.directory.shownId(of.ownerId);
      const requestId = Buffer.from(random.bytes(8)).toString('hex').toUpperCase();
      const line = lifecycleLine(deed, { bucketOwner, requestId, timeUnixMs });
      if (this.#batches.add(of, timeUnixMs, line)) this.#deliver();
    }
    if (!this.#batches.isEmpty) this.#arm();
  }

  /** Puts what has gathered. Nothing is noted any more. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    await this.#delivering;
    this.#batches.end();
    await this.#run();
    this.#batches.dropAll();
    this.#tellOfDropped();
  }

  /** Undefined where no log is wanted: one look at the bucket as it stands. */
  #loggingOf(bucket: string): LoggedBucket | undefined {
    try {
      const { owner, document } = this.parts.store.access.ofBucket(bucket);
      const text = document('logging');
      if (text === undefined) return undefined;
      const rule = this.#rules.of(text);
      return rule && { bucket, ownerId: owner ?? '', rule };
    } catch (error) {
      // No such bucket, a closed store, or a document that nobody's request has set.
      if (isLogStoreError(error) || error instanceof S3Error) return undefined;
      throw error;
    }
  }

  #sourceOf(request: EndedRequest): LogsOfRequest['source'] {
    const read = copiedBy(request);
    const of = read && this.#loggingOf(read.bucket);
    return read && of && { of, read };
  }

  #arm(): void {
    if (this.#closed) return;
    this.#timer ??= this.parts.clock.after(this.parts.intervalMs, () => {
      this.#timer = undefined;
      this.#batches.end();
      this.#deliver();
      this.#tellOfDropped();
    });
  }

  #deliver(): void {
    // A broken promise of our own alone is not caught: it stops the process.
    this.#delivering ??= this.#run().finally(() => {
      this.#delivering = undefined;
      if (!this.#batches.isEmpty) this.#arm();
    });
  }

  async #run(): Promise<void> {
    for (let next = this.#batches.next; next !== undefined; next = this.#batches.next) {
      const delivered = await this.#delivery.deliver(next);
      if (delivered === 'later') return;
      this.#batches.shift();
      if (delivered === 'done') continue;
      const { source, lines } = next;
      const facts = { source, target: next.rule.targetBucket, lines: lines.length };
      const message = 'access log not delivered';
      this.parts.logger.warn({ ...facts, reason: delivered.gaveUp }, message);
    }
  }

  #tellOfDropped(): void {
    for (const [source, lines] of this.#batches.takeDropped())
      this.parts.logger.warn({ source, lines }, 'lines of the access log dropped');
  }
}
