import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { presign } from '../../src/auth/sign.js';
import { codeOf, credentials, type S3Place, s3Place } from './s3-place.js';

const presigned = suite('presigned URLs');

let at: S3Place;
const Bucket = 'shared';
presigned.before(async () => {
  at = await s3Place();
  await at.client.send(new CreateBucketCommand({ Bucket }));
  await at.client.send(new PutObjectCommand({ Bucket, Key: 'a+b c/ü', Body: 'shared bytes' }));
});
presigned.after(() => at.close());

presigned('whoever has one may read the object that it names', async () => {
  const get = new GetObjectCommand({ Bucket, Key: 'a+b c/ü' });
  const answer = await fetch(await getSignedUrl(at.client, get, { expiresIn: 60 }));
  assert.is(answer.status, 200);
  assert.is(await answer.text(), 'shared bytes');
});

presigned('a range may be asked for, though it was not signed', async () => {
  const url = await getSignedUrl(at.client, new GetObjectCommand({ Bucket, Key: 'a+b c/ü' }));
  const answer = await fetch(url, { headers: { range: 'bytes=0-5' } });
  assert.is(answer.status, 206);
  assert.is(await answer.text(), 'shared');
});

presigned('whoever has one may write the object that it names', async () => {
  const put = new PutObjectCommand({ Bucket, Key: 'written', ContentType: 'text/x-mine' });
  const url = await getSignedUrl(at.client, put, { signableHeaders: new Set(['content-type']) });
  const headers = { 'content-type': 'text/x-mine' };
  const answer = await fetch(url, { method: 'PUT', body: 'from elsewhere', headers });
  assert.is(answer.status, 200, await answer.text());
  const found = await at.client.send(new GetObjectCommand({ Bucket, Key: 'written' }));
  assert.is(await found.Body?.transformToString(), 'from elsewhere');
  assert.is(found.ContentType, 'text/x-mine');
});

presigned('metadata that the signer put into the URL is stored', async () => {
  const put = new PutObjectCommand({ Bucket, Key: 'hoisted', Metadata: { owner: 'the signer' } });
  const url = await getSignedUrl(at.client, put);
  assert.is((await fetch(url, { method: 'PUT', body: 'x' })).status, 200);
  const found = await at.client.send(new HeadObjectCommand({ Bucket, Key: 'hoisted' }));
  assert.equal(found.Metadata, { owner: 'the signer' });
});

presigned('a checksum that the signer put into the URL is verified', async () => {
  const checksum = { ChecksumCRC32: 'y/Q5Jg==' }; // of '123456789'
  const put = new PutObjectCommand({ Bucket, Key: 'checked', ...checksum });
  const url = await getSignedUrl(at.client, put);
  const wrong = await fetch(url, { method: 'PUT', body: '12345678x' });
  assert.is(wrong.status, 400);
  assert.match(await wrong.text(), 'BadDigest');
  assert.is((await fetch(url, { method: 'PUT', body: '123456789' })).status, 200);
});

presigned('what a URL asks for and is not served is refused', async () => {
  const put = new PutObjectCommand({
    Bucket,
    Key: 'refused',
    Tagging: 'a=b',
    StorageClass: 'GLACIER',
  });
  const answer = await fetch(await getSignedUrl(at.client, put), { method: 'PUT', body: 'x' });
  assert.is(answer.status, 501);
  assert.is((await at.send({ method: 'HEAD', target: `/${Bucket}/refused` })).status, 404);
});

presigned('overrides of the answer are part of the URL', async () => {
  const get = new GetObjectCommand({
    ...{ Bucket, Key: 'a+b c/ü', ResponseContentType: 'image/x-icon' },
    ResponseContentDisposition: 'attachment; filename="a b+c.ico"',
  });
  const answer = await fetch(await getSignedUrl(at.client, get));
  assert.is(answer.headers.get('content-type'), 'image/x-icon');
  assert.is(answer.headers.get('content-disposition'), 'attachment; filename="a b+c.ico"');
});

presigned('one for GET neither writes nor deletes', async () => {
  const url = await getSignedUrl(at.client, new GetObjectCommand({ Bucket, Key: 'a+b c/ü' }));
  for (const method of ['PUT', 'DELETE']) {
    const answer = await fetch(url, { method, ...(method === 'PUT' ? { body: 'x' } : {}) });
    assert.is(answer.status, 403, method);
  }
  assert.is(await (await fetch(url)).text(), 'shared bytes');
});

