import {
  CreateBucketCommand,
  DeleteBucketCorsCommand,
  GetBucketCorsCommand,
  PutBucketCorsCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf, failureOf, type S3Place, s3Place } from './s3-place.js';

const cors = suite('CORS over S3');

let at: S3Place;
const Bucket = 'pages';
const origin = 'https://app.example';
const CORSRules = [
  {
    ID: 'app',
    AllowedOrigins: ['https://*.example'],
    AllowedMethods: ['GET', 'PUT'],
    AllowedHeaders: ['*'],
    ExposeHeaders: ['ETag', 'x-amz-request-id'],
    MaxAgeSeconds: 600,
  },
  { AllowedOrigins: ['*'], AllowedMethods: ['HEAD'] },
];

cors.before(async () => {
  at = await s3Place();
  for (const name of [Bucket, 'closed'])
    await at.client.send(new CreateBucketCommand({ Bucket: name }));
  await at.send({ method: 'PUT', target: `/${Bucket}/k`, body: 'shown' });
  await at.client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
});
cors.after(() => at.close());

const preflight = (target: string, headers: Readonly<Record<string, string>>) =>
  at.sendUnsigned({ method: 'OPTIONS', target, headers });

cors('what was set is given back, until it is deleted', async () => {
  const found = await at.client.send(new GetBucketCorsCommand({ Bucket }));
  assert.equal(found.CORSRules, CORSRules);
  const closed = { Bucket: 'closed' };
  const get = () => failureOf(at.client.send(new GetBucketCorsCommand(closed)));
  assert.is(await get(), 'NoSuchCORSConfiguration');
  const rules = { ...closed, CORSConfiguration: { CORSRules } };
  await at.client.send(new PutBucketCorsCommand(rules));
  await at.client.send(new DeleteBucketCorsCommand(closed));
  assert.is(await get(), 'NoSuchCORSConfiguration');
});

cors('a browser that asks first, unsigned, is told what it may', async () => {
  const answer = await preflight(`/${Bucket}/k`, {
    origin,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'Content-Type, X-Amz-Date,authorization',
  });
  assert.is(answer.status, 200);
  const { headers } = answer;
  assert.is(headers['access-control-allow-origin'], origin);
  assert.is(headers['access-control-allow-credentials'], 'true');
  assert.is(headers['access-control-allow-methods'], 'GET, PUT');
  assert.is(headers['access-control-allow-headers'], 'content-type, x-amz-date, authorization');
  assert.is(headers['access-control-expose-headers'], 'ETag, x-amz-request-id');
  assert.is(headers['access-control-max-age'], '600');
  assert.match(headers.vary ?? '', 'Origin');
  assert.is(answer.body.length, 0);
});

for (const [what, target, headers, status, code] of [
  ['another method', '/pages/k', { origin, method: 'DELETE' }, 403, 'AccessForbidden'],
  [
    'another origin',
    '/pages/k',
    { origin: 'http://b.test', method: 'PUT' },
    403,
    'AccessForbidden',
  ],
  ['a bucket without rules', '/closed/k', { origin, method: 'GET' }, 403, 'AccessForbidden'],
  ['a bucket that is not there', '/no-bucket/k', { origin, method: 'GET' }, 403, 'AccessForbidden'],
  ['no bucket', '/', { origin, method: 'GET' }, 403, 'AccessForbidden'],
  ['no origin', '/pages/k', { method: 'GET' }, 400, 'BadRequest'],
  ['no method', '/pages/k', { origin }, 400, 'BadRequest'],
] as const)
  cors(`to a question about ${what} the answer is no`, async () => {
    const { method, ...own } = { method: undefined, ...headers };
    const asked = method === undefined ? own : { ...own, 'access-control-request-method': method };
    const answer = await preflight(target, asked);
    assert.is(answer.status, status);
    assert.is(codeOf(answer), code);
    assert.is(answer.headers['access-control-allow-origin'], undefined);
  });

cors('to one that names more headers than a request may have the answer is no', async () => {
  const asked = { origin, 'access-control-request-method': 'PUT' };
  for (const [count, status] of [
    [200, 200],
    [201, 403],
  ] as const) {
    const names = Array.from({ length: count }, (_, index) => `x-${index}`).join(',');
    const headers = { ...asked, 'access-control-request-headers': names };
    assert.is((await preflight(`/${Bucket}/k`, headers)).status, status);
  }
});

cors('answers say which pages may see them, errors as well', async () => {
  const get = (target: string, from: string) =>
    at.send({ method: 'GET', target, headers: { origin: from } });
  const found = await get(`/${Bucket}/k`, origin);
  assert.is(found.body.toString(), 'shown');
  assert.is(found.headers['access-control-allow-origin'], origin);
  assert.is(found.headers['access-control-expose-headers'], 'ETag, x-amz-request-id');
  const missing = await get(`/${Bucket}/nothing`, origin);
  assert.is(missing.status, 404);
  assert.is(missing.headers['access-control-allow-origin'], origin);
  for (const [target, from] of [
    [`/${Bucket}/k`, 'http://evil.test'],
    ['/closed', origin],
  ] as const)
    assert.is((await get(target, from)).headers['access-control-allow-origin'], undefined);
});

cors('a method that is asked for goes before that of the request', async () => {
  for (const [method, wanted, allowed] of [
    ['DELETE', 'PUT', origin],
    ['PUT', 'DELETE', undefined],
  ] as const) {
    const headers = { origin, 'access-control-request-method': wanted };
    const refused = await at.sendUnsigned({ method, target: `/${Bucket}/k`, headers });
    assert.is(refused.status, 403);
    assert.is(refused.headers['access-control-allow-origin'], allowed);
  }
});

cors('the rules allow nothing that is not signed', async () => {
  const answer = await at.sendUnsigned({
    method: 'GET',
    target: `/${Bucket}/k`,
    headers: { origin },
  });
  assert.is(answer.status, 403);
  assert.is(codeOf(answer), 'AccessDenied');
});

cors('an answer to HEAD is for all, without credentials', async () => {
  const headers = { origin: 'http://any.test' };
  const answer = await at.send({ method: 'HEAD', target: `/${Bucket}/k`, headers });
  assert.is(answer.headers['access-control-allow-origin'], '*');
  assert.is(answer.headers['access-control-allow-credentials'], undefined);
});

cors('rules that make no sense are refused, and change nothing', async () => {
  const body =
    '<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin>' +
    '<AllowedMethod>PATCH</AllowedMethod></CORSRule></CORSConfiguration>';
  const answer = await at.send({ method: 'PUT', target: `/${Bucket}?cors`, body });
  assert.is(codeOf(answer), 'InvalidRequest');
  const found = await at.client.send(new GetBucketCorsCommand({ Bucket }));
  assert.equal(found.CORSRules, CORSRules);
});

cors.run();
