import { readWholeBody } from './body.js';
import { causeOf } from './event-cause.js';
import type { Exchange } from './exchange.js';
import { S3Error } from './s3-error.js';
import { readTagging, tagLimits, writeTagging } from './tags.js';
import { pushVersionId, versionIdOf } from './versions.js';
import { s3Document } from './xml.js';

const bodyBytesMax = 256 * 1024;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html */
export async function getObjectTagging(exchange: Exchange): Promise<void> {
  const { store, bucket, key, query, answer } = exchange;
  const { tags, versionId } = await store.getTags(bucket, key, { versionId: versionIdOf(query) });
  const document = writeTagging(s3Document('Tagging'), tags).toString();
  answer.sendXml(200, document, pushVersionId([], versionId));
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html */
export async function putObjectTagging(exchange: Exchange): Promise<void> {
  const { store, bucket, key, query, answer } = exchange;
  const named = { versionId: versionIdOf(query) };
  const tags = readTagging(await readWholeBody(exchange, bodyBytesMax), tagLimits.object);
  await exchange.access.requireTagged({ bucket, key, ...named }, tags);
  const cause = causeOf(exchange);
  const { versionId } = await store.setTags(bucket, key, tags, { ...named, cause });
  answer.sendEmpty(200, pushVersionId([], versionId));
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html */
export async function deleteObjectTagging(exchange: Exchange): Promise<void> {
  const { store, bucket, key, query, answer } = exchange;
  const named = { versionId: versionIdOf(query) };
  const cause = causeOf(exchange);
  const { versionId } = await store.setTags(bucket, key, {}, { ...named, cause });
  answer.sendEmpty(204, pushVersionId([], versionId));
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html */
export async function getBucketTagging({ store, bucket, answer }: Exchange): Promise<void> {
  const found = await store.bucketConfiguration(bucket, 'tagging');
  if (found === undefined) throw new S3Error('NoSuchTagSet');
  answer.sendXml(200, String(found.value));
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html */
export async function putBucketTagging(exchange: Exchange): Promise<void> {
  const tags = readTagging(await readWholeBody(exchange, bodyBytesMax), tagLimits.bucket);
  const document = writeTagging(s3Document('Tagging'), tags).toString();
  await exchange.store.setBucketConfiguration(exchange.bucket, 'tagging', document);
  exchange.answer.sendEmpty(204);
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketTagging.html */
export async function deleteBucketTagging({ store, bucket, answer }: Exchange): Promise<void> {
  await store.setBucketConfiguration(bucket, 'tagging', null);
  answer.sendEmpty(204);
}
