import { readWholeBody } from './body.js';
import { kmsKeyOf } from './encryption-headers.js';
import type { Exchange } from './exchange.js';
import { S3Error } from './s3-error.js';
import { s3Document } from './xml.js';
import { childText, malformed, onlyChild, readXml, type XmlElement } from './xml-read.js';

const bodyBytesMax = 64 * 1024;
/** The value of the configuration `encryption` (SPEC.md §4). */
const valuePattern = /^(?:AES256|aws:kms (\S+))( bucket-key)?( customer-keys| no-customer-keys)?$/;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html */
export async function getBucketEncryption({ store, bucket, answer }: Exchange): Promise<void> {
  const found = await store.bucketConfiguration(bucket, 'encryption');
  if (found === undefined) throw new S3Error('ServerSideEncryptionConfigurationNotFoundError');
  const xml = s3Document('ServerSideEncryptionConfiguration').open('Rule');
  const [, kmsKey, bucketKey, customerKeys] = valuePattern.exec(String(found.value)) ?? [];
  xml.open('ApplyServerSideEncryptionByDefault');
  xml.element('SSEAlgorithm', kmsKey === undefined ? 'AES256' : 'aws:kms');
  xml.element('KMSMasterKeyID', kmsKey);
  xml.close('ApplyServerSideEncryptionByDefault');
  xml.element('BucketKeyEnabled', bucketKey !== undefined);
  if (customerKeys !== undefined) {
    const blocked = customerKeys === ' customer-keys' ? 'NONE' : 'SSE-C';
    xml.open('BlockedEncryptionTypes').element('EncryptionType', blocked);
    xml.close('BlockedEncryptionTypes');
  }
  xml.close('Rule');
  answer.sendXml(200, xml.close('ServerSideEncryptionConfiguration').toString());
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html */
export async function putBucketEncryption(exchange: Exchange): Promise<void> {
  const body = await readWholeBody(exchange, bodyBytesMax);
  const { children } = readXml(body, 'ServerSideEncryptionConfiguration');
  const [rule] = children;
  if (rule?.name !== 'Rule' || children.length !== 1) throw malformed();
  const applied = onlyChild(rule, 'ApplyServerSideEncryptionByDefault');
  const customerKeys = customerKeysOf(rule);
  if (applied === undefined && customerKeys === '') throw malformed();
  const method = applied === undefined ? 'AES256' : childText(applied, 'SSEAlgorithm')?.trim();
  if (method === undefined || method === '') throw malformed();
  if (!['AES256', 'aws:kms', 'aws:kms:dsse'].includes(method)) throw malformed();
  const keyId = applied && childText(applied, 'KMSMasterKeyID')?.trim();
  const kmsKey = kmsKeyOf(exchange, method, keyId);
  if (kmsKey === undefined && keyId !== undefined) {
    const message =
      'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms';
    throw new S3Error('InvalidArgument', message);
  }
  const bucketKey = childText(rule, 'BucketKeyEnabled')?.trim() ?? 'false';
  if (bucketKey !== 'true' && bucketKey !== 'false') throw malformed();
  const plain = kmsKey === undefined ? 'AES256' : `aws:kms ${kmsKey}`;
  const value = (bucketKey === 'true' ? `${plain} bucket-key` : plain) + customerKeys;
  await exchange.store.setBucketConfiguration(exchange.bucket, 'encryption', value);
  exchange.answer.sendEmpty(200);
}

/**
 * Whether a customer may bring a key, as the value of the configuration says it at its end.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_BlockedEncryptionTypes.html
 */
function customerKeysOf(rule: XmlElement): string {
  const blocked = onlyChild(rule, 'BlockedEncryptionTypes');
  if (blocked === undefined) return '';
  const type = childText(blocked, 'EncryptionType')?.trim();
  if (type === 'NONE') return ' customer-keys';
  if (type === 'SSE-C') return ' no-customer-keys';
  throw malformed();
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketEncryption.html */
export async function deleteBucketEncryption({ store, bucket, answer }: Exchange): Promise<void> {
  await store.setBucketConfiguration(bucket, 'encryption', null);
  answer.sendEmpty(204);
}
