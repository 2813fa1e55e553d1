import { readWholeBody } from './body.js';
import type { Exchange } from './exchange.js';
import { S3Error } from './s3-error.js';
import { readWebsiteRules, writeWebsiteRules } from './website-rules.js';

const bodyBytesMax = 128 * 1024;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketWebsite.html */
export async function getBucketWebsite({ store, bucket, answer }: Exchange): Promise<void> {
  const found = await store.bucketConfiguration(bucket, 'website');
  if (found === undefined) throw new S3Error('NoSuchWebsiteConfiguration');
  answer.sendXml(200, String(found.value));
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html */
export async function putBucketWebsite(exchange: Exchange): Promise<void> {
  const rules = readWebsiteRules(await readWholeBody(exchange, bodyBytesMax));
  const document = writeWebsiteRules(rules);
  await exchange.store.setBucketConfiguration(exchange.bucket, 'website', document);
  exchange.answer.sendEmpty(200);
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketWebsite.html */
export async function deleteBucketWebsite({ store, bucket, answer }: Exchange): Promise<void> {
  await store.setBucketConfiguration(bucket, 'website', null);
  answer.sendEmpty(204);
}
