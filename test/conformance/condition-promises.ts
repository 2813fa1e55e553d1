import * as assert from 'uvu/assert';
import { failsWith, inChunks, type Promises, patterned } from './store-words.js';

export function conditionPromises(promises: Promises): void {
  promises('puts if absent, and if the ETag matches', async (store) => {
    const first = await store.put('bucket', 'k', Buffer.from('1'), { ifAbsent: true });
    await failsWith(
      'PRECONDITION_FAILED',
      store.put('bucket', 'k', Buffer.from('2'), { ifAbsent: true }),
    );
    const second = await store.put('bucket', 'k', Buffer.from('2'), { ifMatch: first.etag });
    for (const body of [Buffer.from('3'), inChunks(patterned(300_000), 9_999)]) {
      await failsWith(
        'PRECONDITION_FAILED',
        store.put('bucket', 'k', body, { ifMatch: first.etag }),
      );
    }
    await store.put('bucket', 'k', Buffer.from('3'), { ifMatch: '*' });
    await failsWith('NO_SUCH_KEY', store.put('bucket', 'n', Buffer.from('1'), { ifMatch: '*' }));
    const stale = { ifMatch: second.etag };
    await failsWith('PRECONDITION_FAILED', store.delete('bucket', 'k', stale));
    await store.delete('bucket', 'k', { ifMatch: '*' });
    await store.put('bucket', 'k', Buffer.from('4'), { ifAbsent: true });
  });

  promises('faults 75: of many who put at once if absent, exactly one wins', async (store) => {
    for (let round = 0; round < 5; round++) {
      const key = `lock-${round}`;
      const racers = Array.from({ length: 40 }, (_, index) =>
        store.put('bucket', key, Buffer.from(`${index}`), { ifAbsent: true }),
      );
      const results = await Promise.allSettled(racers);
      const winners = results.flatMap(({ status }, index) =>
        status === 'fulfilled' ? [index] : [],
      );
      assert.is(winners.length, 1);
      assert.is(Buffer.from(await store.getBytes('bucket', key)).toString(), `${winners[0]}`);
    }
  });

  promises('faults 75: of many who swap the same ETag, exactly one wins', async (store) => {
    let { etag } = await store.put('bucket', 'k', Buffer.from('start'));
    for (let round = 0; round < 5; round++) {
      const racers = Array.from({ length: 20 }, (_, index) =>
        store.put('bucket', 'k', Buffer.from(`${round}/${index}`), { ifMatch: etag }),
      );
      const results = await Promise.allSettled(racers);
      assert.is(results.filter(({ status }) => status === 'fulfilled').length, 1);
      const now = (await store.head('bucket', 'k')).etag;
      assert.is.not(now, etag);
      etag = now;
    }
  });

  promises('faults 77: the last in the order of versions stays', async (store) => {
    const writers = Array.from({ length: 50 }, (_, index) =>
      store.put('bucket', 'k', Buffer.from(`${index}`)),
    );
    const infos = await Promise.all(writers);
    const last = Math.max(...infos.map(({ version }) => version));
    const index = infos.findIndex(({ version }) => version === last);
    assert.is(Buffer.from(await store.getBytes('bucket', 'k')).toString(), `${index}`);
    assert.is((await store.head('bucket', 'k')).version, last);
  });
}
