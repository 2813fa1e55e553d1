import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addressOf, splitTarget } from '../../../src/http/s3/address.js';
import { Query } from '../../../src/http/s3/query.js';
import { S3Error } from '../../../src/http/s3/s3-error.js';

const addresses = suite('addresses of requests');

const refusedWith = (code: string) => (error: unknown) =>
  error instanceof S3Error && error.code === code;

const pathStyle = (path: string) => addressOf(path, 'localhost:9000', undefined);

for (const [path, bucket, key] of [
  ['/', '', ''],
  ['/photos', 'photos', ''],
  ['/photos/', 'photos', ''],
  ['/photos/a', 'photos', 'a'],
  ['/photos//', 'photos', '/'],
  ['/photos/a/../b', 'photos', 'a/../b'],
  ['/photos/%2e%2e/b', 'photos', '../b'],
  ['/photos/a%2Fb', 'photos', 'a/b'],
  ['/photos/./', 'photos', './'],
  ['/photos/a+b', 'photos', 'a+b'],
  ['/photos/a%20b%25', 'photos', 'a b%'],
  ['/photos/a;b=c&d,e', 'photos', 'a;b=c&d,e'],
  ['/photos/%00%0a%0D', 'photos', '\0\n\r'],
  ['/photos/%E6%BC%A2', 'photos', '漢'],
  ['/photos/\u00e6\u00bc\u00a2', 'photos', '漢'], // raw bytes, as Node gives them
  ['/photos/%F0%9F%8E%B8', 'photos', '🎸'],
  ['/photos/%EF%BB%BFx', 'photos', '\ufeffx'],
  ['/photos/a\\b', 'photos', 'a\\b'],
] as const)
  addresses(`faults 96: ${JSON.stringify(path)} is bucket and key, never a path`, () => {
    const address = pathStyle(path);
    assert.is(address.bucket, bucket);
    assert.is(address.key, key);
    assert.is(address.scope, key !== '' ? 'object' : bucket !== '' ? 'bucket' : 'service');
  });

for (const path of [
  '/b/%',
  '/b/%f',
  '/b/%zz',
  '/b/%ff',
  '/b/%c0%80',
  '/b/%ed%a0%80',
  '/%ff/k',
  '/b/\xff',
])
  addresses(`faults 97: ${JSON.stringify(path)} is InvalidURI`, () => {
    assert.throws(() => pathStyle(path), refusedWith('InvalidURI'));
  });

addresses('the query begins at the first question mark and stays as it was sent', () => {
  assert.equal(splitTarget('/b/k?a=%2F?b'), { rawPath: '/b/k', rawQuery: 'a=%2F?b' });
  assert.equal(splitTarget('/b/k'), { rawPath: '/b/k', rawQuery: '' });
});

addresses('an absolute-form target is read behind its authority', () => {
  assert.equal(splitTarget('http://x:1/b/../k?q'), { rawPath: '/b/../k', rawQuery: 'q' });
  assert.equal(splitTarget('HTTPS://x'), { rawPath: '/', rawQuery: '' });
  assert.equal(splitTarget('http://x?uploads'), { rawPath: '/', rawQuery: 'uploads' });
});

for (const target of ['*', 'b/k', 'ftp://x/b', 'http:///b', ''])
  addresses(`the target ${JSON.stringify(target)} is InvalidURI`, () => {
    assert.throws(() => splitTarget(target), refusedWith('InvalidURI'));
  });

addresses('a bucket in the host leaves the whole path to the key', () => {
  const address = addressOf('/a//b', 'Photos.S3.Example:9000', 's3.example');
  assert.is(address.bucket, 'photos');
  assert.is(address.key, 'a//b');
  assert.ok(address.bucketInHost);
});

addresses('a bucket in the host may have dots; its root is the bucket', () => {
  const address = addressOf('/', 'my.photos.s3.example', 's3.example');
  assert.is(address.bucket, 'my.photos');
  assert.is(address.scope, 'bucket');
});

for (const host of ['s3.example', '.s3.example', 'xs3.example', '127.0.0.1:9000', '[::1]:9000'])
  addresses(`${host} is path style though there is a domain`, () => {
    assert.is(addressOf('/b/k', host, 's3.example').bucket, 'b');
  });

const queries = suite('query strings');

queries('names without a value are there, with an empty one', () => {
  const query = new Query('acl&prefix=a%2Fb+c%2B&=x&&');
  assert.is(query.get('acl'), '');
  assert.is(query.get('prefix'), 'a/b c+');
  assert.not(query.has('b'));
});

queries('of a parameter given twice the first counts', () => {
  assert.is(new Query('a=1&a=2').get('a'), '1');
});

queries('names of Object.prototype are names like others', () => {
  const query = new Query('constructor=1');
  assert.is(query.get('constructor'), '1');
  assert.is(query.get('toString'), undefined);
});

queries('faults 97: bad escapes and bad UTF-8 are InvalidURI', () => {
  for (const raw of ['a=%', '%ff=1', 'a=%c3%28'])
    assert.throws(() => new Query(raw), refusedWith('InvalidURI'));
});

addresses.run();
queries.run();
