import { createHash, randomBytes } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failureOf, type S3Place, s3Place } from '../e2e/s3-place.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html */
const uploads = suite('encrypted uploads over S3');

let at: S3Place;
const Bucket = 'sealed';
uploads.before(async () => {
  at = await s3Place();
  await at.client.send(new CreateBucketCommand({ Bucket }));
});
uploads.after(() => at.close());

function customerKey() {
  const key = randomBytes(32);
  return {
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKey: key.toString('base64'),
    SSECustomerKeyMD5: createHash('md5').update(key).digest('base64'),
  };
}

const good = customerKey();
const ofSource = {
  CopySourceSSECustomerAlgorithm: good.SSECustomerAlgorithm,
  CopySourceSSECustomerKey: good.SSECustomerKey,
  CopySourceSSECustomerKeyMD5: good.SSECustomerKeyMD5,
};

async function bytesOf(Key: string, over: object = {}): Promise<Buffer> {
  const got = await at.client.send(new GetObjectCommand({ Bucket, Key, ...over }));
  return Buffer.from((await got.Body?.transformToByteArray()) ?? []);
}

async function upload(Key: string, parts: readonly Uint8Array[], begin: object, each: object) {
  const begun = await at.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...begin }));
  const { UploadId } = begun;
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  for (const [index, Body] of parts.entries()) {
    const PartNumber = index + 1;
    const sent = { Bucket, Key, UploadId, PartNumber, Body, ...each };
    const { ETag } = await at.client.send(new UploadPartCommand(sent));
    Parts.push({ PartNumber, ETag });
  }
  const MultipartUpload = { Parts };
  await at.client.send(
    new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload, ...each }),
  );
  return begun;
}

for (const [what, begin, each] of [
  ['SSE-S3', { ServerSideEncryption: 'AES256' }, {}],
  ['SSE-C', good, good],
] as const)
  uploads(`a multipart object under ${what} reads whole, by range and by part`, async () => {
    const [Key, parts] = [`parts-${what}`, [randomBytes(5 * 1024 ** 2 + 7), randomBytes(999)]];
    const body = Buffer.concat(parts);
    await upload(Key, parts, begin, each);
    assert.ok((await bytesOf(Key, each)).equals(body));
    const [first] = parts;
    const start = (first?.length ?? 0) - 10;
    const range = await bytesOf(Key, { ...each, Range: `bytes=${start}-${start + 19}` });
    assert.ok(range.equals(body.subarray(start, start + 20)));
    const second = await bytesOf(Key, { ...each, PartNumber: 2 });
    assert.ok(second.equals(parts[1] ?? Buffer.alloc(0)));
    await at.client.send(
      new CopyObjectCommand({
        ...{ Bucket, Key: `${Key}-copy`, CopySource: `${Bucket}/${Key}` },
        ...begin,
        ...(what === 'SSE-C' ? ofSource : {}),
      }),
    );
    assert.ok((await bytesOf(`${Key}-copy`, each)).equals(body));
  });

uploads('a part with another key, or none, is refused', async () => {
  const Key = 'parted';
  const begin = new CreateMultipartUploadCommand({ Bucket, Key, ...good });
  const { UploadId } = await at.client.send(begin);
  const part = { Bucket, Key, UploadId, PartNumber: 1, Body: 'x' };
  const other = at.client.send(new UploadPartCommand({ ...part, ...customerKey() }));
  assert.is(await failureOf(other), 'InvalidRequest');
  assert.is(await failureOf(at.client.send(new UploadPartCommand(part))), 'InvalidRequest');
});

for (const [what, algorithm] of [
  ['its own', { ChecksumAlgorithm: 'CRC32' }],
  ['those of its parts', {}],
] as const)
  uploads(`an upload with checksums, ${what}, is completed with its key alone`, async () => {
    const Key = 'completed';
    await at.client.send(new DeleteObjectCommand({ Bucket, Key }));
    const begin = { Bucket, Key, ...algorithm, ...good };
    const { UploadId } = await at.client.send(new CreateMultipartUploadCommand(begin));
    const part = { Bucket, Key, UploadId, PartNumber: 1, Body: 'x', ...good };
    const { ETag, ChecksumCRC32 } = await at.client.send(new UploadPartCommand(part));
    const complete = (key: object) => {
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag, ChecksumCRC32 }] };
      const command = { Bucket, Key, UploadId, MultipartUpload, ...key };
      return at.client.send(new CompleteMultipartUploadCommand(command));
    };
    for (const key of [{}, customerKey()])
      assert.is(await failureOf(complete(key)), 'InvalidRequest');
    assert.is(await failureOf(bytesOf(Key, good)), 'NoSuchKey');
    await complete(good);
    assert.is((await bytesOf(Key, good)).toString(), 'x');
  });

uploads('older clients, which send no checksums, complete without the key', async () => {
  const old = at.newClient({ requestChecksumCalculation: 'WHEN_REQUIRED' });
  const named = { Bucket, Key: 'old' };
  const { UploadId } = await old.send(new CreateMultipartUploadCommand({ ...named, ...good }));
  const part = { ...named, UploadId, PartNumber: 1, Body: 'x', ...good };
  const { ETag } = await old.send(new UploadPartCommand(part));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await old.send(new CompleteMultipartUploadCommand({ ...named, UploadId, MultipartUpload }));
  assert.is((await bytesOf('old', good)).toString(), 'x');
});

uploads('a key that an upload was not begun with is refused when it is completed', async () => {
  const Key = 'not-encrypted';
  const { UploadId } = await at.client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const part = { Bucket, Key, UploadId, PartNumber: 1, Body: 'x' };
  const { ETag } = await at.client.send(new UploadPartCommand(part));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  const complete = { Bucket, Key, UploadId, MultipartUpload };
  const withKey = new CompleteMultipartUploadCommand({ ...complete, ...good });
  assert.is(await failureOf(at.client.send(withKey)), 'InvalidRequest');
  await at.client.send(new CompleteMultipartUploadCommand(complete));
});

uploads.run();
