import { createHash } from 'node:crypto';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failureOf, type S3Place, s3Place } from './s3-place.js';

const objects = suite('objects over S3');

let at: S3Place;
objects.before(async () => {
  at = await s3Place();
  await at.client.send(new CreateBucketCommand({ Bucket: 'photos' }));
});
objects.after(() => at.close());

const Bucket = 'photos';
const md5Of = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');

async function bytesOf(Key: string, over: { Range?: string; VersionId?: string } = {}) {
  const { Body } = await at.client.send(new GetObjectCommand({ Bucket, Key, ...over }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

for (const sizeBytes of [0, 1, 4096, 65_536, 65_537, 300_000, 5_000_000])
  objects(`${sizeBytes} bytes come back as they went in, with their MD5 as ETag`, async () => {
    const Key = `size-${sizeBytes}`;
    const Body = Buffer.alloc(sizeBytes, 'the quick brown fox ');
    const put = await at.client.send(new PutObjectCommand({ Bucket, Key, Body }));
    assert.is(put.ETag, `"${md5Of(Body)}"`);
    assert.ok(Buffer.compare(await bytesOf(Key), Body) === 0);
    const head = await at.client.send(new HeadObjectCommand({ Bucket, Key }));
    assert.is(head.ContentLength, sizeBytes);
    assert.is(head.ETag, put.ETag);
    assert.is(head.ContentType, 'application/octet-stream'); // the SDK says so of every Buffer
    assert.is(head.AcceptRanges, 'bytes');
    assert.instance(head.LastModified, Date);
  });

objects('headers and metadata come back', async () => {
  const Key = 'described';
  const described = {
    ContentType: 'text/html; charset=utf-8',
    CacheControl: 'max-age=60',
    ContentDisposition: 'attachment; filename="a.html"',
    ContentEncoding: 'gzip',
    ContentLanguage: 'de-CH',
    Metadata: { color: 'dark blue', 'two-words': 'a=b; c' },
  };
  await at.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ...described }));
  const found = await at.client.send(new GetObjectCommand({ Bucket, Key }));
  for (const [name, value] of Object.entries(described))
    assert.equal(found[name as keyof typeof found], value, name);
});

objects('metadata in UTF-8 comes back as the same bytes', async () => {
  const target = '/photos/utf-8-metadata';
  const value = Buffer.from('漢字 ü', 'utf8').toString('latin1');
  const headers = { 'x-amz-meta-name': value };
  assert.is((await at.send({ method: 'PUT', target, headers, body: 'x' })).status, 200);
  const { headers: found } = await at.send({ method: 'GET', target });
  assert.is(found['x-amz-meta-name'], value);
});

objects('an object that gives no type is a binary stream', async () => {
  const target = '/photos/untyped';
  await at.send({ method: 'PUT', target, body: 'x' });
  const { headers } = await at.send({ method: 'GET', target });
  assert.is(headers['content-type'], 'binary/octet-stream');
  assert.is(headers['x-content-type-options'], 'nosniff');
});

objects('more than 2 KiB of metadata is too large, and nothing is stored', async () => {
  const put = new PutObjectCommand({
    Bucket,
    Key: 'too-much',
    Body: 'x',
    Metadata: { m: 'v'.repeat(2048) },
  });
  assert.is(await failureOf(at.client.send(put)), 'MetadataTooLarge');
  assert.is(await failureOf(bytesOf('too-much')), 'NoSuchKey');
});

const alphabet = Buffer.from('abcdefghijklmnopqrstuvwxyz');

for (const [range, expected, contentRange] of [
  ['bytes=0-0', 'a', 'bytes 0-0/26'],
  ['bytes=3-5', 'def', 'bytes 3-5/26'],
  ['bytes=20-', 'uvwxyz', 'bytes 20-25/26'],
  ['bytes=-3', 'xyz', 'bytes 23-25/26'],
  ['bytes=-100', alphabet.toString(), 'bytes 0-25/26'],
  ['bytes=25-100', 'z', 'bytes 25-25/26'],
] as const)
  objects(`faults 103: ${range} is a part of the object`, async () => {
    await at.client.send(new PutObjectCommand({ Bucket, Key: 'letters', Body: alphabet }));
    const get = new GetObjectCommand({ Bucket, Key: 'letters', Range: range });
    const { Body, ContentRange, $metadata } = await at.client.send(get);
    assert.is(await Body?.transformToString(), expected);
    assert.is(ContentRange, contentRange);
    assert.is($metadata.httpStatusCode, 206);
    const head = await at.client.send(
      new HeadObjectCommand({ Bucket, Key: 'letters', Range: range }),
    );
    assert.is(head.ContentLength, expected.length);
    assert.is(head.ContentRange, contentRange);
  });

