import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AccessRecord, logLine } from '../../../../src/http/s3/log-line.js';
import { copySourceOperation, loggedOperation } from '../../../../src/http/s3/log-operations.js';
import { lifecycleLine } from '../../../../src/http/s3/logged-lifecycle.js';
import { operations } from '../../../../src/http/s3/operations.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html */
const line = suite('lines of an access log');

const owner = '79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be';
const hostId = 's9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234=';

const versioning: AccessRecord = {
  bucketOwner: owner,
  bucket: 'photos',
  timeUnixMs: Date.UTC(2019, 1, 6, 0, 0, 38, 999),
  remoteAddress: '192.0.2.3',
  requester: owner,
  requestId: '3E57427F3EXAMPLE',
  operation: 'REST.GET.VERSIONING',
  key: '',
  requestLine: 'GET /photos?versioning HTTP/1.1',
  status: 200,
  errorCode: undefined,
  sentBytes: 113,
  objectBytes: undefined,
  totalMs: 7.2,
  turnAroundMs: undefined,
  referer: '',
  userAgent: 'S3Console/0.4',
  versionId: undefined,
  hostId,
  signature: 'SigV4',
  cipher: 'ECDHE-RSA-AES128-GCM-SHA256',
  authentication: 'AuthHeader',
  hostHeader: 'photos.s3.us-west-1.amazonaws.com',
  tlsVersion: 'TLSv1.2',
  aclRequired: true,
};
/** What stands behind the user agent in a request over TLS. */
const behind = `${hostId} SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader`;

line('a line has the 26 fields in the order of AWS', () => {
  const host = 'photos.s3.us-west-1.amazonaws.com';
  assert.is(
    logLine(versioning),
    `${owner} photos [06/Feb/2019:00:00:38 +0000] 192.0.2.3 ${owner} 3E57427F3EXAMPLE ` +
      'REST.GET.VERSIONING - "GET /photos?versioning HTTP/1.1" 200 - 113 - 7 - ' +
      `"-" "S3Console/0.4" - ${behind} ${host} TLSv1.2 - Yes\n`,
  );
});

line('what does not apply is a dash: nobody signs, nothing is sent, no TLS', () => {
  const record: AccessRecord = {
    ...versioning,
    ...{ requester: undefined, operation: 'REST.HEAD.OBJECT', key: 'puppy.jpg', status: 403 },
    ...{ requestLine: 'HEAD /photos/puppy.jpg HTTP/1.1', errorCode: 'AccessDenied', sentBytes: 0 },
    ...{ totalMs: 12, turnAroundMs: 11.6, referer: 'http://example.com/', userAgent: '' },
    ...{ signature: undefined, cipher: undefined, authentication: undefined },
    ...{ hostHeader: 'localhost:9000', tlsVersion: undefined, aclRequired: false },
  };
  assert.is(
    logLine(record),
    `${owner} photos [06/Feb/2019:00:00:38 +0000] 192.0.2.3 - 3E57427F3EXAMPLE ` +
      'REST.HEAD.OBJECT puppy.jpg "HEAD /photos/puppy.jpg HTTP/1.1" 403 AccessDenied - - 12 12 ' +
      `"http://example.com/" "-" - ${hostId} - - - localhost:9000 - - -\n`,
  );
});

line('a key that was deleted with others has a line without the request', () => {
  const record: AccessRecord = {
    ...versioning,
    ...{ operation: 'BATCH.DELETE.OBJECT', key: 'a b/c', requestLine: undefined, status: 204 },
    ...{ sentBytes: undefined, objectBytes: 1, totalMs: undefined, referer: undefined },
    ...{ userAgent: undefined, hostHeader: 's3.us-east-2.amazonaws.com', aclRequired: false },
  };
  assert.is(
    logLine(record),
    `${owner} photos [06/Feb/2019:00:00:38 +0000] 192.0.2.3 ${owner} 3E57427F3EXAMPLE ` +
      'BATCH.DELETE.OBJECT a%20b/c - 204 - - 1 - - - - - ' +
      `${behind} s3.us-east-2.amazonaws.com TLSv1.2 - -\n`,
  );
});

