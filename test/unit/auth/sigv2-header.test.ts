import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { SignableRequest } from '../../../src/auth/canonical-request.js';
import { signV2 } from '../../../src/auth/sigv2.js';
import { type Authentication, SigV4Verifier } from '../../../src/auth/sigv4.js';
import type { SignatureV2 } from '../../../src/auth/sigv4-options.js';

const headers = suite('sigv2 in headers');
const accessKeyId = 'AKIAIOSFODNN7EXAMPLE';
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const secretOf = (id: string) => (id === accessKeyId ? secret : undefined);

interface Signed {
  readonly method?: string;
  readonly target: string;
  readonly date: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly signature: string;
  readonly bucketInHost?: string;
}

/** AWS's own examples, of its page on the REST authentication. */
const examples: Readonly<Record<string, Signed>> = {
  'a GET': {
    ...{ target: '/photos/puppy.jpg', date: 'Tue, 27 Mar 2007 19:36:42 +0000' },
    ...{ bucketInHost: 'johnsmith', signature: 'bWq2s1WEIj+Ydj0vQ697zp+IXMU=' },
  },
  'a PUT with a type': {
    ...{ method: 'PUT', target: '/photos/puppy.jpg', date: 'Tue, 27 Mar 2007 21:15:45 +0000' },
    headers: { 'content-type': 'image/jpeg', 'content-length': '94328' },
    ...{ bucketInHost: 'johnsmith', signature: 'MyyxeRY7whkBe+bq8fHCL/2kKUg=' },
  },
  'a listing, whose parameters are not signed': {
    target: '/?prefix=photos&max-keys=50&marker=puppy',
    date: 'Tue, 27 Mar 2007 19:42:41 +0000',
    ...{ bucketInHost: 'johnsmith', signature: 'htDYFYduRNen8P9ZfE/s9SuKy0U=' },
  },
  'a sub-resource': {
    ...{ target: '/?acl', date: 'Tue, 27 Mar 2007 19:44:46 +0000' },
    ...{ bucketInHost: 'johnsmith', signature: 'c2WLPFtWHVgbEmeEG93a4cG37dM=' },
  },
  'an upload with headers, one of them twice': {
    method: 'PUT',
    ...{ target: '/db-backup.dat.gz', date: 'Tue, 27 Mar 2007 21:06:08 +0000' },
    headers: {
      ...{ 'x-amz-acl': 'public-read', 'content-type': 'application/x-download' },
      'content-md5': '4gJE4saaMU4BqNR0kLY+lw==',
      'x-amz-meta-reviewedby': ['joe@johnsmith.net', 'jane@johnsmith.net'],
      'x-amz-meta-filechecksum': '0x02661779',
      'x-amz-meta-checksumalgorithm': 'crc32',
    },
    ...{ bucketInHost: 'static.johnsmith.net', signature: 'ilyl83RwaSoYIEdixDQcA4OnAnc=' },
  },
  'a list of all buckets': {
    ...{ target: '/', date: 'Wed, 28 Mar 2007 01:29:59 +0000' },
    signature: 'qGdzdERIC03wnaRNKh6OqZehG9s=',
  },
  'a key in escapes': {
    target: '/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re',
    ...{ date: 'Wed, 28 Mar 2007 01:49:49 +0000', signature: 'DNEZGsoieTZ92F3bUfSPQcbGmlM=' },
  },
};

function verify(example: Signed, signatureV2: SignatureV2 = 'all', lateMs = 0): Authentication {
  const { target, date, signature, method = 'GET', bucketInHost } = example;
  const [rawPath = '', rawQuery = ''] = target.split('?');
  const authorization = `AWS ${accessKeyId}:${signature}`;
  const own = { host: 'a.test', date, authorization, ...example.headers };
  const request: SignableRequest = { method, rawPath, rawQuery, bucketInHost, headers: own };
  const verifier = new SigV4Verifier({ region: 'us-east-1', secretOf, signatureV2 });
  return verifier.verify(request, Date.parse(date) + lateMs);
}

function outcome(answer: Authentication): string {
  return answer.is === 'refused' ? answer.code : answer.is;
}

