import {
  decodePublicAccessBlock,
  encodePublicAccessBlock,
  type PublicAccessFlag,
  publicAccessFlags,
} from '../../auth/bucket-rules.js';
import { readWholeBody } from './body.js';
import type { Exchange } from './exchange.js';
import { S3Error } from './s3-error.js';
import { s3Document } from './xml.js';
import { childText, malformed, readXml } from './xml-read.js';

const bodyBytesMax = 64 * 1024;
const root = 'PublicAccessBlockConfiguration';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html */
export async function getPublicAccessBlock({ store, bucket, answer }: Exchange): Promise<void> {
  const text = store.access.ofBucket(bucket).document('public-access-block');
  if (text === undefined) throw new S3Error('NoSuchPublicAccessBlockConfiguration');
  const block = decodePublicAccessBlock(text);
  const xml = s3Document(root);
  for (const flag of publicAccessFlags) xml.element(flag, block.has(flag));
  answer.sendXml(200, xml.close(root).toString());
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html */
export async function putPublicAccessBlock(exchange: Exchange): Promise<void> {
  const configuration = readXml(await readWholeBody(exchange, bodyBytesMax), root);
  const on = new Set<PublicAccessFlag>();
  for (const flag of publicAccessFlags) {
    const text = childText(configuration, flag)?.trim().toLowerCase() ?? 'false';
    if (text !== 'true' && text !== 'false') throw malformed();
    if (text === 'true') on.add(flag);
  }
  const { store, bucket, answer } = exchange;
  await store.setBucketConfiguration(bucket, 'public-access-block', encodePublicAccessBlock(on));
  answer.sendEmpty(200);
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeletePublicAccessBlock.html */
export async function deletePublicAccessBlock({ store, bucket, answer }: Exchange): Promise<void> {
  await store.setBucketConfiguration(bucket, 'public-access-block', null);
  answer.sendEmpty(204);
}
