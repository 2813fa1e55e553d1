import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectAttributesCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf, failureOf, type S3Place, s3Place } from './s3-place.js';

const locks = suite('object lock over S3');

let at: S3Place;
locks.before(async () => {
  at = await s3Place();
});
locks.after(() => at.close());

const dayMs = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * dayMs);
let count = 0;
async function aLockedBucket(): Promise<string> {
  const Bucket = `locked-${count++}`;
  await at.client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  return Bucket;
}
async function anObject(Bucket: string, over: object = {}): Promise<string> {
  const put = new PutObjectCommand({ Bucket, Key: 'k', Body: 'body', ...over });
  return (await at.client.send(put)).VersionId ?? '';
}
const remove = (Bucket: string, VersionId: string, BypassGovernanceRetention?: boolean) =>
  at.client.send(
    new DeleteObjectCommand({ Bucket, Key: 'k', VersionId, BypassGovernanceRetention }),
  );
type Mode = 'GOVERNANCE' | 'COMPLIANCE';
const retain = (Bucket: string, Mode: Mode, RetainUntilDate: Date, bypass?: boolean) =>
  at.client.send(
    new PutObjectRetentionCommand({
      ...{ Bucket, Key: 'k', Retention: { Mode, RetainUntilDate } },
      BypassGovernanceRetention: bypass,
    }),
  );
const hold = (Bucket: string, Status: 'ON' | 'OFF') =>
  at.client.send(new PutObjectLegalHoldCommand({ Bucket, Key: 'k', LegalHold: { Status } }));

locks('a lock implies versions, and forbids suspending them', async () => {
  const Bucket = await aLockedBucket();
  const versioning = await at.client.send(new GetBucketVersioningCommand({ Bucket }));
  assert.is(versioning.Status, 'Enabled');
  const suspend = new PutBucketVersioningCommand({
    ...{ Bucket, VersioningConfiguration: { Status: 'Suspended' } },
  });
  assert.is(await failureOf(at.client.send(suspend)), 'InvalidBucketState');
  const get = new GetObjectLockConfigurationCommand({ Bucket });
  const { ObjectLockConfiguration } = await at.client.send(get);
  assert.equal(ObjectLockConfiguration, { ObjectLockEnabled: 'Enabled' });
});

locks('a default retention holds for what is put later', async () => {
  const Bucket = await aLockedBucket();
  const before = await anObject(Bucket);
  const DefaultRetention = { Mode: 'GOVERNANCE' as const, Days: 2 };
  await at.client.send(
    new PutObjectLockConfigurationCommand({
      Bucket,
      ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention } },
    }),
  );
  const get = new GetObjectLockConfigurationCommand({ Bucket });
  const { ObjectLockConfiguration } = await at.client.send(get);
  assert.equal(ObjectLockConfiguration?.Rule?.DefaultRetention, DefaultRetention);
  const after = await anObject(Bucket);
  const head = await at.client.send(new HeadObjectCommand({ Bucket, Key: 'k' }));
  assert.is(head.ObjectLockMode, 'GOVERNANCE');
  const untilMs = head.ObjectLockRetainUntilDate?.getTime() ?? 0;
  assert.is(untilMs - (untilMs % 1000), (head.LastModified?.getTime() ?? 0) + 2 * dayMs);
  await remove(Bucket, before);
  assert.is(await failureOf(remove(Bucket, after)), 'AccessDenied');
  await remove(Bucket, after, true);
});

locks('compliance holds against everybody, and can only be made longer', async () => {
  const Bucket = await aLockedBucket();
  const ObjectLockRetainUntilDate = inDays(1);
  const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate };
  const VersionId = await anObject(Bucket, lock);
  for (const bypass of [undefined, true]) {
    assert.is(await failureOf(remove(Bucket, VersionId, bypass)), 'AccessDenied');
    const shorter = retain(Bucket, 'COMPLIANCE', inDays(0.5), bypass);
    assert.is(await failureOf(shorter), 'AccessDenied');
    const softer = retain(Bucket, 'GOVERNANCE', inDays(2), bypass);
    assert.is(await failureOf(softer), 'AccessDenied');
  }
  await retain(Bucket, 'COMPLIANCE', inDays(2));
  const Objects = [{ Key: 'k', VersionId }];
  const answer = await at.client.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects }, BypassGovernanceRetention: true }),
  );
  assert.is(answer.Errors?.[0]?.Code, 'AccessDenied');
  // A delete marker hides it, and takes nothing away.
  await at.client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
  assert.is(await failureOf(at.client.send(new DeleteBucketCommand({ Bucket }))), 'BucketNotEmpty');
  const head = await at.client.send(new HeadObjectCommand({ Bucket, Key: 'k', VersionId }));
  assert.is(head.ObjectLockMode, 'COMPLIANCE');
});

