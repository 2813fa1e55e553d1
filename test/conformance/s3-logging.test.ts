import {
  type BucketLoggingStatus,
  CreateBucketCommand,
  GetBucketLoggingCommand,
  type LoggingEnabled,
  PutBucketLoggingCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type People, peoplePlace } from '../e2e/people.js';
import { codeOf, failureOf } from '../e2e/s3-place.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html */
const logging = suite('access logs over S3');

let at: People;
logging.before(async () => {
  at = await peoplePlace({ kmsKeys: 'own' });
  for (const Bucket of ['source', 'logs'])
    await at.client.send(new CreateBucketCommand({ Bucket }));
});
logging.after(() => at.close());

const Bucket = 'source';
const to = (own: Partial<LoggingEnabled> = {}): BucketLoggingStatus => ({
  LoggingEnabled: { TargetBucket: 'logs', TargetPrefix: 'a/', ...own },
});
const put = (status: BucketLoggingStatus, client = at.client) =>
  client.send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: status }));
const got = async () =>
  (await at.client.send(new GetBucketLoggingCommand({ Bucket }))).LoggingEnabled;

for (const [what, status] of [
  ['a target and a prefix', to()],
  ['an empty prefix', to({ TargetPrefix: '' })],
  ['a simple prefix', to({ TargetObjectKeyFormat: { SimplePrefix: {} } })],
  ...(['EventTime', 'DeliveryTime'] as const).map((PartitionDateSource) => {
    const format = { PartitionedPrefix: { PartitionDateSource } };
    return [`a prefix by ${PartitionDateSource}`, to({ TargetObjectKeyFormat: format })] as const;
  }),
  ['the bucket itself', to({ TargetBucket: Bucket })],
] as const)
  logging(`${what} is kept and shown`, async () => {
    await put(status);
    assert.equal(await got(), status.LoggingEnabled);
  });

logging('an empty status turns it off', async () => {
  await put(to());
  await put({});
  assert.is(await got(), undefined);
});

logging('a partitioned prefix that names no date goes by the time of events', async () => {
  await put(to({ TargetObjectKeyFormat: { PartitionedPrefix: {} } }));
  const format = (await got())?.TargetObjectKeyFormat;
  assert.equal(format, { PartitionedPrefix: { PartitionDateSource: 'EventTime' } });
});

logging('the target must be there and can take logs', async () => {
  const xml = (root: string, inside: string) => `<${root}>${inside}</${root}>`;
  const mode = '<Mode>GOVERNANCE</Mode><Days>1</Days>';
  const rule = xml('Rule', xml('DefaultRetention', mode));
  const lock = xml('ObjectLockEnabled', 'Enabled') + rule;
  const headers = { 'x-amz-bucket-object-lock-enabled': 'true' };
  await at.send({ method: 'PUT', target: '/locked', headers });
  await put(to({ TargetBucket: 'locked' })); // nothing is retained by itself
  const locked = xml('ObjectLockConfiguration', lock);
  const retained = await at.send({ method: 'PUT', target: '/locked?object-lock', body: locked });
  assert.is(retained.status, 200, retained.body.toString());
  await at.send({ method: 'PUT', target: '/named' });
  const byDefault = xml('SSEAlgorithm', 'aws:kms') + xml('KMSMasterKeyID', 'own');
  const byName = xml('Rule', xml('ApplyServerSideEncryptionByDefault', byDefault));
  const body = xml('ServerSideEncryptionConfiguration', byName);
  const encrypted = await at.send({ method: 'PUT', target: '/named?encryption', body });
  assert.is(encrypted.status, 200, encrypted.body.toString());
  for (const TargetBucket of ['nowhere', 'locked', 'named']) {
    const refused = await failureOf(put(to({ TargetBucket })));
    assert.is(refused, 'InvalidTargetBucketForLogging', TargetBucket);
  }
});

logging('the target must belong to the owner of the source', async () => {
  const alice = await at.person('alice');
  await alice.client.send(new CreateBucketCommand({ Bucket: 'of-alice' }));
  const refused = await failureOf(put(to({ TargetBucket: 'of-alice' })));
  assert.is(refused, 'InvalidTargetBucketForLogging');
  assert.is(await failureOf(put(to(), alice.client)), 'AccessDenied');
});

logging('grants are refused', async () => {
  const Grantee = { Type: 'CanonicalUser', ID: 'f'.repeat(64) } as const;
  const TargetGrants = [{ Grantee, Permission: 'READ' } as const];
  assert.is(await failureOf(put(to({ TargetGrants }))), 'AccessControlListNotSupported');
  const withAcls = { Bucket: 'with-acls', ObjectOwnership: 'ObjectWriter' } as const;
  await at.client.send(new CreateBucketCommand(withAcls));
  const there = to({ TargetGrants, TargetBucket: 'with-acls' });
  assert.is(await failureOf(put(there)), 'NotImplemented');
  await put(to({ TargetGrants: [] }));
});

logging('a prefix that leaves no room for a key is refused', async () => {
  assert.is(await failureOf(put(to({ TargetPrefix: 'p'.repeat(990) }))), 'InvalidArgument');
});

const target = '<TargetBucket>logs</TargetBucket>';
const prefix = '<TargetPrefix/>';
const format = (inside: string) =>
  `${target}${prefix}<TargetObjectKeyFormat>${inside}</TargetObjectKeyFormat>`;
for (const [what, inside] of [
  ['no target', prefix],
  ['no prefix', target],
  ['an empty target', `<TargetBucket/>${prefix}`],
  ['two targets', target + target + prefix],
  ['something else', `${target}${prefix}<LoggingType>Journal</LoggingType>`],
  ['an empty format', format('')],
  ['two formats', format('<SimplePrefix/><PartitionedPrefix/>')],
  ['a format that does not exist', format('<OtherPrefix/>')],
  [
    'a date that does not exist',
    format('<PartitionedPrefix><PartitionDateSource>Now</PartitionDateSource></PartitionedPrefix>'),
  ],
] as const)
  logging(`${what} is MalformedXML`, async () => {
    const body = `<BucketLoggingStatus><LoggingEnabled>${inside}</LoggingEnabled></BucketLoggingStatus>`;
    const answer = await at.send({ method: 'PUT', target: '/source?logging', body });
    assert.is(codeOf(answer), 'MalformedXML');
  });

logging.run();
