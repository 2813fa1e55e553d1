import { isLogStoreError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import { readWholeBody } from './body.js';
import type { Exchange } from './exchange.js';
import { logKey, targetRefusal } from './log-delivery.js';
import { type LoggingRule, loggingStatusXml, readLoggingStatus } from './logging-rule.js';
import { S3Error } from './s3-error.js';
import { s3Document } from './xml.js';

const bodyBytesMax = 64 * 1024;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLogging.html */
export async function getBucketLogging({ store, bucket, answer }: Exchange): Promise<void> {
  const found = await store.bucketConfiguration(bucket, 'logging');
  const off = s3Document('BucketLoggingStatus').close('BucketLoggingStatus');
  answer.sendXml(200, found === undefined ? off.toString() : String(found.value));
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html */
export async function putBucketLogging(exchange: Exchange): Promise<void> {
  const { store, bucket, answer } = exchange;
  const asked = readLoggingStatus(await readWholeBody(exchange, bodyBytesMax));
  await store.headBucket(bucket);
  if (asked !== undefined) checkTarget(exchange, asked.rule);
  if (asked?.hasGrants === true) refuseGrants(exchange, asked.rule);
  const value = asked === undefined ? null : loggingStatusXml(asked.rule);
  await store.setBucketConfiguration(bucket, 'logging', value);
  answer.sendEmpty(200);
}

function checkTarget({ edge, access, store, bucket }: Exchange, rule: LoggingRule): void {
  const { ownerId } = access.guard(bucket);
  const refusal = targetRefusal(ownerId, targetOf(store, rule.targetBucket));
  if (refusal !== undefined) throw new S3Error('InvalidTargetBucketForLogging', refusal);
  const from = [edge.users.directory.shownId(ownerId), edge.region, bucket];
  const keyBytes = Buffer.byteLength(logKey(rule, from, 0, '0'.repeat(16)));
  if (keyBytes > limits.keyBytesMax)
    throw new S3Error('InvalidArgument', 'The target prefix is too long.');
}

function targetOf(
  store: Exchange['store'],
  name: string,
): ReturnType<typeof store.access.ofBucket> {
  try {
    return store.access.ofBucket(name);
  } catch (cause) {
    if (!isLogStoreError(cause, 'NO_SUCH_BUCKET')) throw cause;
    const message = 'The target bucket for logging does not exist';
    throw new S3Error('InvalidTargetBucketForLogging', message, { cause });
  }
}

/** Objects of logs belong to their bucket's owner, who grants them by a policy. */
function refuseGrants({ access }: Exchange, { targetBucket }: LoggingRule): never {
  const { ownership } = access.guard(targetBucket);
  if (ownership === 'BucketOwnerEnforced') throw new S3Error('AccessControlListNotSupported');
  throw new S3Error('NotImplemented', 'TargetGrants are not served: use a policy of the bucket.');
}