locks('governance gives way to those who bypass it', async () => {
  const Bucket = await aLockedBucket();
  const VersionId = await anObject(Bucket);
  const asked = new GetObjectRetentionCommand({ Bucket, Key: 'k' });
  assert.is(await failureOf(at.client.send(asked)), 'NoSuchObjectLockConfiguration');
  await retain(Bucket, 'GOVERNANCE', inDays(5));
  assert.is((await at.client.send(asked)).Retention?.Mode, 'GOVERNANCE');
  await retain(Bucket, 'GOVERNANCE', inDays(6));
  assert.is(await failureOf(retain(Bucket, 'GOVERNANCE', inDays(1))), 'AccessDenied');
  const target = `/${Bucket}/k?retention`;
  const headers = { 'x-amz-bypass-governance-retention': 'true' };
  for (const body of ['<Retention/>', '<Retention><Mode></Mode></Retention>']) {
    await retain(Bucket, 'GOVERNANCE', inDays(1), true);
    const removal = { method: 'PUT', target, body };
    assert.is(codeOf(await at.send(removal)), 'AccessDenied');
    assert.is((await at.send({ ...removal, headers })).status, 200);
  }
  await remove(Bucket, VersionId);
});

locks('a legal hold holds until it is taken off, whatever else is allowed', async () => {
  const Bucket = await aLockedBucket();
  const VersionId = await anObject(Bucket, { ObjectLockLegalHoldStatus: 'ON', Tagging: 'a=b' });
  assert.is(await failureOf(remove(Bucket, VersionId, true)), 'AccessDenied');
  const get = new GetObjectLegalHoldCommand({ Bucket, Key: 'k' });
  assert.is((await at.client.send(get)).LegalHold?.Status, 'ON');
  await hold(Bucket, 'OFF');
  assert.is((await at.client.send(get)).LegalHold?.Status, 'OFF');
  const head = await at.send({ method: 'HEAD', target: `/${Bucket}/k` });
  assert.is(head.headers['x-amz-tagging-count'], '1');
  await remove(Bucket, VersionId);
});

locks('a legal hold that was never set is not there; one that was taken off is', async () => {
  const Bucket = await aLockedBucket();
  const lock = { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: inDays(1) };
  for (const over of [{}, lock]) {
    const VersionId = await anObject(Bucket, over);
    const get = new GetObjectLegalHoldCommand({ Bucket, Key: 'k', VersionId });
    assert.is(await failureOf(at.client.send(get)), 'NoSuchObjectLockConfiguration');
    await hold(Bucket, 'OFF');
    assert.is((await at.client.send(get)).LegalHold?.Status, 'OFF');
    await remove(Bucket, VersionId, true);
  }
  await anObject(Bucket, { ObjectLockLegalHoldStatus: 'OFF' });
  const get = new GetObjectLegalHoldCommand({ Bucket, Key: 'k' });
  assert.is((await at.client.send(get)).LegalHold?.Status, 'OFF');
});

