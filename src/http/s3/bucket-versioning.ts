import { readWholeBody } from './body.js';
import type { Exchange } from './exchange.js';
import { S3Error } from './s3-error.js';
import { s3Document } from './xml.js';
import { childText, malformed, readXml } from './xml-read.js';

const bodyBytesMax = 64 * 1024;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html */
export async function getBucketVersioning({ store, bucket, answer }: Exchange): Promise<void> {
  const versioning = await store.bucketVersioning(bucket);
  const status = { off: undefined, enabled: 'Enabled', suspended: 'Suspended' }[versioning];
  const xml = s3Document('VersioningConfiguration').element('Status', status);
  answer.sendXml(200, xml.close('VersioningConfiguration').toString());
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html */
export async function putBucketVersioning(exchange: Exchange): Promise<void> {
  const body = await readWholeBody(exchange, bodyBytesMax);
  const configuration = readXml(body, 'VersioningConfiguration');
  if ((childText(configuration, 'MfaDelete') ?? 'Disabled') !== 'Disabled') {
    throw new S3Error('NotImplemented');
  }
  const status = childText(configuration, 'Status')?.trim();
  if (status === undefined) throw new S3Error('IllegalVersioningConfigurationException');
  if (status !== 'Enabled' && status !== 'Suspended') throw malformed();
  const versioning = status === 'Enabled' ? 'enabled' : 'suspended';
  await exchange.store.setBucketVersioning(exchange.bucket, versioning);
  exchange.answer.sendEmpty(200);
}
