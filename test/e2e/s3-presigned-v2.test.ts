import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { signV2 } from '../../src/auth/sigv2.js';
import { codeOf, credentials, type S3Place, s3Place } from './s3-place.js';

const presigned = suite('URLs presigned by Version 2');

let at: S3Place;
presigned.before(async () => {
  at = await s3Place();
  await at.send({ method: 'PUT', target: '/shared' });
});
presigned.after(() => at.close());

/** As boto3 writes it, with the headers that it signs among the parameters. */
function target(method: string, path: string, headers: Readonly<Record<string, string>> = {}) {
  const expires = String(Math.floor(Date.now() / 1000) + 60);
  const { 'content-type': type = '', ...amz } = headers;
  const lines = Object.entries(amz).map(([name, value]) => `${name}:${value}\n`);
  const text = `${method}\n\n${type}\n${expires}\n${lines.sort().join('')}${path}`;
  const signature = signV2(credentials.secretAccessKey, text).toString('base64');
  const query = new URLSearchParams({ AWSAccessKeyId: credentials.accessKeyId });
  for (const [name, value] of Object.entries(headers)) query.set(name, value);
  query.set('Signature', signature);
  query.set('Expires', expires);
  return `${path}?${query}`;
}

presigned('what the URL holds of headers is kept with the object', async () => {
  const headers = { 'content-type': 'text/x-old', 'x-amz-meta-a': 'b' };
  const put = target('PUT', '/shared/k', headers);
  assert.is((await at.sendUnsigned({ method: 'PUT', target: put, body: 'old' })).status, 200);
  const got = await at.sendUnsigned({ method: 'GET', target: target('GET', '/shared/k') });
  assert.is(got.body.toString(), 'old');
  assert.is(got.headers['content-type'], 'text/x-old');
  assert.is(got.headers['x-amz-meta-a'], 'b');
});

presigned('a URL is for its own request alone', async () => {
  const answer = await at.sendUnsigned({ method: 'DELETE', target: target('GET', '/shared/k') });
  assert.is(answer.status, 403);
  assert.is(codeOf(answer), 'SignatureDoesNotMatch');
});

presigned('where it is off, Version 2 is refused', async () => {
  await using there = await s3Place({ signatureV2: 'off' });
  const answer = await there.sendUnsigned({ method: 'GET', target: target('GET', '/shared/k') });
  assert.is(answer.status, 400);
  assert.is(codeOf(answer), 'InvalidRequest');
});

presigned.run();
