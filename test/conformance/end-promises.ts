import * as assert from 'uvu/assert';
import { failsWith, inChunks, type Promises, patterned } from './store-words.js';

export function endPromises(promises: Promises): void {
  promises('rejects every call after close with CLOSED', async (store) => {
    await store.put('bucket', 'k', patterned(300_000));
    const reader = await store.get('bucket', 'k');
    await store.close();
    await store.close();
    const calls: Promise<unknown>[] = [
      store.createBucket('new'),
      store.headBucket('bucket'),
      store.listBuckets(),
      store.deleteBucket('bucket'),
      store.put('bucket', 'k', Buffer.from('v')),
      store.put('bucket', 'k', inChunks(Buffer.from('v'), 1)),
      store.putValue('bucket', 'k', 1),
      store.get('bucket', 'k'),
      store.getBytes('bucket', 'k'),
      store.getValue('bucket', 'k'),
      store.getBySha256(Buffer.alloc(32)),
      store.head('bucket', 'k'),
      store.delete('bucket', 'k'),
      store.copy({ bucket: 'bucket', key: 'k' }, 'bucket', 'k2'),
      store.list('bucket'),
      store.objects('bucket')[Symbol.asyncIterator]().next(),
      store.createUpload('bucket', 'k'),
      store.headUpload('bucket', 'k', '0000000000000001'),
      store.putPart('bucket', 'k', '0000000000000001', 1, Buffer.from('v')),
      store.listParts('bucket', 'k', '0000000000000001'),
      store.listUploads('bucket'),
      store.completeUpload('bucket', 'k', '0000000000000001', [{ number: 1, etag: '' }]),
      store.abortUpload('bucket', 'k', '0000000000000001'),
      store.transaction(async () => {}),
      store.indexDigest(),
      reader.bytes(),
    ];
    for (const call of calls) await failsWith('CLOSED', call);
  });

  promises('close waits for what is under way', async (store, place) => {
    const bytes = patterned(900_000);
    const put = store.put('bucket', 'large', inChunks(bytes, 100_000));
    const small = store.put('bucket', 'small', Buffer.from('v'));
    await store.close();
    await Promise.all([put, small]);
    await using again = await place.open();
    assert.is(Buffer.compare(await again.getBytes('bucket', 'large'), bytes), 0);
    assert.is(Buffer.from(await again.getBytes('bucket', 'small')).toString(), 'v');
  });

  promises('faults 69: holds the same after a clean end', async (store, place) => {
    for (let index = 0; index < 50; index++) {
      await store.put('bucket', `k${index % 20}`, patterned(index * 100));
    }
    await store.delete('bucket', 'k3');
    const digest = await store.indexDigest();
    await store.close();
    await using again = await place.open();
    assert.equal(await again.indexDigest(), digest);
    assert.is(again.stats().objects, 19);
  });
}