for (const [what, example] of Object.entries(examples))
  headers(`takes ${what}`, () => {
    const answer = verify(example);
    assert.is(outcome(answer), 'authenticated');
    assert.ok(answer.is === 'authenticated' && answer.accessKeyId === accessKeyId);
    assert.equal(answer.payload, { is: 'unsigned' });
    assert.is(answer.chunkSigning, undefined);
  });

headers('takes none of them unless it is told to', () => {
  for (const example of Object.values(examples))
    for (const taken of ['urls', 'off'] as const)
      assert.is(outcome(verify(example, taken)), 'InvalidRequest');
});

const now = 'Tue, 27 Mar 2007 19:36:42 +0000';
const sign = (text: string) => signV2(secret, text).toString('base64');

headers('a bucket’s path is signed with a slash at its end, or without', () => {
  for (const path of ['/bucket', '/bucket/']) {
    const signature = sign(`PUT\n\n\n${now}\n${path}`);
    const put = { method: 'PUT', target: '/bucket', date: now, signature };
    assert.is(outcome(verify(put)), 'authenticated', path);
  }
  const signature = sign(`PUT\n\n\n${now}\n/bucket/key/`);
  const other = { method: 'PUT', target: '/bucket/key', date: now, signature };
  assert.is(outcome(verify(other)), 'SignatureDoesNotMatch');
});

headers('a date among the headers of Amazon’s takes the place of the other', () => {
  const dated = (value: string) => {
    const signature = sign(`GET\n\n\n\nx-amz-date:${value}\n/b/k`);
    const amz = { 'x-amz-date': value };
    return outcome(verify({ target: '/b/k', date: now, headers: amz, signature }));
  };
  assert.is(dated(now), 'authenticated');
  for (const none of ['', 'Bad Date', 'Tue, 07 Jul 1950 21:53:04 GMT'])
    assert.is(dated(none), 'AccessDenied', none);
  for (const far of ['Tue, 07 Jul 2010 21:53:04 GMT', 'Tue, 07 Jul 9999 21:53:04 GMT'])
    assert.is(dated(far), 'RequestTimeTooSkewed', far);
});

const aGet: Signed = { target: '/b/k', date: now, signature: sign(`GET\n\n\n${now}\n/b/k`) };
const withHeaders = (own: Signed['headers']): Signed => ({ ...aGet, headers: { ...own } });
for (const [what, example, code] of [
  ['another method', { ...aGet, method: 'PUT' }, 'SignatureDoesNotMatch'],
  ['another key', { ...aGet, target: '/b/j' }, 'SignatureDoesNotMatch'],
  ['a header beside', withHeaders({ 'x-amz-meta-a': 'b' }), 'SignatureDoesNotMatch'],
  ['a type beside', withHeaders({ 'content-type': 'text/html' }), 'SignatureDoesNotMatch'],
  ['a sub-resource', { ...aGet, target: '/b/k?acl' }, 'SignatureDoesNotMatch'],
  ['one that nothing signs', { ...aGet, target: '/b/k?retention' }, 'InvalidRequest'],
  ['a parameter twice', { ...aGet, target: '/b/k?prefix=a&prefix=b' }, 'InvalidArgument'],
  ['an empty signature', { ...aGet, signature: '' }, 'InvalidArgument'],
  ['no signature', withHeaders({ authorization: 'AWS HAHAHA' }), 'InvalidArgument'],
  ['an unknown key', withHeaders({ authorization: 'AWS nobody:c2ln' }), 'InvalidAccessKeyId'],
  ['a token', withHeaders({ 'x-amz-security-token': 't' }), 'InvalidToken'],
  [
    'chunks that nothing signs',
    withHeaders({ 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }),
    'InvalidArgument',
  ],
] as const)
  headers(`faults 93: a request with ${what} is ${code}`, () => {
    assert.is(outcome(verify(aGet)), 'authenticated');
    assert.is(outcome(verify(example)), code);
  });

headers('faults 95: it is good for 15 minutes either way', () => {
  const minuteMs = 60_000;
  for (const lateMs of [-15 * minuteMs, 15 * minuteMs])
    assert.is(outcome(verify(aGet, 'all', lateMs)), 'authenticated');
  for (const lateMs of [-15 * minuteMs - 1, 15 * minuteMs + 1])
    assert.is(outcome(verify(aGet, 'all', lateMs)), 'RequestTimeTooSkewed');
});

headers.run();
