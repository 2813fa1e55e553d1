/** Streams 32 MiB in and out: neither side ever has more than a few chunks in memory. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from 'logstore-s3';

const CHUNK_COUNT = 512;
const CHUNK_BYTES = 64 * 1024;

async function* numberedChunks(): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < CHUNK_COUNT; index++) yield Buffer.alloc(CHUNK_BYTES, index);
}

const dir = await mkdtemp(join(tmpdir(), 'logstore-example-'));
const store = await openStore({ dir });
await store.createBucket('media');

const info = await store.put('media', 'film', numberedChunks(), {
  expected: { sizeBytes: CHUNK_COUNT * CHUNK_BYTES }, // a source that ends early stores nothing
});

const hash = createHash('sha256');
await using reader = await store.get('media', 'film');
for await (const chunk of reader.body()) hash.update(chunk);
assert.deepEqual(hash.digest(), Buffer.from(info.sha256 ?? []));
console.log(`${info.sizeBytes} bytes in and out, with the same SHA-256`);

// By content, whatever its name.
await using same = await store.getBySha256(info.sha256 ?? new Uint8Array());
assert.equal(same.info.key, 'film');

await store.close();
await rm(dir, { recursive: true });
