import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  type ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failureOf, type S3Place, s3Place } from './s3-place.js';

const multipart = suite('multipart uploads over S3');

let at: S3Place;
const Bucket = 'assembled';
const MiB = 1024 ** 2;
const firstPart = Buffer.alloc(5 * MiB, 'first part ');
const lastPart = Buffer.from('the last part');

multipart.before(async () => {
  at = await s3Place();
  await at.client.send(new CreateBucketCommand({ Bucket }));
});
multipart.after(() => at.close());

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest();
const etagOf = (...parts: Buffer[]) =>
  `"${md5(Buffer.concat(parts.map(md5))).toString('hex')}-${parts.length}"`;

async function begin(Key: string, over: { ChecksumAlgorithm?: ChecksumAlgorithm } = {}) {
  const create = new CreateMultipartUploadCommand({ Bucket, Key, ...over });
  const { UploadId } = await at.client.send(create);
  const upload = { Bucket, Key, UploadId };
  const put = (PartNumber: number, Body: Buffer) =>
    at.client.send(new UploadPartCommand({ ...upload, ...over, PartNumber, Body }));
  const complete = (Parts: { PartNumber: number; ETag?: string | undefined }[]) =>
    at.client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
  const abort = () => at.client.send(new AbortMultipartUploadCommand(upload));
  return { upload, put, complete, abort };
}

async function bytesOf(Key: string): Promise<Buffer> {
  const { Body } = await at.client.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

multipart('parts become one object, whatever the order of their arrival', async () => {
  const { put, complete } = await begin('whole');
  const last = await put(2, lastPart);
  const first = await put(1, firstPart);
  assert.is(await failureOf(bytesOf('whole')), 'NoSuchKey');
  const done = await complete([
    { PartNumber: 1, ETag: first.ETag },
    { PartNumber: 2, ETag: last.ETag },
  ]);
  assert.is(done.ETag, etagOf(firstPart, lastPart));
  assert.is(done.Key, 'whole');
  assert.ok(Buffer.compare(await bytesOf('whole'), Buffer.concat([firstPart, lastPart])) === 0);
});

multipart('faults 80: completing again gives the same answer', async () => {
  const { put, complete } = await begin('again');
  const { ETag } = await put(1, lastPart);
  const first = await complete([{ PartNumber: 1, ETag }]);
  const second = await complete([{ PartNumber: 1, ETag }]);
  assert.is(second.ETag, first.ETag);
});

multipart('GET and HEAD by part number give one part and the count of all', async () => {
  const { put, complete } = await begin('parted');
  const first = await put(3, firstPart);
  const last = await put(8, lastPart);
  await complete([
    { PartNumber: 3, ETag: first.ETag },
    { PartNumber: 8, ETag: last.ETag },
  ]);
  const get = new GetObjectCommand({ Bucket, Key: 'parted', PartNumber: 8 });
  const found = await at.client.send(get);
  assert.is(await found.Body?.transformToString(), lastPart.toString());
  assert.is(found.PartsCount, 2);
  assert.is(found.$metadata.httpStatusCode, 206);
  assert.is(found.ETag, etagOf(firstPart, lastPart));
  const head = new HeadObjectCommand({ Bucket, Key: 'parted', PartNumber: 3 });
  assert.is((await at.client.send(head)).ContentLength, firstPart.length);
  const none = await at.send({ method: 'GET', target: `/${Bucket}/parted?partNumber=9` });
  assert.is(none.status, 416);
});

multipart('part 1 of a single put is all of it', async () => {
  await at.client.send(new PutObjectCommand({ Bucket, Key: 'single', Body: 'all' }));
  const get = (PartNumber: number) =>
    at.client.send(new GetObjectCommand({ Bucket, Key: 'single', PartNumber }));
  assert.is(await (await get(1)).Body?.transformToString(), 'all');
  assert.is(await failureOf(get(2)), 'InvalidPartNumber');
});

multipart('parts that are not there, too small, or out of order are refused', async () => {
  const { put, complete } = await begin('refused');
  const small = await put(1, lastPart);
  const other = await put(2, lastPart);
  const one = { PartNumber: 1, ETag: small.ETag };
  const two = { PartNumber: 2, ETag: other.ETag };
  assert.is(await failureOf(complete([one, two])), 'EntityTooSmall');
  assert.is(await failureOf(complete([two, one])), 'InvalidPartOrder');
  assert.is(await failureOf(complete([one, { PartNumber: 3, ETag: one.ETag }])), 'InvalidPart');
  assert.is(await failureOf(complete([{ PartNumber: 1, ETag: '"0123"' }])), 'InvalidPart');
  assert.is(await failureOf(bytesOf('refused')), 'NoSuchKey');
});

multipart('an aborted upload is gone, with its parts', async () => {
  const { upload, put, abort } = await begin('aborted');
  await put(1, lastPart);
  await abort();
  assert.is(await failureOf(put(2, lastPart)), 'NoSuchUpload');
  assert.is(await failureOf(at.client.send(new ListPartsCommand(upload))), 'NoSuchUpload');
  assert.is(await failureOf(abort()), 'NoSuchUpload');
});

multipart('parts are listed, in pages', async () => {
  const { upload, put, abort } = await begin('with parts');
  for (const number of [1, 2, 5]) await put(number, Buffer.from(`part ${number}`));
  const first = await at.client.send(new ListPartsCommand({ ...upload, MaxParts: 2 }));
  assert.equal(
    first.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size]),
    [
      [1, 6],
      [2, 6],
    ],
  );
  assert.is(first.IsTruncated, true);
  const PartNumberMarker = first.NextPartNumberMarker;
  const rest = await at.client.send(new ListPartsCommand({ ...upload, PartNumberMarker }));
  assert.equal(
    rest.Parts?.map(({ PartNumber }) => PartNumber),
    [5],
  );
  assert.is(rest.IsTruncated, false);
  await abort();
});

