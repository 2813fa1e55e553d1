/** Changes several objects at once, also across a crash; a conflict changes nothing. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLogStoreError, openStore } from 'logstore-s3';

const dir = await mkdtemp(join(tmpdir(), 'logstore-example-'));
const store = await openStore({ dir });
await store.createBucket('accounts');
const amountOf = async (name: string) =>
  Number(Buffer.from(await store.getBytes('accounts', name)));
const bytesOf = (amount: number) => Buffer.from(String(amount));
await store.put('accounts', 'ada', bytesOf(100));
await store.put('accounts', 'bob', bytesOf(0));

function transfer(amount: number, meanwhile: () => Promise<unknown>): Promise<void> {
  return store.transaction(async (transaction) => {
    const ada = Number(Buffer.from(await transaction.get('accounts', 'ada')));
    const bob = Number(Buffer.from(await transaction.get('accounts', 'bob')));
    await meanwhile();
    await transaction.put('accounts', 'ada', bytesOf(ada - amount));
    await transaction.put('accounts', 'bob', bytesOf(bob + amount));
  });
}

await transfer(30, async () => undefined);
assert.deepEqual([await amountOf('ada'), await amountOf('bob')], [70, 30]);

// Somebody else changes what the transaction has read: it fails, and nothing of it has happened.
try {
  await transfer(30, () => store.put('accounts', 'ada', bytesOf(5)));
  assert.fail('the conflict was not seen');
} catch (error) {
  assert.ok(isLogStoreError(error, 'CONFLICT'), String(error));
}
assert.deepEqual([await amountOf('ada'), await amountOf('bob')], [5, 30]);

// Without a transaction: write only what nobody has written yet.
const lock = { ifAbsent: true } as const;
await store.put('accounts', 'lock', Buffer.from('mine'), lock);
const second: unknown = await store
  .put('accounts', 'lock', Buffer.from('yours'), lock)
  .catch((error: unknown) => error);
assert.ok(isLogStoreError(second, 'PRECONDITION_FAILED'));
console.log('all or nothing, and no lost update');

await store.close();
await rm(dir, { recursive: true });
