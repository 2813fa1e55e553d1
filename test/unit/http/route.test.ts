import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addressOf } from '../../../src/http/s3/address.js';
import { operations } from '../../../src/http/s3/operations.js';
import { Query } from '../../../src/http/s3/query.js';
import { refuseUnserved, refuseVersionId } from '../../../src/http/s3/refusals.js';
import { route } from '../../../src/http/s3/route.js';
import { S3Error } from '../../../src/http/s3/s3-error.js';

const routing = suite('which operation a request asks for');

type Headers = Readonly<Record<string, string>>;

function routed(method: string, target: string, headers: Headers = {}) {
  const [path = '/', query = ''] = target.split('?');
  return route(method, addressOf(path, undefined, undefined), new Query(query), headers);
}

const refusedWith = (code: string) => (error: unknown) =>
  error instanceof S3Error && error.code === code;

const copy = { 'x-amz-copy-source': '/b/k' };

for (const [method, target, name, headers] of [
  ['GET', '/', 'ListBuckets', {}],
  ['GET', '/?prefix=a&max-buckets=3&x-id=ListBuckets', 'ListBuckets', {}],
  ['GET', '/b', 'ListObjects', {}],
  ['GET', '/b/?list-type=2&prefix=acl', 'ListObjectsV2', {}],
  ['GET', '/b?location', 'GetBucketLocation', {}],
  ['GET', '/b?uploads&prefix=x', 'ListMultipartUploads', {}],
  ['HEAD', '/b', 'HeadBucket', {}],
  ['PUT', '/b', 'CreateBucket', {}],
  ['DELETE', '/b', 'DeleteBucket', {}],
  ['POST', '/b?delete', 'DeleteObjects', {}],
  ['GET', '/b/k?x-id=GetObject', 'GetObject', {}],
  ['GET', '/b/k?partNumber=2', 'GetObject', {}],
  ['HEAD', '/b/k?partNumber=2', 'HeadObject', {}],
  ['PUT', '/b/k?x-id=PutObject', 'PutObject', {}],
  ['PUT', '/b/acl', 'PutObject', {}],
  ['PUT', '/b/k?x-id=CopyObject', 'CopyObject', copy],
  ['PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPart', {}],
  ['PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPartCopy', copy],
  ['POST', '/b/k?uploads', 'CreateMultipartUpload', {}],
  ['POST', '/b/k?uploadId=u', 'CompleteMultipartUpload', {}],
  ['DELETE', '/b/k?uploadId=u', 'AbortMultipartUpload', {}],
  ['GET', '/b/k?uploadId=u', 'ListParts', {}],
  ['DELETE', '/b/k', 'DeleteObject', {}],
] as const)
  routing(`${method} ${target} is ${name}`, () => {
    const found = routed(method, target, headers);
    assert.is(found.name, name);
    assert.type(found.handle, 'function');
  });

for (const operation of operations.filter(({ handle }) => handle === undefined))
  routing(`${operation.name} is known, and not served`, () => {
    const path = { service: '/', bucket: '/b', object: '/b/k' }[operation.scope];
    const found = routed(operation.method, `${path}?${operation.query.join('&')}`);
    assert.is(found.name, operation.name);
  });

const served = operations.filter(({ handle }) => handle !== undefined);
const selectors = new Set(operations.flatMap(({ query }) => query));

routing('no sub-resource falls through to a plain operation, under any method', () => {
  let refused = 0;
  for (const method of ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'])
    for (const path of ['/', '/b', '/b/k'])
      for (const selector of selectors) {
        const found = outcome(method, `${path}?${selector}`);
        if (found === undefined) {
          refused += 1;
          continue;
        }
        const [name = ''] = selector.split('=');
        const takes = found.query.includes(selector) || found.parameters.includes(name);
        assert.ok(takes, `${method} ${path}?${selector} is ${found.name}`);
      }
  assert.ok(refused > 300);
});

function outcome(method: string, target: string) {
  try {
    return routed(method, target);
  } catch (error) {
    const codes = [
      'NotImplemented',
      'MethodNotAllowed',
      'InvalidRequest',
      'InvalidArgument',
    ] as const;
    if (codes.some((code) => refusedWith(code)(error))) return undefined;
    throw error;
  }
}

routing('an upload id or a part number alone never reaches the object itself', () => {
  assert.throws(() => routed('PUT', '/b/k?uploadId=u'), refusedWith('MethodNotAllowed'));
  assert.throws(() => routed('PUT', '/b/k?partNumber=1'), refusedWith('InvalidArgument'));
  const both = '/b/k?uploadId=u&partNumber=1&acl';
  assert.throws(() => routed('PUT', both), refusedWith('NotImplemented'));
  assert.throws(() => routed('DELETE', '/b/k?partNumber=1'), refusedWith('NotImplemented'));
});

routing('methods that S3 does not have are not allowed', () => {
  for (const [method, path] of [
    ['PATCH', '/b/k'],
    ['OPTIONS', '/b/k'],
    ['DELETE', '/'],
    ['PUT', '/'],
    ['TRACE', '/b'],
  ] as const)
    assert.throws(() => routed(method, path), refusedWith('MethodNotAllowed'));
});

routing('names are unique per method and scope, and each served one is found again', () => {
  const names = operations.map(({ name }) => name);
  assert.is(new Set(names).size, names.length);
  for (const operation of served) {
    const path = { service: '/', bucket: '/b', object: '/b/k' }[operation.scope];
    const headers = operation.header === undefined ? {} : { [operation.header]: '/b/k' };
    const found = routed(operation.method, `${path}?${operation.query.join('&')}`, headers);
    assert.is(found, operation);
  }
});

const refusing = suite('headers that ask for what is not served');

for (const [name, value] of [
  ['x-amz-server-side-encryption-context', 'e30='],
  ['x-amz-storage-class', 'GLACIER'],
  ['x-amz-write-offset-bytes', '0'],
] as const)
  refusing(`${name}: ${value} is NotImplemented`, () => {
    assert.throws(() => refuseUnserved({ [name]: value }), refusedWith('NotImplemented'));
  });

refusing('what says no more than is so anyway is taken', () => {
  refuseUnserved({
    'content-type': 'text/plain',
    'x-amz-storage-class': 'STANDARD',
    'x-amz-request-payer': 'requester',
    'x-amz-meta-acl': 'public-read',
    'x-amz-tagging-directive': 'COPY',
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
  });
  assert.throws(
    () => refuseUnserved({ 'x-amz-storage-class': 'NO_SUCH_CLASS' }),
    refusedWith('InvalidStorageClass'),
  );
});

refusing('null is the only version', () => {
  refuseVersionId(undefined);
  refuseVersionId('null');
  assert.throws(() => refuseVersionId('abc'), refusedWith('NotImplemented'));
  assert.throws(() => refuseVersionId(''), refusedWith('InvalidArgument'));
});

routing.run();
refusing.run();
