import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf, failureOf, type S3Place, s3Place } from './s3-place.js';

const keys = suite('keys over S3');

let at: S3Place;
const Bucket = 'odd-names';
keys.before(async () => {
  at = await s3Place();
  await at.client.send(new CreateBucketCommand({ Bucket }));
});
keys.after(() => at.close());

const oddKeys = [
  'a b',
  'a+b',
  'a%b',
  'a%20b',
  'a%2Fb',
  'a;b',
  'a&b=c?d#e',
  'a//b',
  '//',
  'a/',
  './a',
  '../a',
  'a/../b',
  'a/./b',
  '..',
  '.',
  'a\\b',
  '\\..\\',
  'C:\\x',
  'quotes\'"`',
  '<xml>&amp;</xml>',
  ']]>',
  ' leading and trailing ',
  'line\nends\r\nand\ttabs',
  'control\u0001\u001f\u007f',
  'nul\0inside',
  '漢字/ключ/🎸',
  'e\u0301 is not \u00e9',
  '\u00e9',
  '\ufeffbom',
  '_/health/live',
  '__proto__',
  'constructor',
  'x'.repeat(1000),
  'x'.repeat(1024),
  '漢'.repeat(341),
  `deep/${'d/'.repeat(500)}`,
];

for (const Key of oddKeys)
  keys(`${JSON.stringify(Key).slice(0, 60)} is a key, and never a path`, async () => {
    const Body = `the body of ${Key}`;
    await at.client.send(new PutObjectCommand({ Bucket, Key, Body }));
    const found = await at.client.send(new GetObjectCommand({ Bucket, Key }));
    assert.is(await found.Body?.transformToString(), Body);
    const head = await at.client.send(new HeadObjectCommand({ Bucket, Key }));
    assert.is(head.ContentLength, Buffer.byteLength(Body));
    const listed = await at.client.send(
      new ListObjectsV2Command({ Bucket, Prefix: Key, EncodingType: 'url' }),
    );
    const names = listed.Contents?.map((object) => decodeURIComponent(object.Key ?? ''));
    assert.ok(names?.includes(Key), String(names));
    const CopySource = `${Bucket}/${encodeURIComponent(Key)}`;
    await at.client.send(new CopyObjectCommand({ Bucket, Key: 'the copy', CopySource }));
    const copy = await at.client.send(new GetObjectCommand({ Bucket, Key: 'the copy' }));
    assert.is(await copy.Body?.transformToString(), Body);
  });

keys('all of them are there together, in the order of their bytes', async () => {
  await at.client.send(new DeleteObjectCommand({ Bucket, Key: 'the copy' }));
  const listed = await at.client.send(new ListObjectsV2Command({ Bucket, EncodingType: 'url' }));
  const names = listed.Contents?.map((object) => decodeURIComponent(object.Key ?? ''));
  const order = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  assert.equal(names, [...oddKeys].sort(order));
});

keys('a listing in plain XML escapes what XML cannot hold', async () => {
  const target = `/${Bucket}?list-type=2&prefix=control`;
  const { body } = await at.send({ method: 'GET', target });
  assert.match(body.toString(), '<Key>control&#x1;&#x1f;&#x7f;</Key>');
});

keys('a key of 1,025 bytes is too long', async () => {
  const put = new PutObjectCommand({ Bucket, Key: 'x'.repeat(1025), Body: 'x' });
  assert.is(await failureOf(at.client.send(put)), 'KeyTooLongError');
});

for (const [what, target] of [
  ['dots', `/${Bucket}/../../etc/passwd`],
  ['escaped dots', `/${Bucket}/%2e%2e/%2e%2e/etc/passwd`],
  ['escaped slashes', `/${Bucket}/..%2f..%2fetc%2fpasswd`],
  ['a NUL', `/${Bucket}/etc/passwd%00.jpg`],
  ['backslashes', `/${Bucket}/..%5c..%5cetc`],
] as const)
  keys(`faults 96: ${what} in a path name a key that is not there`, async () => {
    const answer = await at.send({ method: 'GET', target });
    assert.is(answer.status, 404);
    assert.is(codeOf(answer), 'NoSuchKey');
  });

keys('faults 96: a bucket name with dots or slashes names no bucket', async () => {
  for (const target of ['/../etc', '/%2e%2e/etc', '/..%2fetc/passwd', '/./x', '//etc/passwd']) {
    const answer = await at.send({ method: 'GET', target });
    assert.ok(answer.status === 404 || answer.status === 400, `${target}: ${answer.status}`);
  }
});

keys('faults 97: bad escapes and bad UTF-8 are InvalidURI, and the server lives', async () => {
  for (const path of ['%', '%f', '%zz', '%ff', '%c0%80', '%ed%a0%80']) {
    const answer = await at.send({ method: 'GET', target: `/${Bucket}/${path}` });
    assert.is(answer.status, 400, path);
    assert.is(codeOf(answer), 'InvalidURI');
  }
  const query = await at.send({ method: 'GET', target: `/${Bucket}?prefix=%ff` });
  assert.is(codeOf(query), 'InvalidURI');
  assert.is((await at.send({ method: 'HEAD', target: `/${Bucket}` })).status, 200);
});

keys('an absolute-form target names the same object', async () => {
  const target = `/${Bucket}/absolute`;
  await at.send({ method: 'PUT', target, body: 'found' });
  const headers = at.sign({ method: 'GET', target });
  const answer = await at.sendUnsigned({ method: 'GET', target: `${at.url}${target}`, headers });
  assert.is(answer.body.toString(), 'found');
});

const hosts = suite('buckets in the host name');

hosts('bucket.domain names the bucket, and its path is all key', async () => {
  await using there = await s3Place({ domain: 's3.test' });
  await there.send({ method: 'PUT', target: '/my-bucket' });
  const inHost = (method: string, target: string, body?: string) => {
    const headers = { host: 'my-bucket.s3.test:9000' };
    return there.send({ method, target, headers, ...(body === undefined ? {} : { body }) });
  };
  assert.is((await inHost('PUT', '/_/health/live', 'a key')).status, 200);
  assert.is((await inHost('PUT', '/a/../b', 'another')).status, 200);
  assert.is((await inHost('GET', '/_/health/live')).body.toString(), 'a key');
  assert.match((await inHost('GET', '/?list-type=2')).body.toString(), '<Key>a/../b</Key>');
  const inPath = await there.send({ method: 'GET', target: '/my-bucket/a/../b' });
  assert.is(inPath.body.toString(), 'another');
});

keys.run();
hosts.run();
