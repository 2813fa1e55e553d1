import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { signV2 } from '../../src/auth/sigv2.js';
import { nativeRoutes } from '../../src/http/native/routes.js';
import { credentials, type S3Place, s3Place } from './s3-place.js';

const native = suite('the native API');

let at: S3Place;
native.before(async () => {
  at = await s3Place();
});
native.after(() => at.close());

for (const { method, path, access } of nativeRoutes)
  native(`${path} is ${access}`, async () => {
    const target = `/_${path}`;
    const unsigned = await at.sendUnsigned({ method, target });
    assert.is(unsigned.status, access === 'open' ? 200 : 403);
    const forged = await at.send({ method, target, secret: 'not-the-secret' });
    assert.is(forged.status, access === 'open' ? 200 : 403);
    const signed = await at.send({ method, target });
    assert.is(signed.status, 200);
    assert.is(signed.headers['content-type'], 'application/json');
    assert.type(JSON.parse(signed.body.toString()), 'object');
  });

native('the older signature opens nothing of root’s', async () => {
  await using there = await s3Place({ signatureV2: 'all' });
  const date = new Date().toUTCString();
  const signed = (path: string) => {
    const text = `GET\n\n\n${date}\n${path}`;
    const signature = signV2(credentials.secretAccessKey, text).toString('base64');
    const headers = { host: there.host, date, authorization: '' };
    headers.authorization = `AWS ${credentials.accessKeyId}:${signature}`;
    return there.sendUnsigned({ method: 'GET', target: path, headers });
  };
  assert.is((await signed('/')).status, 200);
  for (const path of ['/_/stats', '/_/users']) assert.is((await signed(path)).status, 403);
});

native('health says live and ready', async () => {
  const bodyOf = async (path: string) =>
    JSON.parse((await at.sendUnsigned({ method: 'GET', target: path })).body.toString());
  assert.equal(await bodyOf('/_/health/live'), { status: 'live' });
  assert.equal(await bodyOf('/_/health/ready'), { status: 'ready' });
});

native('stats count what the store holds', async () => {
  await at.send({ method: 'PUT', target: '/counted' });
  await at.send({ method: 'PUT', target: '/counted/k', body: 'x' });
  const { body } = await at.send({ method: 'GET', target: '/_/stats' });
  const { objects, buckets, writer } = JSON.parse(body.toString());
  assert.equal({ objects, buckets, writer }, { objects: 1, buckets: 1, writer: 'ok' });
});

native('what is no route of it is not found, in JSON, and never a bucket', async () => {
  for (const [method, target] of [
    ['GET', '/_/nothing'],
    ['GET', '/_'],
    ['PUT', '/_/health/live'],
    ['GET', '/_/HEALTH/live'],
    ['GET', '/_/%ff'],
    ['DELETE', '/_/stats'],
  ] as const) {
    const answer = await at.send({ method, target });
    assert.is(answer.status, 404, `${method} ${target}`);
    assert.is(JSON.parse(answer.body.toString()).code, 'NotFound');
  }
});

native.run();
