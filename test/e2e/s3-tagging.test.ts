import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectTaggingCommand,
  GetBucketTaggingCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type Tag,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf, failureOf, type S3Place, s3Place } from './s3-place.js';

const tagging = suite('tags over S3');

let at: S3Place;
const Bucket = 'tagged';
tagging.before(async () => {
  at = await s3Place();
  await at.client.send(new CreateBucketCommand({ Bucket }));
});
tagging.after(() => at.close());

const put = (Key: string, over: object = {}) =>
  at.client.send(new PutObjectCommand({ Bucket, Key, Body: 'body', ...over }));
const tagsOf = async (Key: string, VersionId?: string) =>
  (await at.client.send(new GetObjectTaggingCommand({ Bucket, Key, VersionId }))).TagSet;
const setTags = (Key: string, TagSet: Tag[], VersionId?: string) =>
  at.client.send(new PutObjectTaggingCommand({ Bucket, Key, VersionId, Tagging: { TagSet } }));
const document = (tags: string) => `<Tagging><TagSet>${tags}</TagSet></Tagging>`;
const tag = (name: string, value: string) => `<Tag><Key>${name}</Key><Value>${value}</Value></Tag>`;

tagging('tags come with a put, are counted, changed and taken away', async () => {
  await put('k', { Tagging: 'colour=blue&size=a%20b%2Bc' });
  assert.equal(await tagsOf('k'), [
    { Key: 'colour', Value: 'blue' },
    { Key: 'size', Value: 'a b+c' },
  ]);
  const head = await at.send({ method: 'HEAD', target: `/${Bucket}/k` });
  assert.is(head.headers['x-amz-tagging-count'], '2');
  await setTags('k', [{ Key: 'größe', Value: '' }]);
  assert.equal(await tagsOf('k'), [{ Key: 'größe', Value: '' }]);
  await at.client.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'k' }));
  assert.equal(await tagsOf('k'), []);
  const bare = await at.send({ method: 'HEAD', target: `/${Bucket}/k` });
  assert.is(bare.headers['x-amz-tagging-count'], undefined);
  await put('k');
  assert.equal(await tagsOf('k'), []);
});

tagging("a copy has its source's tags, or its own", async () => {
  await put('source', { Tagging: 'from=source' });
  const CopySource = `${Bucket}/source`;
  const copy = (Key: string, over: object) =>
    at.client.send(new CopyObjectCommand({ Bucket, Key, CopySource, ...over }));
  await copy('copied', {});
  assert.equal(await tagsOf('copied'), [{ Key: 'from', Value: 'source' }]);
  await copy('own', { TaggingDirective: 'REPLACE', Tagging: 'of=copy' });
  assert.equal(await tagsOf('own'), [{ Key: 'of', Value: 'copy' }]);
  await copy('none', { TaggingDirective: 'REPLACE' });
  assert.equal(await tagsOf('none'), []);
  const headers = { 'x-amz-copy-source': CopySource, 'x-amz-tagging-directive': 'NONE' };
  const wrong = await at.send({ method: 'PUT', target: `/${Bucket}/x`, headers });
  assert.is(codeOf(wrong), 'InvalidArgument');
});

tagging('tags of an upload are refused where they make no sense', async () => {
  const create = new CreateMultipartUploadCommand({ Bucket, Key: 'm', Tagging: 'a=1&a=2' });
  assert.is(await failureOf(at.client.send(create)), 'InvalidArgument');
});

tagging('each version has tags of its own', async () => {
  const Bucket = 'tagged-versions';
  await at.client.send(new CreateBucketCommand({ Bucket }));
  await at.client.send(
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  const put = async (Tagging: string) =>
    (await at.client.send(new PutObjectCommand({ Bucket, Key: 'k', Tagging }))).VersionId;
  const [first, second] = [await put('n=1'), await put('n=2')];
  const set = new PutObjectTaggingCommand({
    ...{ Bucket, Key: 'k', VersionId: first, Tagging: { TagSet: [{ Key: 'n', Value: '3' }] } },
  });
  assert.is((await at.client.send(set)).VersionId, first);
  for (const [VersionId, Value] of [
    [first, '3'],
    [second, '2'],
    [undefined, '2'],
  ] as const) {
    const get = new GetObjectTaggingCommand({ Bucket, Key: 'k', VersionId });
    const answer = await at.client.send(get);
    assert.equal(answer.TagSet, [{ Key: 'n', Value }]);
    assert.is(answer.VersionId, VersionId ?? second);
  }
  const head = new HeadObjectCommand({ Bucket, Key: 'k', VersionId: first });
  assert.is((await at.client.send(head)).VersionId, first);
});

const wrongTags: readonly (readonly [what: string, body: string, code: string])[] = [
  ['no XML', 'tags', 'MalformedXML'],
  ['another root', '<Tags/>', 'MalformedXML'],
  ['no set', '<Tagging/>', 'MalformedXML'],
  ['a tag without value', document('<Tag><Key>k</Key></Tag>'), 'MalformedXML'],
  ['a name twice', document(tag('k', '1') + tag('k', '2')), 'InvalidTag'],
  ['an empty name', document(tag('', '1')), 'InvalidTag'],
  ['a name of 129 characters', document(tag('n'.repeat(129), '1')), 'InvalidTag'],
  ['a value of 257 characters', document(tag('n', 'v'.repeat(257))), 'InvalidTag'],
  ['a name of the system', document(tag('aws:n', '1')), 'InvalidTag'],
  [
    'eleven tags',
    document(Array.from({ length: 11 }, (_, n) => tag(`n${n}`, '')).join('')),
    'InvalidTag',
  ],
];

for (const [what, body, code] of wrongTags)
  tagging(`tags with ${what} are refused, and the old ones stay`, async () => {
    await put('kept', { Tagging: 'old=one' });
    const target = `/${Bucket}/kept?tagging`;
    assert.is(codeOf(await at.send({ method: 'PUT', target, body })), code);
    assert.equal(await tagsOf('kept'), [{ Key: 'old', Value: 'one' }]);
  });

tagging('what is not there has no tags, and strangers set none', async () => {
  assert.is(await failureOf(tagsOf('nowhere')), 'NoSuchKey');
  assert.is(await failureOf(setTags('nowhere', [])), 'NoSuchKey');
  await put('k');
  assert.is(await failureOf(tagsOf('k', '0000000000fffff0')), 'NoSuchVersion');
  for (const method of ['GET', 'PUT', 'DELETE']) {
    for (const path of [`/${Bucket}/k`, `/${Bucket}`]) {
      const request = { method, target: `${path}?tagging`, secret: 'wrong' };
      assert.is((await at.send(request)).status, 403);
    }
  }
});

tagging('a bucket has tags too', async () => {
  const get = () => at.client.send(new GetBucketTaggingCommand({ Bucket }));
  assert.is(await failureOf(get()), 'NoSuchTagSet');
  const TagSet = [{ Key: 'team', Value: 'a + b @ c' }];
  await at.client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
  assert.equal((await get()).TagSet, TagSet);
  const wrong = await at.send({ method: 'PUT', target: `/${Bucket}?tagging`, body: '<x/>' });
  assert.is(codeOf(wrong), 'MalformedXML');
  assert.equal((await get()).TagSet, TagSet);
  await at.client.send(new DeleteBucketTaggingCommand({ Bucket }));
  assert.is(await failureOf(get()), 'NoSuchTagSet');
  const missing = new GetBucketTaggingCommand({ Bucket: 'no-such-bucket-here' });
  assert.is(await failureOf(at.client.send(missing)), 'NoSuchBucket');
});

tagging.run();
