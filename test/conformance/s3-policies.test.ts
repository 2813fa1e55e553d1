import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectsCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type People, type Person, peoplePlace } from '../e2e/people.js';
import { codeOf, failureOf } from '../e2e/s3-place.js';

const policies = suite('policies of buckets');

let at: People;
let ann: Person;
let ben: Person;
policies.before(async () => {
  at = await peoplePlace();
  ann = await at.person('ann');
  ben = await at.person('ben');
});
policies.after(() => at.close());

let count = 0;
/** A bucket of ann's with an object `k`, and a policy of these statements. */
async function aBucket(...statements: readonly object[]): Promise<string> {
  const Bucket = `policy-${++count}`;
  await ann.client.send(new CreateBucketCommand({ Bucket }));
  await put(ann, Bucket, 'k');
  if (statements.length > 0) await set(Bucket, ...statements);
  return Bucket;
}

function set(Bucket: string, ...statements: readonly object[]) {
  const Statement = statements.map((statement) => {
    const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`];
    return { Effect: 'Allow', Principal: '*', Resource, ...statement };
  });
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  return ann.client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
}

type Signer = Pick<Person, 'client'>;
const put = ({ client }: Signer, Bucket: string, Key: string, over: object = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: 'body', ...over }));
const get = ({ client }: Signer, Bucket: string, Key: string, over: object = {}) =>
  client.send(new GetObjectCommand({ Bucket, Key, ...over }));
const list = ({ client }: Signer, Bucket: string, over: object = {}) =>
  client.send(new ListObjectsV2Command({ Bucket, ...over }));
const denied = async (call: Promise<unknown>) => assert.is(await failureOf(call), 'AccessDenied');
const status = async (method: string, target: string, headers: Record<string, string> = {}) =>
  (await at.sendUnsigned({ method, target, headers })).status;

policies('a policy is given back as it was sent, and taken away', async () => {
  const Bucket = await aBucket();
  const read = () => ann.client.send(new GetBucketPolicyCommand({ Bucket }));
  assert.is(await failureOf(read()), 'NoSuchBucketPolicy');
  const Policy = JSON.stringify(
    {
      Version: '2012-10-17',
      Id: 'as it was',
      Statement: {
        ...{ Sid: '1', Effect: 'Allow', Principal: { AWS: ben.arn } },
        ...{ Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` },
      },
    },
    undefined,
    3,
  );
  await ann.client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  assert.is((await read()).Policy, Policy);
  await get(ben, Bucket, 'k');
  await ann.client.send(new DeleteBucketPolicyCommand({ Bucket }));
  assert.is(await failureOf(read()), 'NoSuchBucketPolicy');
  await denied(get(ben, Bucket, 'k'));
});

