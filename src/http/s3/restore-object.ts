import { readWholeBody } from './body.js';
import type { Exchange } from './exchange.js';
import { S3Error } from './s3-error.js';
import { versionIdOf } from './versions.js';
import { readXml } from './xml-read.js';

const bodyBytesMax = 64 * 1024;

/**
 * Nothing is archived here, so nothing can be restored: S3 says so of any object that is not.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
 */
export async function restoreObject(exchange: Exchange): Promise<void> {
  const { store, bucket, key, query } = exchange;
  readXml(await readWholeBody(exchange, bodyBytesMax), 'RestoreRequest');
  await store.head(bucket, key, { versionId: versionIdOf(query) });
  throw new S3Error('InvalidObjectState');
}
