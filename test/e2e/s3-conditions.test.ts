import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failureOf, type S3Place, s3Place } from './s3-place.js';

const conditions = suite('conditions over S3');

let at: S3Place;
const Bucket = 'conditional';
conditions.before(async () => {
  at = await s3Place();
  await at.client.send(new CreateBucketCommand({ Bucket }));
});
conditions.after(() => at.close());

const put = (Key: string, over: { IfMatch?: string | undefined; IfNoneMatch?: string } = {}) =>
  at.client.send(new PutObjectCommand({ Bucket, Key, Body: `${Math.random()}`, ...over }));

for (const [header, status] of [
  [(etag: string) => ({ 'if-match': etag }), 200],
  [() => ({ 'if-match': '*' }), 200],
  [() => ({ 'if-match': '"another"' }), 412],
  [(etag: string) => ({ 'if-none-match': etag }), 304],
  [(etag: string) => ({ 'if-none-match': `"x", ${etag}` }), 304],
  [() => ({ 'if-none-match': '"another"' }), 200],
  [() => ({ 'if-modified-since': 'Sat, 01 Jan 2000 00:00:00 GMT' }), 200],
  [() => ({ 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' }), 304],
  [() => ({ 'if-unmodified-since': 'Sat, 01 Jan 2000 00:00:00 GMT' }), 412],
  [() => ({ 'if-unmodified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' }), 200],
] as const)
  conditions(
    `${JSON.stringify(header('ETAG'))} is answered ${status} on GET, HEAD and ranges`,
    async () => {
      const { ETag = '' } = await put('read');
      const target = `/${Bucket}/read`;
      for (const method of ['GET', 'HEAD'])
        for (const range of [{}, { range: 'bytes=0-1' }]) {
          const headers = { ...header(ETag), ...range };
          const answer = await at.send({ method, target, headers });
          assert.is(answer.status, status === 200 && 'range' in range ? 206 : status, method);
          if (status === 304) assert.is(answer.headers.etag, ETag);
          if (status === 304) assert.is(answer.body.length, 0);
        }
    },
  );

for (const [what, condition] of [
  ['sizes', { Size: 9_999 }],
  ['times', { LastModifiedTime: new Date(0) }],
] as const)
  conditions(
    `a list of deletions under ${what}, which are not served, deletes nothing`,
    async () => {
      await put('first');
      await put('second');
      const Objects = [{ Key: 'first' }, { Key: 'second', ...condition }];
      const doomed = new DeleteObjectsCommand({ Bucket, Delete: { Objects } });
      assert.is(await failureOf(at.client.send(doomed)), 'NotImplemented');
      for (const { Key } of Objects) await at.client.send(new HeadObjectCommand({ Bucket, Key }));
    },
  );

conditions('If-None-Match: * writes once', async () => {
  await put('once', { IfNoneMatch: '*' });
  assert.is(await failureOf(put('once', { IfNoneMatch: '*' })), 'PreconditionFailed');
  await at.client.send(new DeleteObjectCommand({ Bucket, Key: 'once' }));
  await put('once', { IfNoneMatch: '*' });
});

conditions('If-Match writes over what it names alone', async () => {
  const { ETag } = await put('matched');
  const next = await put('matched', { IfMatch: ETag });
  assert.is(await failureOf(put('matched', { IfMatch: ETag })), 'PreconditionFailed');
  await put('matched', { IfMatch: next.ETag });
  assert.is(await failureOf(put('unmatched', { IfMatch: ETag })), 'NoSuchKey');
});

conditions('faults 75: of many that would create an object exactly one does', async () => {
  for (let round = 0; round < 5; round += 1) {
    const target = `/${Bucket}/race-${round}`;
    const headers = { 'if-none-match': '*' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const { status } = await at.send({ method: 'PUT', target, headers, body: `writer ${n}` });
        return { n, status };
      }),
    );
    const winners = answers.filter(({ status }) => status === 200);
    assert.is(winners.length, 1);
    assert.ok(answers.every(({ status }) => status === 200 || status === 412 || status === 409));
    const { body } = await at.send({ method: 'GET', target });
    assert.is(body.toString(), `writer ${winners[0]?.n}`);
  }
});

conditions('faults 75: of many that would replace an object exactly one does', async () => {
  const { ETag = '' } = await put('replaced');
  const target = `/${Bucket}/replaced`;
  const headers = { 'if-match': ETag };
  const statuses = await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      return (await at.send({ method: 'PUT', target, headers, body: `writer ${n}` })).status;
    }),
  );
  assert.is(statuses.filter((status) => status === 200).length, 1);
});

conditions('a DELETE with If-Match removes what it names alone', async () => {
  const { ETag } = await put('removed');
  const remove = (IfMatch?: string) =>
    at.client.send(new DeleteObjectCommand({ Bucket, Key: 'removed', IfMatch }));
  assert.is(await failureOf(remove('"another"')), 'PreconditionFailed');
  await at.client.send(new HeadObjectCommand({ Bucket, Key: 'removed' }));
  await remove(ETag);
  const get = at.client.send(new GetObjectCommand({ Bucket, Key: 'removed' }));
  assert.is(await failureOf(get), 'NoSuchKey');
});

conditions('completing an upload is conditional too', async () => {
  const Key = 'completed';
  await put(Key);
  const { UploadId } = await at.client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const upload = { Bucket, Key, UploadId };
  const part = new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'x' });
  const { ETag } = await at.client.send(part);
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  const complete = (over: { IfNoneMatch?: string }) =>
    at.client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload, ...over }));
  assert.is(await failureOf(complete({ IfNoneMatch: '*' })), 'PreconditionFailed');
  await complete({});
});

conditions('a copy can depend on its source, and on what it would replace', async () => {
  const { ETag } = await put('source');
  const copy = (over: object) =>
    at.client.send(
      new CopyObjectCommand({ Bucket, Key: 'target', CopySource: `${Bucket}/source`, ...over }),
    );
  await copy({ CopySourceIfMatch: ETag });
  assert.is(await failureOf(copy({ CopySourceIfMatch: '"another"' })), 'PreconditionFailed');
  assert.is(await failureOf(copy({ CopySourceIfNoneMatch: ETag })), 'PreconditionFailed');
  const longAgo = new Date('2000-01-01');
  assert.is(await failureOf(copy({ CopySourceIfUnmodifiedSince: longAgo })), 'PreconditionFailed');
  await copy({ CopySourceIfModifiedSince: longAgo });
  assert.is(await failureOf(copy({ IfNoneMatch: '*' })), 'PreconditionFailed');
});

conditions(
  'conditions that S3 does not have are NotImplemented, and nothing is written',
  async () => {
    const { ETag = '' } = await put('strange');
    for (const headers of [{ 'if-none-match': ETag }, { 'if-match': `${ETag}, "x"` }]) {
      const target = `/${Bucket}/strange`;
      const answer = await at.send({ method: 'PUT', target, headers, body: 'x' });
      assert.is(answer.status, 501);
      assert.is((await at.send({ method: 'HEAD', target })).headers.etag, ETag);
    }
  },
);

conditions.run();
