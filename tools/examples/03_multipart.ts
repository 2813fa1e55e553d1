/** Uploads an object in parts, out of order, and completes it; gives up another. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limits, openStore } from 'logstore-s3';

const dir = await mkdtemp(join(tmpdir(), 'logstore-example-'));
const store = await openStore({ dir });
await store.createBucket('backups');

const { uploadId } = await store.createUpload('backups', 'disk.img');
const part = (number: number, sizeBytes: number) =>
  store.putPart('backups', 'disk.img', uploadId, number, Buffer.alloc(sizeBytes, number));
const last = await part(2, 1000); // only the last part may be smaller than limits.partBytesMin
const first = await part(1, limits.partBytesMin);
const object = await store.completeUpload('backups', 'disk.img', uploadId, [first, last]);
assert.equal(object.sizeBytes, limits.partBytesMin + 1000);
console.log('completed', object.etag, object.parts);

const givenUp = await store.createUpload('backups', 'other.img');
await store.abortUpload('backups', 'other.img', givenUp.uploadId);
assert.equal((await store.listUploads('backups')).uploads.length, 0);

await store.close();
await rm(dir, { recursive: true });