multipart('uploads are listed by prefix and delimiter, in pages', async () => {
  const begun = [];
  for (const key of ['u/1', 'u/1', 'u/2', 'u/x/3']) begun.push(await begin(key));
  const all = new ListMultipartUploadsCommand({ Bucket, Prefix: 'u/', Delimiter: '/' });
  const found = await at.client.send(all);
  assert.equal(
    found.Uploads?.map(({ Key }) => Key),
    ['u/1', 'u/1', 'u/2'],
  );
  assert.equal(found.CommonPrefixes, [{ Prefix: 'u/x/' }]);
  const seen: (string | undefined)[] = [];
  let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (;;) {
    const list = new ListMultipartUploadsCommand({
      Bucket,
      Prefix: 'u/',
      MaxUploads: 1,
      ...markers,
    });
    const page = await at.client.send(list);
    seen.push(...(page.Uploads ?? []).map(({ UploadId }) => UploadId));
    if (!page.IsTruncated) break;
    markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
  assert.equal(seen.sort(), begun.map(({ upload }) => upload.UploadId).sort());
  for (const { abort } of begun) await abort();
});

multipart('parts are copied from objects, whole or by range', async () => {
  const source = Buffer.concat([firstPart, lastPart]);
  const Key = 'source of parts+é';
  await at.client.send(new PutObjectCommand({ Bucket, Key, Body: source }));
  const { upload, complete } = await begin('of copies');
  const CopySource = `${Bucket}/${encodeURIComponent(Key)}`;
  const copy = async (PartNumber: number, CopySourceRange?: string) => {
    const part = { ...upload, CopySource, CopySourceRange, PartNumber };
    const { CopyPartResult } = await at.client.send(new UploadPartCopyCommand(part));
    return { PartNumber, ETag: CopyPartResult?.ETag };
  };
  const parts = [await copy(1), await copy(2, `bytes=${firstPart.length}-${source.length - 1}`)];
  await complete(parts);
  assert.ok(Buffer.compare(await bytesOf('of copies'), Buffer.concat([source, lastPart])) === 0);
  const other = await begin('of bad copies');
  const bad = { ...other.upload, CopySource, PartNumber: 1 };
  for (const range of ['bytes=5-', 'bytes=-5', 'bytes=9-3', `bytes=0-${source.length}`]) {
    const part = new UploadPartCopyCommand({ ...bad, CopySourceRange: range });
    assert.match(await failureOf(at.client.send(part)), /^Invalid(Argument|Range)$/);
  }
  await other.abort();
});

multipart('part numbers from 1 to 10,000 are taken, others are not', async () => {
  const { put, abort } = await begin('numbered');
  for (const number of [0, 10_001])
    assert.is(await failureOf(put(number, lastPart)), 'InvalidArgument');
  await put(10_000, lastPart);
  await abort();
});

multipart('a part for an upload that is not there is refused', async () => {
  const part = { Bucket, Key: 'k', UploadId: 'no-such-upload', PartNumber: 1, Body: 'x' };
  assert.is(await failureOf(at.client.send(new UploadPartCommand(part))), 'NoSuchUpload');
});

multipart('lib-storage uploads a stream of unknown length', async () => {
  const Body = Buffer.alloc(12 * MiB, 'streamed ');
  const chunks = Array.from({ length: 12 }, (_, n) => Body.subarray(n * MiB, (n + 1) * MiB));
  const params = { Bucket, Key: 'streamed', Body: Readable.from(chunks) };
  await new Upload({ client: at.client, params }).done();
  assert.ok(Buffer.compare(await bytesOf('streamed'), Body) === 0);
});

multipart('faults 97: completions that are no XML, or of no parts, are refused', async () => {
  const { upload, abort } = await begin('malformed');
  const target = `/${Bucket}/malformed?uploadId=${upload.UploadId}`;
  const none = '<CompleteMultipartUpload></CompleteMultipartUpload>';
  const wordy =
    '<CompleteMultipartUpload><Part><PartNumber>one</PartNumber></Part></CompleteMultipartUpload>';
  for (const body of ['', 'parts', none, wordy]) {
    const answer = await at.send({ method: 'POST', target, body });
    assert.is(answer.status, 400, body);
    assert.match(answer.body.toString(), 'MalformedXML');
  }
  await abort();
});

multipart.run();