line('what a lifecycle does is asked for by S3, in no request', () => {
  const facts = { bucketOwner: owner, requestId: '3E57427F3EXAMPLE', timeUnixMs: 0 };
  const deed = { bucket: 'photos', key: 'a b', did: 'removed', versionId: '1f' } as const;
  assert.is(
    lifecycleLine(deed, facts),
    `${owner} photos [01/Jan/1970:00:00:00 +0000] - AmazonS3 3E57427F3EXAMPLE ` +
      'S3.EXPIRE.OBJECT a%20b "-" - - - - - - "-" "-" 1f - - - - - - - -\n',
  );
});

for (const [key, logged] of [
  ['2019/puppy.jpg', '2019/puppy.jpg'],
  ['a b', 'a%2520b'],
  ['a+b', 'a%252Bb'],
  ['100%', '100%2525'],
  ['\u00e9', '%25C3%25A9'],
  ['a\nb"c', 'a%250Ab%2522c'],
] as const)
  line(`the key ${JSON.stringify(key)} is escaped twice`, () => {
    const text = logLine({ ...versioning, operation: 'REST.GET.OBJECT', key });
    assert.is(text.split(' ')[8], logged);
  });

line('nothing that a client sends ends a field or a line', () => {
  const evil = { requestLine: 'GET /a"b\x7f\xe9 HTTP/1.1', userAgent: 'x" 200 - \\', referer: '"' };
  const odd = { hostHeader: 'a b', versionId: 'v"w x\u20ac' };
  const text = logLine({ ...versioning, ...evil, ...odd });
  assert.match(text, ' "GET /a%22b%7F%E9 HTTP/1.1" 200 ');
  assert.match(text, ' "%22" "x%22 200 - \\" v%22w%20x%E2%82%AC ');
  assert.match(text, ' a%20b TLSv1.2 - Yes\n');
  assert.is(text.split('\n').length, 2);
});

for (const [method, operation, key, logged] of [
  ['GET', 'GetObject', 'k', 'REST.GET.OBJECT'],
  ['PUT', 'PutObject', 'k', 'REST.PUT.OBJECT'],
  ['PUT', 'CopyObject', 'k', 'REST.COPY.OBJECT'],
  ['PUT', 'UploadPartCopy', 'k', 'REST.COPY.PART'],
  ['PUT', 'UploadPart', 'k', 'REST.PUT.PART'],
  ['POST', 'CreateMultipartUpload', 'k', 'REST.POST.UPLOADS'],
  ['POST', 'CompleteMultipartUpload', 'k', 'REST.POST.UPLOAD'],
  ['POST', 'DeleteObjects', '', 'REST.POST.MULTI_OBJECT_DELETE'],
  ['GET', 'ListObjectsV2', '', 'REST.GET.BUCKET'],
  ['GET', 'ListObjectVersions', '', 'REST.GET.BUCKETVERSIONS'],
  ['GET', 'GetBucketLogging', '', 'REST.GET.LOGGING_STATUS'],
  ['GET', 'GetBucketPolicy', '', 'REST.GET.BUCKETPOLICY'],
  ['GET', 'GetObjectTagging', 'k', 'REST.GET.OBJECT_TAGGING'],
  ['GET', 'GetWebsite', '', 'WEBSITE.GET.OBJECT'],
  ['OPTIONS', undefined, 'k', 'REST.OPTIONS.PREFLIGHT'],
  ['GET', undefined, '', 'REST.GET.BUCKET'],
  ['PUT', undefined, 'k', 'REST.PUT.OBJECT'],
] as const)
  line(`${method} of ${operation ?? 'nobody knows what'} is ${logged}`, () => {
    assert.is(loggedOperation({ method, operation, key }), logged);
  });

line('every operation on a sub-resource that is served has a name of its own', () => {
  const plain = /^REST\.[A-Z]+\.(?:BUCKET|OBJECT)$/;
  for (const { name, method, scope, query, handle } of operations) {
    if (handle === undefined || query.length === 0 || name === 'ListObjectsV2') continue;
    const key = scope === 'object' ? 'k' : '';
    assert.not.match(loggedOperation({ method, operation: name, key }), plain, name);
  }
});

line('a copy has a line for what it reads', () => {
  assert.is(copySourceOperation('CopyObject'), 'REST.COPY.OBJECT_GET');
  assert.is(copySourceOperation('UploadPartCopy'), 'REST.COPY.PART_GET');
  assert.is(copySourceOperation('PutObject'), undefined);
  assert.is(copySourceOperation(undefined), undefined);
});

line.run();
