import { createHash } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type ObjectAttributes,
  PutObjectCommand,
  RestoreObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf, failureOf, type S3Place, s3Place } from '../e2e/s3-place.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html */
const attributes = suite('attributes of objects over S3');

let at: S3Place;
const Bucket = 'described';
const bodies = [Buffer.alloc(5 * 1024 ** 2, 1), Buffer.alloc(5 * 1024 ** 2, 2), Buffer.from('end')];
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const sums = bodies.map((body) => sha256(body).toString('base64'));
attributes.before(async () => {
  at = await s3Place();
  await at.client.send(new CreateBucketCommand({ Bucket }));
  await at.client.send(new PutObjectCommand({ Bucket, Key: 'single', Body: 'hello' }));
  const whole = { Bucket, Key: 'parts' };
  const begin = new CreateMultipartUploadCommand({ ...whole, ChecksumAlgorithm: 'SHA256' });
  const { UploadId } = await at.client.send(begin);
  const Parts: { PartNumber: number; ETag?: string; ChecksumSHA256?: string }[] = [];
  for (const [index, Body] of bodies.entries()) {
    const part = { ...whole, UploadId, PartNumber: index + 1, Body };
    const sent = new UploadPartCommand({ ...part, ChecksumAlgorithm: 'SHA256' });
    const { ETag = '', ChecksumSHA256 = '' } = await at.client.send(sent);
    Parts.push({ PartNumber: index + 1, ETag, ChecksumSHA256 });
  }
  const complete = { ...whole, UploadId, MultipartUpload: { Parts } };
  await at.client.send(new CompleteMultipartUploadCommand(complete));
});
attributes.after(() => at.close());

const all: ObjectAttributes[] = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'];
const describe = (Key: string, over: object = {}) =>
  at.client.send(new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: all, ...over }));

attributes('parts have their sizes and the checksums that they came with', async () => {
  const { ObjectParts, ObjectSize, Checksum, StorageClass, ETag } = await describe('parts');
  const Parts = bodies.map(({ length: Size }, index) => {
    return { PartNumber: index + 1, Size, ChecksumSHA256: sums[index] };
  });
  assert.is(ObjectSize, 10 * 1024 ** 2 + 3);
  assert.is(StorageClass, 'STANDARD');
  assert.match(ETag ?? '', /-3$/);
  assert.is(Checksum?.ChecksumType, 'COMPOSITE');
  assert.is(ObjectParts?.TotalPartsCount, 3);
  assert.is(ObjectParts?.IsTruncated, false);
  assert.equal(ObjectParts?.Parts, Parts);
});

attributes('parts come in pages', async () => {
  const { ObjectParts: first } = await describe('parts', { MaxParts: 2 });
  assert.is(first?.IsTruncated, true);
  assert.equal(
    first?.Parts?.map(({ PartNumber }) => PartNumber),
    [1, 2],
  );
  const next = { MaxParts: 2, PartNumberMarker: first?.NextPartNumberMarker };
  const { ObjectParts: second } = await describe('parts', next);
  assert.is(second?.IsTruncated, false);
  assert.equal(
    second?.Parts?.map(({ PartNumber }) => PartNumber),
    [3],
  );
});

attributes('an object in one piece has no parts', async () => {
  const { ObjectParts, ObjectSize, Checksum } = await describe('single');
  assert.is(ObjectParts, undefined);
  assert.is(ObjectSize, 5);
  assert.is(Checksum?.ChecksumType, 'FULL_OBJECT');
});

attributes('a part that is read by its number has its own checksum', async () => {
  const asked = { Bucket, Key: 'parts', PartNumber: 3, ChecksumMode: 'ENABLED' as const };
  const head = await at.client.send(new HeadObjectCommand(asked));
  assert.is(head.ChecksumSHA256, sums[2]);
  assert.is(head.PartsCount, 3);
  const got = await at.client.send(new GetObjectCommand(asked));
  assert.is(got.ChecksumSHA256, sums[2]);
  assert.is(await got.Body?.transformToString(), 'end');
});

attributes('what is not there, or nothing that S3 knows, is an error', async () => {
  assert.is(await failureOf(describe('missing')), 'NoSuchKey');
  const target = '/described/single?attributes';
  const headers = { 'x-amz-object-attributes': 'Colour' };
  const unknown = await at.send({ method: 'GET', target, headers });
  assert.is(codeOf(unknown), 'InvalidArgument');
  const none = await at.send({ method: 'GET', target });
  assert.is(codeOf(none), 'InvalidRequest');
  const unsigned = await at.sendUnsigned({ method: 'GET', target, headers });
  assert.is(unsigned.status, 403);
});

attributes('nothing is archived, so nothing is restored', async () => {
  const restore = (Key: string) =>
    at.client.send(new RestoreObjectCommand({ Bucket, Key, RestoreRequest: { Days: 1 } }));
  assert.is(await failureOf(restore('single')), 'InvalidObjectState');
  assert.is(await failureOf(restore('missing')), 'NoSuchKey');
  const malformed = { method: 'POST', target: '/described/single?restore', body: '<x' };
  assert.is(codeOf(await at.send(malformed)), 'MalformedXML');
  const unsigned = await at.sendUnsigned({ ...malformed, body: '' });
  assert.is(unsigned.status, 403);
});

attributes.run();
