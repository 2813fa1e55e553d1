import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { SignableRequest } from '../../../src/auth/canonical-request.js';
import { type Authentication, SigV4Verifier } from '../../../src/auth/sigv4.js';

const sigv2 = suite('sigv2');
const accessKeyId = 'AKIAIOSFODNN7EXAMPLE';
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const secretOf = (id: string) => (id === accessKeyId ? secret : undefined);
const verifier = new SigV4Verifier({ region: 'us-east-1', secretOf, signatureV2: 'urls' });
const nowMs = 1_175_139_000_000;

interface Presigned {
  readonly method: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bucketInHost?: string;
}

/** AWS's own example, and what boto3 1.43 makes in us-east-1. */
const examples = {
  'the example of the documentation': {
    method: 'GET',
    target:
      '/photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&' +
      'Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620',
    bucketInHost: 'johnsmith',
  },
  'a version of an odd key, under another type': {
    method: 'GET',
    target:
      '/b/a%20b%2Bc/%C3%BC%25?versionId=v%2B1&response-content-type=text%2Fplain%3B%20charset' +
      '%3Dutf-8&AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=Hkt7ETPp0J9RZap%2BzgSiCkJz3fg%3D&' +
      'Expires=1175139600',
  },
  'a PUT with a type and metadata': {
    method: 'PUT',
    target:
      '/b/k?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=HzQggophKUQ4xllISFoKG2Yk%2FxM%3D&' +
      'content-type=text%2Fplain&x-amz-meta-a=b%20c&x-amz-acl=private&Expires=1175139600',
  },
  'a part, the bucket in the host': {
    method: 'PUT',
    target:
      '/k?partNumber=2&uploadId=u&AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&' +
      'Signature=kJHwFoSaa7ouRa11MNsZabRuWq0%3D&Expires=1175139600',
    bucketInHost: 'bucket',
  },
} as const satisfies Record<string, Presigned>;

const aPut = examples['a PUT with a type and metadata'];
const aGet = examples['the example of the documentation'];

function verify({ target, headers, ...rest }: Presigned, atMs = nowMs): Authentication {
  const question = target.indexOf('?');
  const [rawPath, rawQuery] = [target.slice(0, question), target.slice(question + 1)];
  const own = { host: 'a.test', ...headers };
  const request: SignableRequest = { ...rest, rawPath, rawQuery, headers: own };
  return verifier.verify(request, atMs);
}

function outcome(answer: Authentication): string {
  return answer.is === 'refused' ? answer.code : answer.is;
}

for (const [what, example] of Object.entries(examples))
  sigv2(`takes ${what}`, () => {
    const answer = verify(example);
    assert.is(outcome(answer), 'authenticated');
    assert.ok(answer.is === 'authenticated' && answer.accessKeyId === accessKeyId);
    assert.equal(answer.payload, { is: 'unsigned' });
  });

sigv2('a header in place of its parameter is signed the same', () => {
  const target = aPut.target.replace('content-type=text%2Fplain&', '');
  const typed = (type: string) => verify({ ...aPut, target, headers: { 'content-type': type } });
  assert.is(outcome(typed('text/plain')), 'authenticated');
  assert.is(outcome(typed('text/html')), 'SignatureDoesNotMatch');
  const both = { ...aPut, headers: { 'content-type': 'text/html' } };
  assert.is(outcome(verify(both)), 'SignatureDoesNotMatch');
});

for (const [what, changed, code] of [
  ['another method', { ...aPut, method: 'DELETE' }, 'SignatureDoesNotMatch'],
  [
    'another key',
    { ...aPut, target: aPut.target.replace('/b/k', '/b/l') },
    'SignatureDoesNotMatch',
  ],
  ['a bucket in the host', { ...aPut, bucketInHost: 'b' }, 'SignatureDoesNotMatch'],
  [
    'other metadata',
    { ...aPut, target: aPut.target.replace('b%20c', 'd') },
    'SignatureDoesNotMatch',
  ],
  [
    'metadata beside',
    { ...aPut, target: `${aPut.target}&x-amz-tagging=a` },
    'SignatureDoesNotMatch',
  ],
  ['a header beside', { ...aPut, headers: { 'x-amz-meta-b': 'c' } }, 'SignatureDoesNotMatch'],
  [
    'another expiry',
    { ...aPut, target: aPut.target.replace(/600$/, '601') },
    'SignatureDoesNotMatch',
  ],
  ['a sub-resource', { ...aGet, target: `${aGet.target}&acl` }, 'SignatureDoesNotMatch'],
  ['what is not signed', { ...aGet, target: `${aGet.target}&prefix=a` }, 'InvalidRequest'],
  [
    'what twice is given',
    { ...aGet, target: `${aGet.target}&Expires=1175139620` },
    'InvalidArgument',
  ],
  [
    'a header for its parameter',
    { ...aPut, headers: { 'x-amz-acl': 'private' } },
    'InvalidRequest',
  ],
  [
    'a short signature',
    { ...aGet, target: aGet.target.replace('Npg', '') },
    'SignatureDoesNotMatch',
  ],
  ['no expiry', { ...aGet, target: aGet.target.replace(/&Expires.*/, '') }, 'AccessDenied'],
  ['an unknown key', { ...aGet, target: aGet.target.replace('AKIA', 'X') }, 'InvalidAccessKeyId'],
  ['a token', { ...aGet, target: `${aGet.target}&x-amz-security-token=t` }, 'InvalidToken'],
  [
    'chunks that nothing signs',
    { ...aPut, headers: { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' } },
    'InvalidArgument',
  ],
] as const)
  sigv2(`faults 93: ${what} is refused`, () => assert.is(outcome(verify(changed)), code));

sigv2('faults 95: an expired URL, and one that lasts longer than 7 days, is refused', () => {
  const expiresMs = 1_175_139_620_000;
  const dayMs = 24 * 3600 * 1000;
  assert.is(outcome(verify(aGet, expiresMs - 1)), 'authenticated');
  assert.is(outcome(verify(aGet, expiresMs)), 'AccessDenied');
  assert.is(outcome(verify(aGet, expiresMs - 7 * dayMs)), 'authenticated');
  assert.is(outcome(verify(aGet, expiresMs - 7 * dayMs - 1)), 'AccessDenied');
});

sigv2.run();
