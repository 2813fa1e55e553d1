import type { Exchange } from './exchange.js';
import { s3Document } from './xml.js';

// What S3 says of a bucket on which nothing was configured. Clients ask for these before their
// first request; the configuration itself cannot be set, and setting it answers NotImplemented.

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

async function answer(exchange: Exchange, root: string, text: string): Promise<void> {
  await exchange.store.headBucket(exchange.bucket);
  exchange.answer.sendXml(200, s3Document(root).text(text).close(root).toString());
}
