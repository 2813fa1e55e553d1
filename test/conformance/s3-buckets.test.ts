import {
  CreateBucketCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutBucketTaggingCommand,
  type Tag,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type People, type Person, peoplePlace } from '../e2e/people.js';
import { codeOf, failureOf } from '../e2e/s3-place.js';

const buckets = suite('buckets, made and listed');

let at: People;
let ann: Person;
buckets.before(async () => {
  at = await peoplePlace();
  ann = await at.person('ann');
});
buckets.after(() => at.close());

let count = 0;
const aName = () => `made-${String(++count).padStart(3, '0')}`;
const made = (Bucket: string, Tags: Tag[], over = {}) => {
  const CreateBucketConfiguration = { Tags };
  return ann.client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration, ...over }));
};
const tagsOf = async (Bucket: string) =>
  (await ann.client.send(new GetBucketTaggingCommand({ Bucket }))).TagSet;
const isThere = async (Bucket: string) =>
  (await at.send({ method: 'HEAD', target: `/${Bucket}` })).status === 200;
const aTag: Tag = { Key: 'team', Value: 'storage' };

buckets('a bucket is made with the tags that its body has', async () => {
  const Bucket = aName();
  const tags = [aTag, { Key: 'cost centre', Value: '' }];
  const { Location, BucketArn } = await made(Bucket, tags);
  assert.is(Location, `/${Bucket}`);
  assert.is(BucketArn, `arn:aws:s3:::${Bucket}`);
  assert.equal(await tagsOf(Bucket), tags);
  const head = await ann.client.send(new HeadBucketCommand({ Bucket }));
  assert.is(head.BucketArn, BucketArn);
  const TagSet = [{ Key: 'team', Value: 'other' }];
  await ann.client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
  assert.equal(await tagsOf(Bucket), TagSet);
});

buckets('a body that has no tags in it makes a bucket that has none', async () => {
  const Bucket = aName();
  await made(Bucket, []);
  assert.is(await failureOf(tagsOf(Bucket)), 'NoSuchTagSet');
});

for (const [what, tags] of [
  ['a key of other signs', [{ Key: 'a!b', Value: 'v' }]],
  ['a key of 129 letters', [{ Key: 'k'.repeat(129), Value: 'v' }]],
  ['a value of 257 letters', [{ Key: 'k', Value: 'v'.repeat(257) }]],
  ['a key of Amazon’s own', [{ Key: 'aws:k', Value: 'v' }]],
  ['one key twice', [aTag, { ...aTag, Value: 'other' }]],
  ['51 of them', Array.from({ length: 51 }, (_, at) => ({ Key: `k${at}`, Value: 'v' }))],
] as const)
  buckets(`of tags that are wrong nothing is made: ${what}`, async () => {
    const Bucket = aName();
    const refused = ann.client.send(
      new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { Tags: [...tags] } }),
    );
    assert.is(await failureOf(refused), tags.length > 50 ? 'BadRequest' : 'InvalidTag');
    assert.not.ok(await isThere(Bucket));
  });

for (const [what, inner, code] of [
  ['two sets of tags', '<Tags></Tags><Tags></Tags>', 'MalformedXML'],
  ['what is no tag', '<Tags><Label/></Tags>', 'MalformedXML'],
  ['a directory bucket', '<Bucket><Type>Directory</Type></Bucket>', 'NotImplemented'],
] as const)
  buckets(`a body with ${what} is ${code}`, async () => {
    const target = `/${aName()}`;
    const body = `<CreateBucketConfiguration>${inner}</CreateBucketConfiguration>`;
    assert.is(codeOf(await at.send({ method: 'PUT', target, body })), code);
    assert.not.ok(await isThere(target.slice(1)));
  });

buckets('whoever is kept from tagging buckets makes none with tags', async () => {
  const policy = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 's3:CreateBucket', Resource: '*' },
      { Effect: 'Deny', Action: 's3:PutBucketTagging', Resource: '*' },
    ],
  };
  assert.is((await at.native('PUT', '/policies/untagged', policy)).status, 204);
  const { client } = await at.person('cy', ['untagged']);
  const tagged = { Bucket: aName(), CreateBucketConfiguration: { Tags: [aTag] } };
  assert.is(await failureOf(client.send(new CreateBucketCommand(tagged))), 'AccessDenied');
  assert.not.ok(await isThere(tagged.Bucket));
  await client.send(new CreateBucketCommand({ Bucket: tagged.Bucket }));
});

buckets('made again it stays as it is, and other wishes than its own are refused', async () => {
  const Bucket = aName();
  await made(Bucket, [aTag]);
  await made(Bucket, [aTag]);
  await made(Bucket, []);
  assert.is(await failureOf(made(Bucket, [{ Key: 'k', Value: 'v' }])), 'BucketAlreadyExists');
  const locked = made(Bucket, [], { ObjectLockEnabledForBucket: true });
  assert.is(await failureOf(locked), 'BucketAlreadyExists');
  assert.equal(await tagsOf(Bucket), [aTag]);
});

buckets('a list goes on behind the name that its last page ended with', async () => {
  const { client } = await at.person('dee');
  const page = (ContinuationToken?: string, MaxBuckets = 2) =>
    client.send(new ListBucketsCommand({ MaxBuckets, ContinuationToken }));
  const names = ({ Buckets }: Awaited<ReturnType<typeof page>>) =>
    (Buckets ?? []).map(({ Name }) => Name);
  const empty = await page();
  assert.equal([names(empty), empty.ContinuationToken], [[], undefined]);
  for (const Bucket of ['dee-1', 'dee-2', 'dee-3'])
    await client.send(new CreateBucketCommand({ Bucket }));
  const first = await page('');
  assert.equal(names(first), ['dee-1', 'dee-2']);
  assert.is(first.ContinuationToken, 'dee-2');
  const second = await page(first.ContinuationToken);
  assert.equal([names(second), second.ContinuationToken], [['dee-3'], undefined]);
  assert.equal(names(await page(undefined, 3)), ['dee-1', 'dee-2', 'dee-3']);
  assert.is(await failureOf(page('no name')), 'InvalidArgument');
});

buckets('nobody in particular has no list of buckets', async () => {
  const answer = await at.sendUnsigned({ method: 'GET', target: '/' });
  assert.is(answer.status, 403);
  assert.is(codeOf(answer), 'AccessDenied');
});

buckets.run();