objects('faults 103: a range behind the end is InvalidRange, odd ones are the whole', async () => {
  await at.client.send(new PutObjectCommand({ Bucket, Key: 'letters', Body: alphabet }));
  assert.is(await failureOf(bytesOf('letters', { Range: 'bytes=26-' })), 'InvalidRange');
  assert.is(await failureOf(bytesOf('letters', { Range: 'bytes=-0' })), 'InvalidRange');
  const many = `bytes=${Array.from({ length: 500 }, (_, n) => `${n}-`).join(',')}`;
  for (const Range of ['bytes=5-3', 'lines=1-2', many])
    assert.is((await bytesOf('letters', { Range })).toString(), alphabet.toString());
});

objects('a range across the records of a large object is exact', async () => {
  const Body = Buffer.alloc(1_500_000);
  for (let at32 = 0; at32 < Body.length; at32 += 4) Body.writeUInt32LE(at32, at32);
  await at.client.send(new PutObjectCommand({ Bucket, Key: 'numbered', Body }));
  for (const [start, end] of [
    [262_140, 262_150],
    [100_001, 900_002],
    [1_499_999, 1_499_999],
  ] as const) {
    const found = await bytesOf('numbered', { Range: `bytes=${start}-${end}` });
    assert.ok(Buffer.compare(found, Body.subarray(start, end + 1)) === 0, `${start}-${end}`);
  }
});

objects('a key that was deleted is gone; deleting it again is no error', async () => {
  await at.client.send(new PutObjectCommand({ Bucket, Key: 'doomed', Body: 'x' }));
  const deleted = await at.client.send(new DeleteObjectCommand({ Bucket, Key: 'doomed' }));
  assert.is(deleted.$metadata.httpStatusCode, 204);
  assert.is(await failureOf(bytesOf('doomed')), 'NoSuchKey');
  await at.client.send(new DeleteObjectCommand({ Bucket, Key: 'doomed' }));
});

objects('DeleteObjects tells of each key, or in quiet mode of failures alone', async () => {
  const keys = ['one', 'two & <three>', 'four\r\nfive'];
  for (const Key of keys) await at.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  const Objects = keys.map((Key) => ({ Key }));
  const loud = await at.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  assert.equal(
    loud.Deleted?.map(({ Key }) => Key),
    keys,
  );
  assert.is(loud.Errors, undefined);
  for (const Key of keys) assert.is(await failureOf(bytesOf(Key)), 'NoSuchKey');
  const quiet = await at.client.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
  );
  assert.is(quiet.Deleted, undefined);
});

objects('faults 97: DeleteObjects of 1,001 keys is refused, and deletes none', async () => {
  await at.client.send(new PutObjectCommand({ Bucket, Key: 'key-0', Body: 'x' }));
  const Objects = Array.from({ length: 1001 }, (_, n) => ({ Key: `key-${n}` }));
  const call = at.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  assert.is(await failureOf(call), 'MalformedXML');
  assert.is((await bytesOf('key-0')).toString(), 'x');
});

objects('a copy has the bytes and the metadata of its source', async () => {
  const Metadata = { a: 'b' };
  const source = {
    Bucket,
    Key: 'source of/a+copy%é',
    Body: 'copied',
    ContentType: 'a/b',
    Metadata,
  };
  await at.client.send(new PutObjectCommand(source));
  for (const slash of ['', '/']) {
    const CopySource = `${slash}${Bucket}/${encodeURIComponent(source.Key)}`;
    const copy = await at.client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }));
    assert.is(copy.CopyObjectResult?.ETag, `"${md5Of(Buffer.from('copied'))}"`);
    const found = await at.client.send(new GetObjectCommand({ Bucket, Key: 'copy' }));
    assert.is(await found.Body?.transformToString(), 'copied');
    assert.equal(found.Metadata, Metadata);
    assert.is(found.ContentType, 'a/b');
  }
});

objects('REPLACE gives a copy metadata of its own, also onto itself', async () => {
  const Key = 'relabelled';
  await at.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', Metadata: { a: 'b' } }));
  const CopySource = `${Bucket}/${Key}`;
  const plain = at.client.send(new CopyObjectCommand({ Bucket, Key, CopySource }));
  assert.is(await failureOf(plain), 'InvalidRequest');
  await at.client.send(
    new CopyObjectCommand({
      Bucket,
      Key,
      CopySource,
      MetadataDirective: 'REPLACE',
      Metadata: { c: 'd' },
      ContentType: 'c/d',
    }),
  );
  const found = await at.client.send(new HeadObjectCommand({ Bucket, Key }));
  assert.equal(found.Metadata, { c: 'd' });
  assert.is(found.ContentType, 'c/d');
});

objects('a copy of what is not there is told as a GET of it would be', async () => {
  const copy = (CopySource: string) =>
    failureOf(at.client.send(new CopyObjectCommand({ Bucket, Key: 'c', CopySource })));
  assert.is(await copy('photos/nothing'), 'NoSuchKey');
  assert.is(await copy('no-such-bucket/k'), 'NoSuchBucket');
  assert.is(await copy('photos'), 'InvalidArgument');
});

objects('response-* parameters stand in for what is stored', async () => {
  await at.client.send(new PutObjectCommand({ Bucket, Key: 'plain', Body: 'x' }));
  const found = await at.client.send(
    new GetObjectCommand({
      Bucket,
      Key: 'plain',
      ResponseContentType: 'text/x-other',
      ResponseContentDisposition: 'attachment; filename="ü.txt"',
      ResponseCacheControl: 'no-store',
    }),
  );
  assert.is(found.ContentType, 'text/x-other');
  assert.is(found.CacheControl, 'no-store');
});