presigned('other operations can be presigned too', async () => {
  await at.client.send(new PutObjectCommand({ Bucket, Key: 'doomed', Body: 'x' }));
  const head = await getSignedUrl(at.client, new HeadObjectCommand({ Bucket, Key: 'doomed' }));
  assert.is((await fetch(head, { method: 'HEAD' })).status, 200);
  const remove = await getSignedUrl(at.client, new DeleteObjectCommand({ Bucket, Key: 'doomed' }));
  assert.is((await fetch(remove, { method: 'DELETE' })).status, 204);
  assert.is((await fetch(head, { method: 'HEAD' })).status, 404);
  const upload = { Bucket, Key: 'k', UploadId: 'no-such-upload', PartNumber: 1 };
  const part = await getSignedUrl(at.client, new UploadPartCommand(upload));
  const answer = await fetch(part, { method: 'PUT', body: 'x' });
  assert.match(await answer.text(), 'NoSuchUpload');
});

presigned('clients of a bucket in the host name sign the same', async () => {
  await using there = await s3Place({ domain: 's3.test' });
  await there.client.send(new CreateBucketCommand({ Bucket }));
  await there.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'by its host' }));
  const client = new S3Client({ endpoint: 'http://s3.test', region: 'us-east-1', credentials });
  const url = new URL(await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'k' })));
  assert.is(url.host, 'shared.s3.test');
  const target = `${url.pathname}${url.search}`;
  const headers = { host: url.host };
  const answer = await there.sendUnsigned({ method: 'GET', target, headers });
  assert.is(answer.body.toString(), 'by its host');
});

const rawPath = `/${Bucket}/written-raw`;
const dayMs = 24 * 3600 * 1000;

function urlOf(timeMs: number, expiresSeconds: number, over: { region?: string } = {}): string {
  const request = { method: 'PUT', rawPath, rawQuery: '', headers: { host: at.host } };
  const { accessKeyId, secretAccessKey: secret } = credentials;
  const region = over.region ?? 'us-east-1';
  const options = { credentials: { accessKeyId, secret }, region, timeMs, expiresSeconds };
  return `${rawPath}?${presign(request, options)}`;
}

for (const [what, url, code] of [
  ['expired', () => urlOf(Date.now() - 120_000, 60), 'AccessDenied'],
  [
    'valid for more than seven days',
    () => urlOf(Date.now(), 7 * 86_400 + 1),
    'AuthorizationQueryParametersError',
  ],
  ['of tomorrow', () => urlOf(Date.now() + dayMs, 60), 'AccessDenied'],
  ['valid for less than no time', () => urlOf(Date.now(), -1), 'AccessDenied'],
  [
    'for another region',
    () => urlOf(Date.now(), 60, { region: 'eu-west-1' }),
    'AuthorizationQueryParametersError',
  ],
  ['changed', () => `${urlOf(Date.now(), 60)}&x-amz-acl=private`, 'SignatureDoesNotMatch'],
  [
    'with a spoilt signature',
    () => urlOf(Date.now(), 60).replace(/Signature=...../, 'Signature=00000'),
    'SignatureDoesNotMatch',
  ],
  [
    'without a signature',
    () => urlOf(Date.now(), 60).replace(/&X-Amz-Signature=.*/, ''),
    'AuthorizationQueryParametersError',
  ],
] as const)
  presigned(`faults 95: one that is ${what} is refused`, async () => {
    const target = url();
    const headers = { host: at.host };
    const answer = await at.sendUnsigned({ method: 'PUT', target, headers, body: 'x' });
    assert.is(answer.status, code === 'AuthorizationQueryParametersError' ? 400 : 403);
    assert.is(codeOf(answer), code);
    assert.is((await at.send({ method: 'HEAD', target: rawPath })).status, 404);
  });

presigned('faults 95: one that is valid still lets its holder write', async () => {
  const headers = { host: at.host };
  const target = urlOf(Date.now() - 3 * dayMs, 7 * 86_400);
  const answer = await at.sendUnsigned({ method: 'PUT', target, headers, body: 'x' });
  assert.is(answer.status, 200);
});

presigned.run();