locks('a copy has no lock but its own', async () => {
  const Bucket = await aLockedBucket();
  await anObject(Bucket, { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: inDays(1) });
  const copy = new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` });
  await at.client.send(copy);
  const head = await at.client.send(new HeadObjectCommand({ Bucket, Key: 'copy' }));
  assert.is(head.ObjectLockMode, undefined);
});

locks('where there is no lock, none is promised', async () => {
  const Bucket = 'unlocked';
  await at.client.send(new CreateBucketCommand({ Bucket }));
  const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: inDays(1) };
  assert.is(await failureOf(anObject(Bucket, lock)), 'InvalidRequest');
  assert.is(
    await failureOf(at.client.send(new HeadObjectCommand({ Bucket, Key: 'k' }))),
    'NotFound',
  );
  await anObject(Bucket);
  assert.is(await failureOf(retain(Bucket, 'GOVERNANCE', inDays(1))), 'InvalidRequest');
  assert.is(await failureOf(hold(Bucket, 'ON')), 'InvalidRequest');
  for (const query of ['retention', 'legal-hold']) {
    const answer = await at.send({ method: 'GET', target: `/${Bucket}/k?${query}` });
    assert.is(codeOf(answer), 'InvalidRequest');
  }
  const get = await at.send({ method: 'GET', target: `/${Bucket}?object-lock` });
  assert.is(codeOf(get), 'ObjectLockConfigurationNotFoundError');
  const body = '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>';
  const target = `/${Bucket}?object-lock`;
  const put = { method: 'PUT', target, body: `${body}</ObjectLockConfiguration>` };
  assert.is(codeOf(await at.send(put)), 'InvalidBucketState');
  await at.client.send(
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  assert.is((await at.send(put)).status, 200);
  await retain(Bucket, 'GOVERNANCE', inDays(1));
});

const rule = (inside: string) =>
  '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>' +
  `<DefaultRetention>${inside}</DefaultRetention></Rule></ObjectLockConfiguration>`;
const malformed: readonly (readonly [query: string, body: string, code: string])[] = [
  ['object-lock', '<ObjectLockConfiguration/>', 'MalformedXML'],
  ['object-lock', rule('<Mode>NONE</Mode><Days>1</Days>'), 'MalformedXML'],
  ['object-lock', rule('<Mode>GOVERNANCE</Mode>'), 'MalformedXML'],
  ['object-lock', rule('<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>'), 'MalformedXML'],
  ['object-lock', rule('<Mode>GOVERNANCE</Mode><Days>0</Days>'), 'InvalidRetentionPeriod'],
  ['object-lock', rule('<Mode>GOVERNANCE</Mode><Years>-1</Years>'), 'InvalidRetentionPeriod'],
  ['retention', '<Retention><Mode>GOVERNANCE</Mode></Retention>', 'MalformedXML'],
  [
    'retention',
    '<Retention><Mode>abc</Mode><RetainUntilDate>2099-01-01T00:00:00Z</RetainUntilDate></Retention>',
    'MalformedXML',
  ],
  [
    'retention',
    '<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>soon</RetainUntilDate></Retention>',
    'MalformedXML',
  ],
  [
    'retention',
    '<Retention><Mode>GOVERNANCE</Mode>' +
      '<RetainUntilDate>2000-01-01T00:00:00Z</RetainUntilDate></Retention>',
    'InvalidArgument',
  ],
  ['legal-hold', '<LegalHold><Status>MAYBE</Status></LegalHold>', 'MalformedXML'],
];

for (const [query, body, code] of malformed)
  locks(`${query} refuses ${body}`, async () => {
    const Bucket = await aLockedBucket();
    await anObject(Bucket);
    const path = query === 'object-lock' ? `/${Bucket}` : `/${Bucket}/k`;
    assert.is(codeOf(await at.send({ method: 'PUT', target: `${path}?${query}`, body })), code);
    const denied = { method: 'PUT', target: `${path}?${query}`, body, secret: 'wrong' };
    assert.is((await at.send(denied)).status, 403);
    const missing = path.replace(Bucket, 'no-such-bucket-here');
    assert.is(
      codeOf(await at.send({ method: 'GET', target: `${missing}?${query}` })),
      'NoSuchBucket',
    );
  });

locks('headers of a lock that make no sense are refused', async () => {
  const Bucket = await aLockedBucket();
  for (const headers of [
    { 'x-amz-object-lock-mode': 'GOVERNANCE' },
    { 'x-amz-object-lock-retain-until-date': '2099-01-01T00:00:00Z' },
    {
      'x-amz-object-lock-mode': 'NONE',
      'x-amz-object-lock-retain-until-date': '2099-01-01T00:00:00Z',
    },
    {
      'x-amz-object-lock-mode': 'GOVERNANCE',
      'x-amz-object-lock-retain-until-date': '2000-01-01T00:00:00Z',
    },
    { 'x-amz-object-lock-legal-hold': 'on' },
  ] as Record<string, string>[]) {
    const target = `/${Bucket}/k`;
    const answer = await at.send({ method: 'PUT', target, headers, body: 'x' });
    assert.is(codeOf(answer), 'InvalidArgument', JSON.stringify(headers));
    assert.is((await at.send({ method: 'HEAD', target })).status, 404);
  }
});

locks('attributes are told as asked for', async () => {
  const Bucket = await aLockedBucket();
  const VersionId = await anObject(Bucket, { ChecksumAlgorithm: 'CRC32C' });
  const answer = await at.client.send(
    new GetObjectAttributesCommand({
      ...{ Bucket, Key: 'k', VersionId },
      ObjectAttributes: ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'],
    }),
  );
  assert.is(answer.ETag, '841a2d689ad86bd1611447453c22c6fc');
  assert.is(answer.ObjectSize, 4);
  assert.is(answer.StorageClass, 'STANDARD');
  assert.is(answer.VersionId, VersionId);
  assert.ok(answer.Checksum?.ChecksumCRC32C !== undefined);
  assert.is(answer.ObjectParts, undefined);
  const target = `/${Bucket}/k?attributes`;
  assert.is(codeOf(await at.send({ method: 'GET', target })), 'InvalidRequest');
  const headers = { 'x-amz-object-attributes': 'ETag' };
  const few = await at.send({ method: 'GET', target, headers });
  assert.not.match(few.body.toString(), 'ObjectSize');
  const missing = { method: 'GET', target: `/${Bucket}/nowhere?attributes`, headers };
  assert.is(codeOf(await at.send(missing)), 'NoSuchKey');
  assert.is((await at.send({ method: 'GET', target, headers, secret: 'wrong' })).status, 403);
});

locks.run();
