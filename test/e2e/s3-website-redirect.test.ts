import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketPolicyCommand,
  PutBucketWebsiteCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf, failureOf, type S3Place, s3Place } from './s3-place.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html */
const redirects = suite('objects that send browsers elsewhere');

let at: S3Place;
const Bucket = 'pages';
const WebsiteRedirectLocation = '/elsewhere';
redirects.before(async () => {
  at = await s3Place({ websiteDomain: 'web.test' });
  await at.client.send(new CreateBucketCommand({ Bucket }));
  const WebsiteConfiguration = { IndexDocument: { Suffix: 'index.html' } };
  await at.client.send(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration }));
  const Resource = `arn:aws:s3:::${Bucket}/*`;
  const open = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource };
  const secret = { ...open, Effect: 'Deny', Resource: `arn:aws:s3:::${Bucket}/secret*` };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [open, secret] });
  await at.client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
});
redirects.after(() => at.close());

const put = (Key: string, over: object = { WebsiteRedirectLocation }) =>
  at.client.send(new PutObjectCommand({ Bucket, Key, Body: 'never shown', ...over }));
const visit = (target: string, method = 'GET') =>
  at.sendUnsigned({ method, target, headers: { host: `${Bucket}.web.test` } });
const headOf = (Key: string) => at.client.send(new HeadObjectCommand({ Bucket, Key }));

redirects('S3 gives back where, and the bytes; the website sends there', async () => {
  await put('page');
  const got = await at.client.send(new GetObjectCommand({ Bucket, Key: 'page' }));
  assert.is(got.WebsiteRedirectLocation, WebsiteRedirectLocation);
  assert.is(await got.Body?.transformToString(), 'never shown');
  assert.is((await headOf('page')).WebsiteRedirectLocation, WebsiteRedirectLocation);
  for (const method of ['GET', 'HEAD']) {
    const answer = await visit('/page', method);
    assert.is(answer.status, 301);
    assert.is(answer.headers.location, WebsiteRedirectLocation);
    assert.is(answer.body.length, 0);
  }
  await put('page', {});
  assert.is((await visit('/page')).body.toString(), 'never shown');
});

redirects('an index document sends on, too; what nobody may read sends nobody', async () => {
  const there = 'https://example.org/a?b=c#d';
  await put('docs/index.html', { WebsiteRedirectLocation: there });
  const answer = await visit('/docs/');
  assert.is(answer.status, 301);
  assert.is(answer.headers.location, there);
  await put('secret');
  const hidden = await visit('/secret');
  assert.is(hidden.status, 403);
  assert.is(hidden.headers.location, undefined);
});

redirects('a copy has its own, or none; a copy on itself may set it', async () => {
  await put('from');
  const copy = (Key: string, over: object = {}) =>
    at.client.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/from`, ...over }));
  await copy('to');
  assert.is((await headOf('to')).WebsiteRedirectLocation, undefined);
  await copy('to', { WebsiteRedirectLocation: '/own' });
  assert.is((await headOf('to')).WebsiteRedirectLocation, '/own');
  const replaced = { MetadataDirective: 'REPLACE', ContentType: 'a/b' } as const;
  await copy('to', replaced);
  assert.is((await headOf('to')).WebsiteRedirectLocation, undefined);
  await copy('to', { ...replaced, WebsiteRedirectLocation: '/replaced' });
  assert.is((await headOf('to')).WebsiteRedirectLocation, '/replaced');
  assert.is(await failureOf(copy('from')), 'InvalidRequest');
  await copy('from', { WebsiteRedirectLocation: '/onward' });
  assert.is((await headOf('from')).WebsiteRedirectLocation, '/onward');
});

redirects('uploads and forms set it', async () => {
  const named = { Bucket, Key: 'parted' };
  const begin = new CreateMultipartUploadCommand({ ...named, WebsiteRedirectLocation });
  const { UploadId } = await at.client.send(begin);
  const part = { ...named, UploadId, PartNumber: 1, Body: 'x' };
  const { ETag } = await at.client.send(new UploadPartCommand(part));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  const complete = new CompleteMultipartUploadCommand({ ...named, UploadId, MultipartUpload });
  await at.client.send(complete);
  assert.is((await headOf('parted')).WebsiteRedirectLocation, WebsiteRedirectLocation);

  const Fields = { 'x-amz-website-redirect-location': '/from-form' };
  const { fields } = await createPresignedPost(at.client, { Bucket, Key: 'form', Fields });
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.set(field, value);
  form.set('file', new Blob(['x']));
  const answer = await fetch(`${at.url}/${Bucket}`, { method: 'POST', body: form });
  assert.is(answer.status, 204);
  assert.is((await headOf('form')).WebsiteRedirectLocation, '/from-form');
});

for (const [what, location] of [
  ['another scheme', 'ftp://example.org/'],
  ['no slash', 'page'],
  ['2 KiB and more', `/${'x'.repeat(2048)}`],
])
  redirects(`a location with ${what} is refused, and nothing is stored`, async () => {
    const answer = await at.send({
      ...{ method: 'PUT', target: `/${Bucket}/refused`, body: 'x' },
      headers: { 'x-amz-website-redirect-location': location ?? '' },
    });
    assert.is(answer.status, 400);
    assert.is(codeOf(answer), 'InvalidRedirectLocation');
    assert.is(await failureOf(headOf('refused')), 'NotFound');
  });

redirects.run();
