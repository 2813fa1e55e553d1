import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sameSignature } from '../../../src/auth/chunk-signatures.js';
import { verifyFormSignature } from '../../../src/auth/form-signature.js';
import { isSameDigest, isSameHexDigest } from '../../../src/auth/same-digest.js';
import { presign, signRequest } from '../../../src/auth/sign.js';
import { deriveSigningKey, hmac } from '../../../src/auth/signing-key.js';
import { isSameSignature, signV2 } from '../../../src/auth/sigv2.js';
import { SigV4Verifier } from '../../../src/auth/sigv4.js';

const it = suite('signatures compared');
const credentials = { accessKeyId: 'AKIDEXAMPLE', secret: 'a secret of some length' };
const timeMs = Date.UTC(2026, 0, 31, 12);
const options = {
  region: 'us-east-1',
  secretOf: () => credentials.secret,
  signatureV2: 'urls',
} as const;
const signing = { credentials, region: 'us-east-1', timeMs };
const verifier = new SigV4Verifier(options);
const request = { method: 'GET', rawPath: '/bucket/key', rawQuery: '', headers: { host: 'a' } };

/** Every shorter one, longer ones, and ones of its length that are none. */
function othersThan(signature: string): string[] {
  const shorter = Array.from(signature, (_, length) => signature.slice(0, length));
  const odd = [`${signature}00`, signature + signature, 'z'.repeat(signature.length)];
  return [...shorter, ...odd, '\u00e9'.repeat(signature.length), '\u0000'.repeat(64)];
}

const { headers } = signRequest(request, 'UNSIGNED-PAYLOAD', signing);
const rawQuery = presign(request, { ...signing, expiresSeconds: 60 });
const policy = Buffer.from('{}').toString('base64');
const day = '20260131';
const formSignature = hmac(
  deriveSigningKey(credentials.secret, { day, region: 'us-east-1' }),
  policy,
);

/** Each way to sign a request: what proves it, and what comes of another text in its place. */
const ways: Record<string, readonly [string, (signature: string) => string]> = {
  'in a header': [
    /Signature=(.*)$/.exec(String(headers.authorization))?.[1] ?? '',
    (signature) => {
      const authorization = String(headers.authorization).replace(
        /Signature=.*$/,
        () => `Signature=${signature}`,
      );
      const all = { ...request.headers, ...headers, authorization };
      return outcome(verifier.verify({ ...request, headers: all }, timeMs));
    },
  ],
  'in a URL': [
    /X-Amz-Signature=([0-9a-f]*)/.exec(rawQuery)?.[1] ?? '',
    (signature) => {
      const text = `X-Amz-Signature=${encodeURIComponent(signature)}`;
      const changed = rawQuery.replace(/X-Amz-Signature=[0-9a-f]*/, () => text);
      return outcome(verifier.verify({ ...request, rawQuery: changed }, timeMs));
    },
  ],
  'in a form': [
    formSignature.toString('hex'),
    (signature) => {
      const fields = new Map([
        ['policy', policy],
        ['x-amz-algorithm', 'AWS4-HMAC-SHA256'],
        ['x-amz-credential', `${credentials.accessKeyId}/${day}/us-east-1/s3/aws4_request`],
        ['x-amz-date', `${day}T120000Z`],
        ['x-amz-signature', signature],
      ]);
      return outcome(verifyFormSignature(fields, options, timeMs));
    },
  ],
  'in a form of Version 2': [
    signV2(credentials.secret, policy).toString('base64').replace(/=+$/, ''),
    (signature) => {
      const fields = new Map([
        ['policy', policy],
        ['awsaccesskeyid', credentials.accessKeyId],
        ['signature', signature],
      ]);
      return outcome(verifyFormSignature(fields, options, timeMs));
    },
  ],
};

function outcome(answer: { readonly is: string; readonly code?: string }): string {
  return answer.is === 'refused' ? (answer.code ?? '') : 'proven';
}

for (const [way, [signature, verify]] of Object.entries(ways))
  it(`faults 92: a signature ${way} of any other length or form does not match, and throws nothing`, () => {
    assert.is(verify(signature), 'proven');
    for (const other of othersThan(signature))
      assert.is(verify(other), 'SignatureDoesNotMatch', JSON.stringify(other));
  });

it('faults 92: digests of other lengths are compared as those of theirs, in vain', () => {
  for (const digest of [new Uint8Array(32), new Uint8Array(32).fill(7)]) {
    assert.ok(isSameDigest(digest, digest.slice()));
    for (const length of [0, 1, 31, 33, 64])
      assert.is(isSameDigest(digest, new Uint8Array(length).fill(digest[0] ?? 0)), false);
    const hex = Buffer.from(digest).toString('hex');
    assert.ok(isSameHexDigest(digest, hex));
    for (const other of ['', hex.slice(2), `${hex}00`, 'z'.repeat(64)])
      assert.is(isSameHexDigest(digest, other), false, other);
    assert.ok(sameSignature(hex, hex));
    for (const other of othersThan(hex)) assert.is(sameSignature(hex, other), false, other);
    assert.is(isSameSignature(digest, ''), false);
  }
});

it.run();
