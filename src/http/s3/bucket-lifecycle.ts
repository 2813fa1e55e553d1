import { type LifecycleRule, lifecycleRulesOf, lifecycleText } from '../../store/lifecycle-face.js';
import { readWholeBody } from './body.js';
import type { Exchange } from './exchange.js';
import { readLifecycleRules } from './lifecycle-read.js';
import { S3Error } from './s3-error.js';
import { s3Document, type XmlWriter } from './xml.js';
import { readXml } from './xml-read.js';

const bodyBytesMax = 1024 * 1024;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html */
export async function getBucketLifecycle({ store, bucket, answer }: Exchange): Promise<void> {
  const found = await store.bucketConfiguration(bucket, 'lifecycle');
  if (found === undefined) throw new S3Error('NoSuchLifecycleConfiguration');
  const xml = s3Document('LifecycleConfiguration');
  for (const rule of lifecycleRulesOf(String(found.value))) writeRule(xml, rule);
  answer.sendXml(200, xml.close('LifecycleConfiguration').toString());
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html */
export async function putBucketLifecycle(exchange: Exchange): Promise<void> {
  const body = await readWholeBody(exchange, bodyBytesMax);
  const { store, bucket, edge, answer } = exchange;
  await store.headBucket(bucket);
  const newId = (): string => Buffer.from(edge.random.bytes(24)).toString('base64url');
  const rules = readLifecycleRules(readXml(body, 'LifecycleConfiguration'), newId);
  await store.setBucketConfiguration(bucket, 'lifecycle', lifecycleText(rules));
  answer.sendEmpty(200);
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketLifecycle.html */
export async function deleteBucketLifecycle({ store, bucket, answer }: Exchange): Promise<void> {
  await store.setBucketConfiguration(bucket, 'lifecycle', null);
  answer.sendEmpty(204);
}

function writeRule(xml: XmlWriter, rule: LifecycleRule): void {
  const { id, enabled, expiration, noncurrent, abortDays } = rule;
  xml.open('Rule').element('ID', id);
  writeFilter(xml, rule);
  xml.element('Status', enabled ? 'Enabled' : 'Disabled');
  if (expiration !== undefined) {
    xml.open('Expiration');
    if ('days' in expiration) xml.element('Days', expiration.days);
    else if ('marker' in expiration) xml.element('ExpiredObjectDeleteMarker', expiration.marker);
    else xml.element('Date', new Date(expiration.dateUnixMs).toISOString());
    xml.close('Expiration');
  }
  if (noncurrent !== undefined) {
    xml.open('NoncurrentVersionExpiration').element('NoncurrentDays', noncurrent.days);
    xml.element('NewerNoncurrentVersions', noncurrent.newerCount);
    xml.close('NoncurrentVersionExpiration');
  }
  if (abortDays !== undefined) {
    xml.open('AbortIncompleteMultipartUpload').element('DaysAfterInitiation', abortDays);
    xml.close('AbortIncompleteMultipartUpload');
  }
  xml.close('Rule');
}

function writeFilter(xml: XmlWriter, { form, filter }: LifecycleRule): void {
  const { prefix, tags = [], sizeAboveBytes, sizeBelowBytes } = filter;
  if (form === 'prefix') {
    xml.element('Prefix', prefix);
    return;
  }
  xml.open('Filter');
  if (form === 'and') xml.open('And');
  xml.element('Prefix', prefix);
  for (const [name, value] of tags) {
    xml.open('Tag').element('Key', name).element('Value', value).close('Tag');
  }
  xml.element('ObjectSizeGreaterThan', sizeAboveBytes);
  xml.element('ObjectSizeLessThan', sizeBelowBytes);
  if (form === 'and') xml.close('And');
  xml.close('Filter');
}