policies('everybody may do what a policy lets everybody do, and nothing else', async () => {
  const Bucket = await aBucket({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::*/k*' });
  await put(ann, Bucket, 'other');
  assert.is(await status('GET', `/${Bucket}/k`), 200);
  assert.is(await status('HEAD', `/${Bucket}/k`), 200);
  await get(ben, Bucket, 'k');
  for (const [method, target] of [
    ['GET', `/${Bucket}/other`],
    ['GET', `/${Bucket}`],
    ['PUT', `/${Bucket}/k`],
    ['DELETE', `/${Bucket}/k`],
    ['GET', `/${Bucket}?policy`],
    ['DELETE', `/${Bucket}?policy`],
    ['GET', `/${Bucket}/k?tagging`],
    ['GET', `/${Bucket}/k?versionId=null`],
  ] as const)
    assert.is(await status(method, target), 403, `${method} ${target}`);
  assert.is(await status('GET', `/${Bucket}/k?response-content-type=text/html`), 400);
  assert.is(await status('GET', '/no-such-bucket-here/k'), 404);
});

policies('an unsigned request may carry a body in chunks, with its checksum behind', async () => {
  const Bucket = await aBucket({ Action: 's3:PutObject' });
  const request = {
    ...{ method: 'PUT', target: `/${Bucket}/new`, body: '4\r\nbody\r\n0\r\n' },
    headers: {
      ...{ 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' },
      ...{ 'x-amz-decoded-content-length': '4', 'x-amz-trailer': 'x-amz-checksum-crc32' },
      'content-encoding': 'aws-chunked',
    },
  };
  const wrong = { ...request, body: `${request.body}x-amz-checksum-crc32:AAAAAA==\r\n\r\n` };
  assert.is(codeOf(await at.sendUnsigned(wrong)), 'BadDigest');
  const right = { ...request, body: `${request.body}x-amz-checksum-crc32:26gLsg==\r\n\r\n` };
  const answer = await at.sendUnsigned(right);
  assert.is(answer.status, 200, answer.body.toString());
  const signed = {
    ...request.headers,
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  };
  const forged = await at.sendUnsigned({ ...request, headers: signed });
  assert.is(codeOf(forged), 'InvalidArgument');
});

policies('who may not list is not told what is not there', async () => {
  const Bucket = await aBucket({ Action: 's3:GetObject' });
  assert.is(await status('GET', `/${Bucket}/nothing`), 403);
  assert.is(await status('HEAD', `/${Bucket}/nothing`), 403);
  await denied(get(ben, Bucket, 'nothing'));
  await denied(get(ben, Bucket, 'k', { VersionId: '0000000000fffff0' }));
  assert.is(await failureOf(get(ann, Bucket, 'nothing')), 'NoSuchKey');
  await set(Bucket, { Action: ['s3:GetObject', 's3:ListBucket'] });
  assert.is(await status('GET', `/${Bucket}/nothing`), 404);
  assert.is(await failureOf(get(ben, Bucket, 'nothing')), 'NoSuchKey');
  const head = new HeadObjectCommand({ Bucket, Key: 'nothing' });
  assert.is(await failureOf(ben.client.send(head)), 'NotFound');
});

policies(
  'a Deny keeps out whom others let in, the owner too, but not from the policy',
  async () => {
    const deny = { Effect: 'Deny', Action: 's3:*' };
    const Bucket = await aBucket({ Action: 's3:*' }, deny);
    for (const who of [ann, ben, at]) {
      await denied(get(who, Bucket, 'k'));
      await denied(put(who, Bucket, 'k'));
      await denied(list(who, Bucket));
    }
    const read = new GetBucketPolicyCommand({ Bucket });
    await denied(ben.client.send(read));
    assert.match((await at.client.send(read)).Policy ?? '', 'Deny');
    await ann.client.send(new DeleteBucketPolicyCommand({ Bucket }));
    await get(ann, Bucket, 'k');
  },
);

policies('NotPrincipal and NotAction deny all but what they name', async () => {
  const Bucket = await aBucket(
    { Action: 's3:*' },
    {
      ...{ Effect: 'Deny', Principal: undefined, NotPrincipal: { AWS: [ann.arn, ben.arn] } },
      Action: 's3:*',
    },
    { Effect: 'Deny', Principal: { AWS: ben.arn }, Action: undefined, NotAction: 's3:GetObject' },
  );
  await get(ann, Bucket, 'k');
  await get(ben, Bucket, 'k');
  await denied(put(ben, Bucket, 'k'));
  assert.is(await status('GET', `/${Bucket}/k`), 403);
});

policies('the prefix of a listing can be a condition', async () => {
  const Condition = { StringLike: { 's3:prefix': ['home/ben/*', ''] } };
  const Bucket = await aBucket({ Action: 's3:ListBucket', Condition });
  await list(ben, Bucket, { Prefix: 'home/ben/2026' });
  await list(ben, Bucket, { Prefix: '' });
  await denied(list(ben, Bucket, { Prefix: 'home/ann/' }));
  await denied(list(ben, Bucket));
  await set(Bucket, {
    ...{ Action: 's3:ListBucket' },
    Condition: { NumericLessThanEquals: { 's3:max-keys': '10' } },
  });
  await list(ben, Bucket, { MaxKeys: 10 });
  await denied(list(ben, Bucket, { MaxKeys: 11 }));
});

policies('addresses, ways to connect, agents and times can be conditions', async () => {
  const Bucket = await aBucket();
  const cases: readonly (readonly [condition: object, holds: boolean])[] = [
    [{ IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } }, true],
    [{ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, false],
    [{ NotIpAddress: { 'aws:SourceIp': '127.0.0.1' } }, false],
    [{ Bool: { 'aws:SecureTransport': 'true' } }, false],
    [{ Bool: { 'aws:SecureTransport': 'false' } }, true],
    [{ DateGreaterThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }, true],
    [{ DateLessThan: { 'aws:EpochTime': '2020-01-01T00:00:00Z' } }, false],
    [{ StringLike: { 'aws:Referer': 'https://example.org/*' } }, false],
    [{ StringLikeIfExists: { 'aws:Referer': 'https://example.org/*' } }, true],
    [{ Null: { 'aws:Referer': 'true' } }, true],
    [{ StringEquals: { 'aws:username': 'ben' } }, true],
    [{ StringEquals: { 'aws:username': 'ann' } }, false],
    [{ StringEquals: { 'aws:userid': ben.id } }, true],
    [{ ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam:::user/b*' } }, true],
    [{ StringEquals: { 'aws:PrincipalType': 'Anonymous' } }, false],
    [{ StringEquals: { 's3:authType': 'REST-HEADER' } }, true],
    [{ StringEquals: { 's3:signatureversion': 'AWS4-HMAC-SHA256' } }, true],
    [{ NumericLessThan: { 's3:signatureAge': '600000' } }, true],
    [{ NumericGreaterThan: { 's3:signatureAge': '600000' } }, false],
    [{ StringEquals: { 'aws:SourceVpce': 'vpce-1' } }, false],
  ];
  for (const [Condition, holds] of cases) {
    await set(Bucket, { Action: 's3:GetObject', Condition });
    const what = JSON.stringify(Condition);
    if (holds) await get(ben, Bucket, 'k').catch(() => assert.unreachable(what));
    else assert.is(await failureOf(get(ben, Bucket, 'k')), 'AccessDenied', what);
  }
  const Referer = { StringLike: { 'aws:Referer': 'https://example.org/*' } };
  await set(Bucket, { Action: 's3:GetObject', Condition: Referer });
  const from = (referer: string) => status('GET', `/${Bucket}/k`, { referer });
  assert.equal([await from('https://example.org/page'), await from('https://else')], [200, 403]);
});

policies('headers of what is put can be conditions', async () => {
  const Condition = {
    StringEquals: { 's3:x-amz-server-side-encryption': 'AES256' },
    StringNotLike: { 's3:x-amz-acl': 'public*' },
  };
  const Bucket = await aBucket({ Action: 's3:PutObject', Condition });
  await put(ben, Bucket, 'new', { ServerSideEncryption: 'AES256' });
  await denied(put(ben, Bucket, 'new'));
  await denied(put(ben, Bucket, 'new', { ServerSideEncryption: 'AES256', ACL: 'public-read' }));
  await set(Bucket, {
    ...{ Action: 's3:PutObject' },
    Condition: { StringEquals: { 's3:if-none-match': '*' } },
  });
  await put(ben, Bucket, 'once', { IfNoneMatch: '*' });
  await denied(put(ben, Bucket, 'once'));
});

policies('tags of the object, and of what is put, can be conditions', async () => {
  const existing = { StringEquals: { 's3:ExistingObjectTag/team': 'red' } };
  const Bucket = await aBucket({
    ...{ Action: ['s3:GetObject', 's3:GetObjectTagging'], Condition: existing },
  });
  await put(ann, Bucket, 'red', { Tagging: 'team=red' });
  await put(ann, Bucket, 'blue', { Tagging: 'team=blue' });
  await get(ben, Bucket, 'red');
  await ben.client.send(new GetObjectTaggingCommand({ Bucket, Key: 'red' }));
  for (const key of ['blue', 'k', 'nothing']) await denied(get(ben, Bucket, key));
  const requested = {
    StringEquals: { 's3:RequestObjectTag/team': 'red' },
    'ForAllValues:StringEquals': { 's3:RequestObjectTagKeys': ['team', 'size'] },
  };
  await set(Bucket, { Action: ['s3:PutObject', 's3:PutObjectTagging'], Condition: requested });
  await put(ben, Bucket, 'new', { Tagging: 'team=red&size=1' });
  await denied(put(ben, Bucket, 'new', { Tagging: 'team=red&other=1' }));
  await denied(put(ben, Bucket, 'new', { Tagging: 'team=blue' }));
  await denied(put(ben, Bucket, 'new'));
  await set(Bucket, { Action: 's3:PutObject' });
  await denied(put(ben, Bucket, 'new', { Tagging: 'team=red' }));
});

policies('tags that come in a body are judged before they are set', async () => {
  const Condition = { StringEquals: { 's3:RequestObjectTag/team': ['red', 'blue'] } };
  const Bucket = await aBucket({ Action: 's3:PutObjectTagging', Condition });
  const tag = ({ client }: Signer, Value: string) =>
    client.send(
      new PutObjectTaggingCommand({
        ...{ Bucket, Key: 'k', Tagging: { TagSet: [{ Key: 'team', Value }] } },
      }),
    );
  await tag(ben, 'red');
  await denied(tag(ben, 'green'));
  await set(Bucket, {
    ...{ Effect: 'Deny', Action: 's3:PutObjectTagging' },
    Condition: { StringNotEquals: { 's3:RequestObjectTag/team': 'blue' } },
  });
  await denied(tag(ann, 'red'));
  await tag(ann, 'blue');
  await denied(tag(ben, 'blue'));
  const document = '<Tagging><TagSet/></Tagging>';
  const unsigned = { method: 'PUT', target: `/${Bucket}/k?tagging`, body: document };
  assert.is((await at.sendUnsigned(unsigned)).status, 403);
});

policies('a copy needs its source to be readable, and its place to be writable', async () => {
  const from = await aBucket({ Action: 's3:GetObject' });
  const to = await aBucket({ Action: 's3:PutObject' });
  const copy = (Bucket: string, CopySource: string) =>
    ben.client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }));
  await copy(to, `${from}/k`);
  await denied(copy(to, `${to}/k`));
  await denied(copy(from, `${from}/k`));
  await denied(copy(to, `${from}/nothing`));
  await set(from, { Action: ['s3:GetObject', 's3:ListBucket'] });
  assert.is(await failureOf(copy(to, `${from}/nothing`)), 'NoSuchKey');
  const only = { StringLike: { 's3:x-amz-copy-source': `${from}/*` } };
  await set(to, { Action: 's3:PutObject', Condition: only });
  await copy(to, `${from}/k`);
  await denied(put(ben, to, 'plain'));
});

policies('each key of a list to delete is judged by itself', async () => {
  const Bucket = await aBucket({ Action: 's3:DeleteObject', Resource: 'arn:aws:s3:::*/open/*' });
  for (const key of ['open/1', 'open/2']) await put(ann, Bucket, key);
  const Objects = ['open/1', 'k', 'open/2'].map((Key) => ({ Key }));
  const remove = new DeleteObjectsCommand({ Bucket, Delete: { Objects } });
  const { Deleted, Errors } = await ben.client.send(remove);
  assert.equal(
    Deleted?.map(({ Key }) => Key),
    ['open/1', 'open/2'],
  );
  assert.equal(
    Errors?.map(({ Key, Code }) => [Key, Code]),
    [['k', 'AccessDenied']],
  );
  await get(ann, Bucket, 'k');
});

policies(
  'policies that are malformed, too long or of nobody are refused; the old stays',
  async () => {
    const Bucket = await aBucket({ Action: 's3:GetObject' });
    const base = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject' };
    const Resource = `arn:aws:s3:::${Bucket}/*`;
    for (const Policy of [
      'x',
      '{}',
      JSON.stringify({ Statement: { ...base, Resource: 'arn:aws:s3:::another/*' } }),
      JSON.stringify({ Statement: { ...base, Resource, Action: 's3:Fetch' } }),
      JSON.stringify({
        Statement: { ...base, Resource, Principal: { AWS: 'arn:aws:iam:::user/x' } },
      }),
      JSON.stringify({ Statement: { ...base, Resource, Principal: { CanonicalUser: 'x' } } }),
      JSON.stringify({ Id: 'x'.repeat(20_480), Statement: { ...base, Resource } }),
    ]) {
      const sent = ann.client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
      const code = Policy.length > 20_481 ? 'MaxMessageLengthExceeded' : 'MalformedPolicy';
      assert.is(await failureOf(sent), code, Policy.slice(0, 100));
    }
    await get(ben, Bucket, 'k');
  },
);

policies(
  'a policy is public where it lets in everybody, and can be kept from being so',
  async () => {
    const Bucket = await aBucket();
    const status = new GetBucketPolicyStatusCommand({ Bucket });
    const isPublic = async () => (await ann.client.send(status)).PolicyStatus?.IsPublic;
    assert.is(await isPublic(), false);
    const fixed = { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } };
    await set(Bucket, { Action: 's3:GetObject', Condition: fixed });
    assert.is(await isPublic(), false);
    await set(Bucket, { Action: 's3:GetObject' });
    assert.is(await isPublic(), true);
    const block = (flags: object) =>
      ann.client.send(
        new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: flags }),
      );
    await get(ben, Bucket, 'k');
    await block({ RestrictPublicBuckets: true });
    await denied(get(ben, Bucket, 'k'));
    await get(ann, Bucket, 'k');
    await block({ BlockPublicPolicy: true });
    await get(ben, Bucket, 'k');
    await denied(set(Bucket, { Action: 's3:*' }));
    await set(Bucket, { Action: 's3:GetObject', Principal: { AWS: ben.arn } });
    assert.is(await isPublic(), false);
  },
);

policies(
  'what a policy says holds from its acknowledgement on, for requests under way elsewhere',
  async () => {
    const Bucket = await aBucket({ Action: 's3:GetObject' });
    for (let round = 0; round < 20; round++) {
      await get(ben, Bucket, 'k');
      await ann.client.send(new DeleteBucketPolicyCommand({ Bucket }));
      await denied(get(ben, Bucket, 'k'));
      await set(Bucket, { Action: 's3:GetObject' });
    }
  },
);

policies.run();