const buckets = suite('buckets over S3');
buckets.before(async () => {
  at = await s3Place();
});
buckets.after(() => at.close());

buckets('are made, listed, found and deleted', async () => {
  for (const Bucket of ['bucket-c', 'bucket-a', 'other-b'])
    await at.client.send(new CreateBucketCommand({ Bucket }));
  const { Buckets = [], Owner } = await at.client.send(new ListBucketsCommand({}));
  assert.equal(
    Buckets.map(({ Name }) => Name),
    ['bucket-a', 'bucket-c', 'other-b'],
  );
  assert.match(Owner?.ID ?? '', /^[0-9a-f]{64}$/);
  const head = await at.client.send(new HeadBucketCommand({ Bucket: 'bucket-a' }));
  assert.is(head.BucketRegion, 'us-east-1');
  await at.client.send(new DeleteBucketCommand({ Bucket: 'bucket-a' }));
  const gone = at.client.send(new HeadBucketCommand({ Bucket: 'bucket-a' }));
  assert.is(await failureOf(gone), 'NotFound');
});

buckets('are listed by prefix, and by pages', async () => {
  for (const n of [1, 2, 3, 4, 5])
    await at.client.send(new CreateBucketCommand({ Bucket: `paged-${n}` }));
  await at.client.send(new CreateBucketCommand({ Bucket: 'unpaged' }));
  const seen: (string | undefined)[] = [];
  let ContinuationToken: string | undefined;
  do {
    const list = new ListBucketsCommand({ Prefix: 'paged', MaxBuckets: 2, ContinuationToken });
    const page = await at.client.send(list);
    assert.ok((page.Buckets?.length ?? 0) <= 2);
    seen.push(...(page.Buckets ?? []).map(({ Name }) => Name));
    ContinuationToken = page.ContinuationToken;
  } while (ContinuationToken !== undefined);
  assert.equal(seen, ['paged-1', 'paged-2', 'paged-3', 'paged-4', 'paged-5']);
});

buckets('one that holds an object is not deleted', async () => {
  const Bucket = 'full-bucket';
  await at.client.send(new CreateBucketCommand({ Bucket }));
  await at.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
  assert.is(await failureOf(at.client.send(new DeleteBucketCommand({ Bucket }))), 'BucketNotEmpty');
  await at.client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
  await at.client.send(new DeleteBucketCommand({ Bucket }));
});

buckets('making one again succeeds in us-east-1 and changes nothing', async () => {
  const Bucket = 'made-twice';
  await at.client.send(new CreateBucketCommand({ Bucket }));
  await at.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'kept' }));
  await at.client.send(new CreateBucketCommand({ Bucket }));
  const found = await at.client.send(new GetObjectCommand({ Bucket, Key: 'k' }));
  assert.is(await found.Body?.transformToString(), 'kept');
});

buckets('making one again in another region is refused', async () => {
  await using there = await s3Place({ region: 'eu-central-1' });
  const Bucket = 'made-there';
  await there.client.send(new CreateBucketCommand({ Bucket }));
  const again = there.client.send(new CreateBucketCommand({ Bucket }));
  assert.is(await failureOf(again), 'BucketAlreadyOwnedByYou');
  const where = await there.client.send(new GetBucketLocationCommand({ Bucket }));
  assert.is(where.LocationConstraint, 'eu-central-1');
});

buckets('a location constraint must be the region of the store', async () => {
  const make = new CreateBucketCommand({
    Bucket: 'elsewhere',
    CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
  });
  assert.is(await failureOf(at.client.send(make)), 'IllegalLocationConstraintException');
});

buckets('names that S3 does not allow are refused', async () => {
  for (const target of ['/ab', '/Upper', '/_', '/a..b', '/192.168.1.1', '/_/x?list-type=2'])
    assert.is((await at.send({ method: 'PUT', target })).status >= 400, true, target);
  const { Buckets = [] } = await at.client.send(new ListBucketsCommand({}));
  assert.not.ok(Buckets.some(({ Name = '' }) => /^(ab|Upper|_|a\.\.b|192)/.test(Name)));
});

buckets('what clients ask for at first has the answer of an unconfigured bucket', async () => {
  const Bucket = 'asked-about';
  await at.client.send(new CreateBucketCommand({ Bucket }));
  const versioning = await at.client.send(new GetBucketVersioningCommand({ Bucket }));
  assert.is(versioning.Status, undefined);
  const where = await at.client.send(new GetBucketLocationCommand({ Bucket }));
  assert.is(where.LocationConstraint, undefined);
  for (const query of ['location', 'versioning', 'requestPayment', 'accelerate']) {
    const missing = await at.send({ method: 'GET', target: `/no-such-bucket?${query}` });
    assert.is(missing.status, 404, query);
  }
});

objects.run();
buckets.run();
