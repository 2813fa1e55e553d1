import { readWholeBody } from './body.js';
import type { Exchange } from './exchange.js';
import { retentionOf } from './lock-headers.js';
import { S3Error } from './s3-error.js';
import { bypassesGovernance, pushVersionId, versionIdOf } from './versions.js';
import { s3Document } from './xml.js';
import { childText, malformed, readXml, type XmlElement } from './xml-read.js';

const bodyBytesMax = 64 * 1024;
/** The configuration's value with a rule (SPEC.md §4). */
const ruleText = /^Enabled (GOVERNANCE|COMPLIANCE) (\d+) (days|years)$/;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html */
export async function getObjectLockConfiguration(exchange: Exchange): Promise<void> {
  const { store, bucket, answer } = exchange;
  const found = await store.bucketConfiguration(bucket, 'object-lock');
  if (found === undefined) throw new S3Error('ObjectLockConfigurationNotFoundError');
  const xml = s3Document('ObjectLockConfiguration').element('ObjectLockEnabled', 'Enabled');
  const rule = ruleText.exec(String(found.value));
  if (rule !== null) {
    const [, mode, count, unit] = rule;
    xml.open('Rule').open('DefaultRetention').element('Mode', mode);
    xml.element(unit === 'days' ? 'Days' : 'Years', count);
    xml.close('DefaultRetention').close('Rule');
  }
  answer.sendXml(200, xml.close('ObjectLockConfiguration').toString());
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html */
export async function putObjectLockConfiguration(exchange: Exchange): Promise<void> {
  const body = await readWholeBody(exchange, bodyBytesMax);
  const configuration = readXml(body, 'ObjectLockConfiguration');
  if (childText(configuration, 'ObjectLockEnabled')?.trim() !== 'Enabled') throw malformed();
  const rules = configuration.children.filter(({ name }) => name === 'Rule');
  if (rules.length > 1) throw malformed();
  const [rule] = rules;
  const value = rule === undefined ? 'Enabled' : `Enabled ${defaultRetention(rule)}`;
  await exchange.store.setBucketConfiguration(exchange.bucket, 'object-lock', value);
  exchange.answer.sendEmpty(200);
}

function defaultRetention({ children }: XmlElement): string {
  const [retention] = children;
  if (retention?.name !== 'DefaultRetention' || children.length > 1) throw malformed();
  const mode = childText(retention, 'Mode')?.trim();
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') throw malformed();
  const [days, years] = [childText(retention, 'Days'), childText(retention, 'Years')];
  const count = (days ?? years)?.trim() ?? '';
  if ((days === undefined) === (years === undefined) || !/^-?\d{1,9}$/.test(count)) {
    throw malformed();
  }
  const [countMax, unit] = days === undefined ? [100, 'years'] : [36_500, 'days'];
  if (Number(count) < 1 || Number(count) > countMax) {
    throw new S3Error(
      'InvalidRetentionPeriod',
      `Default retention period must be 1 to ${countMax}`,
    );
  }
  return `${mode} ${Number(count)} ${unit}`;
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html */
export async function getObjectRetention(exchange: Exchange): Promise<void> {
  const { store, bucket, key, query, answer } = exchange;
  await checkHasLock(exchange);
  const { lock, versionId } = await store.head(bucket, key, { versionId: versionIdOf(query) });
  const retention = lock?.retention;
  if (retention === undefined) throw new S3Error('NoSuchObjectLockConfiguration');
  const xml = s3Document('Retention').element('Mode', retention.mode);
  xml.element('RetainUntilDate', new Date(retention.untilUnixMs).toISOString());
  answer.sendXml(200, xml.close('Retention').toString(), pushVersionId([], versionId));
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html */
export async function putObjectRetention(exchange: Exchange): Promise<void> {
  const { store, bucket, key, query, answer } = exchange;
  const named = versionIdOf(query);
  const asked = readXml(await readWholeBody(exchange, bodyBytesMax), 'Retention');
  const mode = childText(asked, 'Mode')?.trim() || undefined; // some SDKs write it empty
  const until = childText(asked, 'RetainUntilDate')?.trim() || undefined;
  const isRemoval = mode === undefined && until === undefined;
  const retention = isRemoval ? undefined : retentionOf(mode ?? '', until ?? '');
  if (!isRemoval && retention === undefined) throw malformed();
  const { versionId } = await store.setRetention(bucket, key, retention, {
    versionId: named,
    bypassGovernance: await bypassesGovernance(exchange, key),
  });
  answer.sendEmpty(200, pushVersionId([], versionId));
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLegalHold.html */
export async function getObjectLegalHold(exchange: Exchange): Promise<void> {
  const { store, bucket, key, query, answer } = exchange;
  await checkHasLock(exchange);
  const { legalHold, versionId } = await store.getLegalHold(bucket, key, {
    versionId: versionIdOf(query),
  });
  if (legalHold === undefined) throw new S3Error('NoSuchObjectLockConfiguration');
  const xml = s3Document('LegalHold').element('Status', legalHold ? 'ON' : 'OFF');
  answer.sendXml(200, xml.close('LegalHold').toString(), pushVersionId([], versionId));
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html */
export async function putObjectLegalHold(exchange: Exchange): Promise<void> {
  const { store, bucket, key, query, answer } = exchange;
  const named = versionIdOf(query);
  const asked = readXml(await readWholeBody(exchange, bodyBytesMax), 'LegalHold');
  const status = childText(asked, 'Status')?.trim();
  if (status !== 'ON' && status !== 'OFF') throw malformed();
  const hold = status === 'ON';
  const { versionId } = await store.setLegalHold(bucket, key, hold, { versionId: named });
  answer.sendEmpty(200, pushVersionId([], versionId));
}

async function checkHasLock({ store, bucket }: Exchange): Promise<void> {
  if ((await store.bucketConfiguration(bucket, 'object-lock')) !== undefined) return;
  throw new S3Error('InvalidRequest', 'Bucket is missing Object Lock Configuration');
}
