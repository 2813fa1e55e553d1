// minio-js at its defaults: put, parts, get, list, copy, tags, presigned, deletion.

import { strict as assert } from 'node:assert';
import { createReadStream, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { Client, CopyConditions } = createRequire(process.env.MODULES_OF)('minio');
const { hostname: endPoint, port } = new URL(process.env.AWS_ENDPOINT_URL);
const minio = new Client({
  endPoint,
  port: Number(port),
  useSSL: false,
  accessKey: process.env.AWS_ACCESS_KEY_ID,
  secretKey: process.env.AWS_SECRET_ACCESS_KEY,
});
const bucket = 'by-minio';
const large = readFileSync('large.bin');

async function contentOf(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

await minio.makeBucket(bucket);
assert.equal(await minio.bucketExists(bucket), true);
assert.equal(await minio.bucketExists('no-such-bucket'), false);
await minio.putObject(bucket, 'a b+ü%', Buffer.from('small'), 5, { 'x-amz-meta-k': 'v' });
const stat = await minio.statObject(bucket, 'a b+ü%');
assert.equal(stat.size, 5);
assert.equal(stat.metaData.k, 'v');
await minio.putObject(bucket, 'streamed', createReadStream('large.bin'));
assert.ok((await contentOf(await minio.getObject(bucket, 'streamed'))).equals(large));
const partial = await minio.getPartialObject(bucket, 'streamed', 5, 5);
assert.ok((await contentOf(partial)).equals(large.subarray(5, 10)));
await minio.fPutObject(bucket, 'file', 'large.bin');
await minio.fGetObject(bucket, 'file', 'got.bin');
assert.ok(readFileSync('got.bin').equals(large));
await minio.copyObject(bucket, 'copy', `/${bucket}/file`, new CopyConditions());
await minio.setObjectTagging(bucket, 'copy', { a: 'b' });
assert.deepEqual(await minio.getObjectTagging(bucket, 'copy'), [{ Key: 'a', Value: 'b' }]);
const names = (await minio.listObjectsV2(bucket, '', true).toArray()).map(({ name }) => name);
assert.deepEqual(names, ['a b+ü%', 'copy', 'file', 'streamed']);
const url = await minio.presignedGetObject(bucket, 'a b+ü%', 60);
assert.equal(await (await fetch(url)).text(), 'small');
const put = await minio.presignedPutObject(bucket, 'put', 60);
assert.equal((await fetch(put, { method: 'PUT', body: 'by url' })).status, 200);
const policy = minio.newPostPolicy();
policy.setBucket(bucket);
policy.setKey('form');
policy.setExpires(new Date(Date.now() + 60_000));
const { postURL, formData } = await minio.presignedPostPolicy(policy);
const form = new FormData();
for (const [name, value] of Object.entries(formData)) form.set(name, value);
form.set('file', new Blob(['by form']), 'f.txt');
assert.equal((await fetch(postURL, { method: 'POST', body: form })).status, 204);
await minio.removeObject(bucket, 'form');
await minio.removeObjects(bucket, [...names, 'put']);
await minio.removeBucket(bucket);
