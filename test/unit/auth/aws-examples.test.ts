import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { SignableRequest } from '../../../src/auth/canonical-request.js';
import { presign, signRequest } from '../../../src/auth/sign.js';
import { SigV4Verifier } from '../../../src/auth/sigv4.js';

/**
 * The examples that AWS publishes for S3.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
const examples = suite('AWS examples of SigV4');
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const timeMs = Date.UTC(2013, 4, 24);
const options = { credentials, region: 'us-east-1', timeMs };
const host = 'examplebucket.s3.amazonaws.com';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const verifier = new SigV4Verifier({ region: 'us-east-1', secretOf: () => credentials.secret });

const signed: [name: string, SignableRequest, payload: string, signature: string][] = [
  [
    'GET object',
    { method: 'GET', rawPath: '/test.txt', rawQuery: '', headers: { host, range: 'bytes=0-9' } },
    '',
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ],
  [
    'PUT object',
    {
      method: 'PUT',
      rawPath: '/test$file.text',
      rawQuery: '',
      headers: {
        host,
        date: 'Fri, 24 May 2013 00:00:00 GMT',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      },
    },
    'Welcome to Amazon S3.',
    '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  ],
  [
    'GET bucket lifecycle',
    { method: 'GET', rawPath: '/', rawQuery: 'lifecycle', headers: { host } },
    '',
    'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  ],
  [
    'GET bucket (list objects)',
    { method: 'GET', rawPath: '/', rawQuery: 'prefix=J&max-keys=2', headers: { host } },
    '',
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ],
];
for (const [name, request, body, signature] of signed)
  examples(`${name}: signs and verifies`, () => {
    const { headers, chunkSigning } = signRequest(request, sha256(body), options);
    assert.is(chunkSigning.seedSignature, signature);
    const sent = { ...request, headers: { ...request.headers, ...headers } };
    const answer = verifier.verify(sent, timeMs);
    assert.is(answer.is, 'authenticated');
  });

examples('presigned GET: signs and verifies', () => {
  const request = { method: 'GET', rawPath: '/test.txt', rawQuery: '', headers: { host } };
  const rawQuery = presign(request, { ...options, expiresSeconds: 86_400 });
  assert.match(rawQuery, /=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404$/);
  assert.is(verifier.verify({ ...request, rawQuery }, timeMs).is, 'authenticated');
});

examples.run();
