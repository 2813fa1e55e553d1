import { readWholeBody } from './body.js';
import type { Exchange } from './exchange.js';
import { S3Error } from './s3-error.js';
import { s3Document } from './xml.js';
import { readXml, type XmlElement } from './xml-read.js';

const bodyBytesMax = 64 * 1024;

// What S3 says of a bucket on which nothing was configured. Clients ask for these before their
// first request, or set what is so anyway; every other setting answers NotImplemented.

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html */
export async function bucketLocation(exchange: Exchange): Promise<void> {
  const { region } = exchange.edge;
  // S3's first region has no name here.
  await answer(exchange, 'LocationConstraint', region === 'us-east-1' ? '' : region);
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketRequestPayment.html */
export async function bucketPayer(exchange: Exchange): Promise<void> {
  await exchange.store.headBucket(exchange.bucket);
  const xml = s3Document('RequestPaymentConfiguration').element('Payer', 'BucketOwner');
  exchange.answer.sendXml(200, xml.close('RequestPaymentConfiguration').toString());
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAccelerateConfiguration.html */
export async function bucketAcceleration(exchange: Exchange): Promise<void> {
  await answer(exchange, 'AccelerateConfiguration', '');
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketRequestPayment.html */
export async function setBucketPayer(exchange: Exchange): Promise<void> {
  const [payer, ...others] = await settings(exchange, 'RequestPaymentConfiguration');
  const isOwner = payer?.name === 'Payer' && payer.text.trim() === 'BucketOwner';
  if (!isOwner || others.length > 0) throw new S3Error('NotImplemented');
  exchange.answer.sendEmpty(200);
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketReplication.html */
export async function bucketReplication({ store, bucket }: Exchange): Promise<void> {
  await store.headBucket(bucket);
  throw new S3Error('ReplicationConfigurationNotFoundError');
}

async function settings(exchange: Exchange, root: string): Promise<readonly XmlElement[]> {
  const { children } = readXml(await readWholeBody(exchange, bodyBytesMax), root);
  await exchange.store.headBucket(exchange.bucket);
  return children;
}

async function answer(exchange: Exchange, root: string, text: string): Promise<void> {
  await exchange.store.headBucket(exchange.bucket);
  exchange.answer.sendXml(200, s3Document(root).text(text).close(root).toString());
}
