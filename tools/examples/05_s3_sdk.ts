/**
 * Speaks to a running server as any S3 program does. Start it, then give this program its address
 * and key pair: AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY.
 */
import assert from 'node:assert/strict';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

const endpoint = process.env.AWS_ENDPOINT_URL;
if (endpoint === undefined) throw new Error('set AWS_ENDPOINT_URL and the key pair first');
const s3 = new S3Client({ endpoint, forcePathStyle: true });
const Bucket = 'example-of-the-sdk';
await s3.send(new CreateBucketCommand({ Bucket }));

await s3.send(new PutObjectCommand({ Bucket, Key: 'greeting', Body: 'hello' }));
const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'greeting' }));
assert.equal(await got.Body?.transformToString(), 'hello');

// In parts, as lib-storage does with large bodies.
const large = new Upload({
  client: s3,
  params: { Bucket, Key: 'large', Body: Buffer.alloc(11e6) },
});
await large.done();

// A link that anyone may use for a minute.
const get = new GetObjectCommand({ Bucket, Key: 'greeting' });
const link = await getSignedUrl(s3, get, { expiresIn: 60 });
assert.equal(await (await fetch(link)).text(), 'hello');

const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
console.log(Contents.map(({ Key, Size }) => `${Key} ${Size}`));
assert.equal(Contents.length, 2);
for (const { Key } of Contents) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
await s3.send(new DeleteBucketCommand({ Bucket }));
