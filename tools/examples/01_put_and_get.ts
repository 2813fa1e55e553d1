/** Opens a store of its own, puts an object, reads it back whole and in part, lists it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from 'logstore-s3';

const dir = await mkdtemp(join(tmpdir(), 'logstore-example-'));
const store = await openStore({ dir });

await store.createBucket('notes');
const { etag } = await store.put('notes', 'hello.txt', Buffer.from('hello, log'), {
  headers: { contentType: 'text/plain' },
  userMetadata: { author: 'me' },
});
console.log('stored', etag);

const whole = Buffer.from(await store.getBytes('notes', 'hello.txt')).toString();
assert.equal(whole, 'hello, log');

await using reader = await store.get('notes', 'hello.txt', {
  range: { startBytes: 7, endBytes: 10 },
});
const part = Buffer.from(await reader.bytes()).toString();
assert.equal(part, 'log');
console.log(whole, '/', part, '/', reader.info.userMetadata);

// Values of JavaScript are stored as MessagePack.
await store.putValue('notes', 'settings', { theme: 'dark', tabs: [1, 2, 3] });
console.log(await store.getValue<{ theme: string }>('notes', 'settings'));

for await (const { key, sizeBytes } of store.objects('notes')) console.log(key, sizeBytes);

await store.close();
await rm(dir, { recursive: true });
