import type { BucketGuards } from '../../auth/bucket-guard.js';
import { verdictOf } from '../../auth/policy-decision.js';
import { loggingService } from '../../auth/sender.js';
import type { Users } from '../../auth/users.js';
import { isLogStoreError } from '../../base/errors.js';
import type { Clock, Random } from '../../base/host.js';
import type { Store } from '../../store/types.js';
import type { LoggingRule } from './logging-rule.js';

const uniqueBytes = 8;

/** Lines of one bucket that go into one object. */
export interface LogBatch {
  readonly source: string;
  /** The owner's id of the source; empty for root. */
  readonly ownerId: string;
  readonly rule: LoggingRule;
  /** Some time of the day on which all of it happened, where the object is named by that day. */
  readonly eventUnixMs: number;
  readonly lines: readonly string[];
}

export interface DeliveryParts {
  readonly store: Store;
  readonly users: Users;
  readonly guards: BucketGuards;
  readonly clock: Clock;
  readonly random: Random;
  readonly region: string;
}

/** What became of a batch: it is there, may be tried again, or is given up. */
export type Delivered = 'done' | 'later' | { readonly gaveUp: string };

type TargetDocuments = ReturnType<Store['access']['ofBucket']>;

/**
 * Why no log of a bucket may go to another, by what the two are; undefined where it may.
 * @param ownerId of the bucket that is logged; empty for root
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
 */
export function targetRefusal(ownerId: string, target: TargetDocuments): string | undefined {
  if ((target.owner ?? '') !== ownerId) return 'The target bucket has another owner.';
  const lock = target.document('object-lock');
  if (lock !== undefined && lock !== 'Enabled') return 'The target bucket has a default retention.';
  const encryption = target.document('encryption');
  if (encryption?.startsWith('aws:kms') === true)
    return 'The target bucket is encrypted by a named key (aws:kms).';
  return undefined;
}

/** Puts logs of buckets as objects into others. */
export class LogDelivery {
  constructor(private readonly parts: DeliveryParts) {}

  async deliver(batch: LogBatch): Promise<Delivered> {
    const { rule, lines } = batch;
    const nowUnixMs = this.parts.clock.nowUnixMs();
    const key = this.#keyOf(batch, nowUnixMs);
    try {
      const gaveUp = this.#refusal(batch, key, nowUnixMs);
      if (gaveUp !== undefined) return { gaveUp };
      await this.parts.store.put(rule.targetBucket, key, Buffer.from(lines.join('')), {
        ...{ headers: { contentType: 'text/plain' }, md5: true, ifAbsent: true },
      });
      return 'done';
    } catch (error) {
      if (isLogStoreError(error, 'BUSY', 'LOW_SPACE', 'NO_SPACE')) return 'later';
      if (isLogStoreError(error)) return { gaveUp: error.message };
      throw error;
    }
  }

  /** @throws LogStoreError `NO_SUCH_BUCKET` */
  #refusal({ source, ownerId, rule }: LogBatch, key: string, nowUnixMs: number) {
    const { store, guards } = this.parts;
    const target = store.access.ofBucket(rule.targetBucket);
    const refusal = targetRefusal(ownerId, target);
    if (refusal !== undefined) return refusal;
    const { policy } = guards.of(rule.targetBucket, target);
    if (policy === undefined) return undefined;
    const values = this.#values(source, ownerId, nowUnixMs);
    const verdict = verdictOf(policy, {
      ...{ principal: loggingService, shownId: undefined, action: 'putobject' },
      ...{ resource: `${rule.targetBucket}/${key}`, values },
    });
    return verdict === 'denied' ? `The target's policy denies ${loggingService.name}.` : undefined;
  }

  /** What conditions of the target's policy see of a delivery. */
  #values(source: string, ownerId: string, nowUnixMs: number) {
    const values: Readonly<Record<string, string>> = {
      'aws:currenttime': new Date(nowUnixMs).toISOString(),
      'aws:epochtime': String(Math.floor(nowUnixMs / 1000)),
      'aws:principalisawsservice': 'true',
      'aws:principalservicename': loggingService.name,
      'aws:securetransport': 'true', // it crosses no network
      'aws:sourceaccount': this.parts.users.directory.shownId(ownerId),
      'aws:sourcearn': `arn:aws:s3:::${source}`,
    };
    return (name: string) => {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      return value === undefined ? undefined : [value];
    };
  }

  #keyOf({ source, ownerId, rule, eventUnixMs }: LogBatch, nowUnixMs: number): string {
    const unique = Buffer.from(this.parts.random.bytes(uniqueBytes)).toString('hex').toUpperCase();
    const account = this.parts.users.directory.shownId(ownerId);
    const timeUnixMs = rule.keyFormat === 'by-event-time' ? startOfDay(eventUnixMs) : nowUnixMs;
    const from = [account, this.parts.region, source];
    return logKey(rule, from, timeUnixMs, unique);
  }
}

/**
 * The name of an object of a log.
 * @param from account, region and name of the source
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
 */
export function logKey(
  { prefix, keyFormat }: LoggingRule,
  from: readonly string[],
  timeUnixMs: number,
  unique: string,
): string {
  const time = new Date(timeUnixMs).toISOString().slice(0, 19); // 2026-11-21T01:02:03
  const name = `${time.replace(/[T:]/g, '-')}-${unique}`;
  if (keyFormat === 'none' || keyFormat === 'simple') return `${prefix}${name}`;
  const day = time.slice(0, 10).replaceAll('-', '/');
  return `${prefix}${from.join('/')}/${day}/${name}`;
}

function startOfDay(unixMs: number): number {
  return unixMs - (unixMs % 86_400_000);
}
