import * as assert from 'uvu/assert';
import { limits } from '../../src/base/limits.js';
import { failsWith, keysOf, type Promises, patterned } from './store-words.js';

/** Several changes as one. */
export function transactionPromises(promises: Promises): void {
  promises('a transaction does all it says at once', async (store, place) => {
    await store.put('bucket', 'old', Buffer.from('old'));
    const answer = await store.transaction(async (t) => {
      await t.createBucket('made');
      await t.put('made', 'k', Buffer.from('in a new bucket'));
      await t.put('bucket', 'a', patterned(600_000));
      await t.delete('bucket', 'old');
      await t.delete('bucket', 'never there');
      return 'done';
    });
    assert.is(answer, 'done');
    assert.equal(keysOf(await store.list('bucket')), ['a']);
    const version = (await store.head('bucket', 'a')).version;
    assert.ok(Math.abs(version - (await store.head('made', 'k')).version) <= 1);
    await store.close();
    await using again = await place.open();
    assert.is(Buffer.from(await again.getBytes('made', 'k')).toString(), 'in a new bucket');
    assert.is(Buffer.compare(await again.getBytes('bucket', 'a'), patterned(600_000)), 0);
  });

  promises('a transaction reads its own writes, and nobody else does', async (store) => {
    await store.put('bucket', 'k', Buffer.from('before'));
    await store.transaction(async (t) => {
      await t.put('bucket', 'k', Buffer.from('after'), { userMetadata: { a: 'b' } });
      assert.is(Buffer.from(await t.get('bucket', 'k')).toString(), 'after');
      assert.equal((await t.head('bucket', 'k')).userMetadata, { a: 'b' });
      assert.is(Buffer.from(await store.getBytes('bucket', 'k')).toString(), 'before');
      await t.delete('bucket', 'k');
      await failsWith('NO_SUCH_KEY', t.get('bucket', 'k'));
      await failsWith('NO_SUCH_KEY', t.head('bucket', 'k'));
      await t.put('bucket', 'k', Buffer.from('at last'), { ifAbsent: true });
      await failsWith(
        'PRECONDITION_FAILED',
        t.put('bucket', 'k', Buffer.alloc(1), { ifAbsent: true }),
      );
      await t.deleteBucket('bucket').catch(() => {});
    });
    assert.is(Buffer.from(await store.getBytes('bucket', 'k')).toString(), 'at last');
  });

  promises('a throw rolls a transaction back', async (store) => {
    await store.put('bucket', 'k', Buffer.from('before'));
    const digest = await store.indexDigest();
    const failing = store.transaction(async (t) => {
      await t.put('bucket', 'k', Buffer.from('after'));
      await t.createBucket('made');
      throw new Error('changed my mind');
    });
    await failing.then(
      () => assert.unreachable(),
      (error) => assert.match(String(error), 'changed my mind'),
    );
    assert.equal(await store.indexDigest(), digest);
  });

  promises('what another writes to what was read is a conflict', async (store) => {
    const conflicts: [string, () => Promise<unknown>][] = [
      ['read', () => store.put('bucket', 'read', Buffer.from('theirs'))],
      ['absent', () => store.put('bucket', 'absent', Buffer.from('theirs'))],
      ['gone', () => store.delete('bucket', 'gone')],
      ['written', () => store.put('bucket', 'written', Buffer.from('theirs'))],
    ];
    for (const waits of [true, false]) {
      for (const [key, interfere] of conflicts) {
        for (const there of ['read', 'gone', 'written']) {
          await store.put('bucket', there, Buffer.from('first'));
        }
        await store.delete('bucket', 'absent');
        await store.delete('bucket', 'mine');
        let theirs: Promise<unknown> = Promise.resolve();
        const transaction = store.transaction(async (t) => {
          await t.get('bucket', key).catch(() => {});
          if (key === 'written') await t.put('bucket', key, Buffer.from('mine'));
          await t.put('bucket', 'mine', Buffer.from('mine'));
          theirs = interfere();
          if (waits) await theirs;
        });
        await failsWith('CONFLICT', transaction);
        await theirs;
        await failsWith('NO_SUCH_KEY', store.head('bucket', 'mine'));
      }
    }
  });

  promises('a read of what changed since the beginning is a conflict at once', async (store) => {
    await store.put('bucket', 'a', Buffer.from('1'));
    await store.put('bucket', 'b', Buffer.from('1'));
    const transaction = store.transaction(async (t) => {
      assert.is(Buffer.from(await t.get('bucket', 'a')).toString(), '1');
      await store.put('bucket', 'b', Buffer.from('2'));
      await failsWith('CONFLICT', t.get('bucket', 'b'));
      await t.put('bucket', 'c', Buffer.from('1'));
    });
    // It was told; what it then leaves alone does not hinder it.
    await transaction;
    assert.equal(keysOf(await store.list('bucket')), ['a', 'b', 'c']);
  });

  promises('transfers between accounts never lose a coin', async (store) => {
    const accounts = ['a', 'b', 'c', 'd'];
    for (const account of accounts) await store.putValue('bucket', account, 100);
    const amountOf = (bytes: Uint8Array): number => Number(Buffer.from(bytes).toString());
    for (const account of accounts) await store.put('bucket', account, Buffer.from('100'));
    const transfer = async (from: string, to: string, amount: number): Promise<void> => {
      for (;;) {
        try {
          await store.transaction(async (t) => {
            const left = amountOf(await t.get('bucket', from)) - amount;
            const right = amountOf(await t.get('bucket', to)) + amount;
            await t.put('bucket', from, Buffer.from(`${left}`));
            await t.put('bucket', to, Buffer.from(`${right}`));
          });
          return;
        } catch (error) {
          if (!String(error).includes('has changed')) throw error;
        }
      }
    };
    const transfers: Promise<void>[] = [];
    for (let index = 0; index < 24; index++) {
      const from = accounts[index % 4] ?? '';
      const to = accounts[(index * 3 + 1) % 4] ?? '';
      if (from !== to) transfers.push(transfer(from, to, index));
    }
    await Promise.all(transfers);
    let sum = 0;
    for (const account of accounts) sum += amountOf(await store.getBytes('bucket', account));
    assert.is(sum, 400);
  });

  promises('a transaction is bounded, and ends', async (store) => {
    await failsWith(
      'INVALID_ARGUMENT',
      store.transaction(async (t) => {
        for (let index = 0; index <= limits.transactionMutationsMax; index++) {
          await t.put('bucket', `k${index}`, Buffer.alloc(0));
        }
      }),
    );
    assert.equal(keysOf(await store.list('bucket')), []);
    let kept: Parameters<Parameters<typeof store.transaction>[0]>[0] | undefined;
    await store.transaction(async (t) => {
      kept = t;
      for (let index = 0; index < limits.transactionMutationsMax; index++) {
        await t.put('bucket', `k${index}`, Buffer.alloc(0));
      }
    });
    assert.is(store.stats().objects, limits.transactionMutationsMax);
    await failsWith('CLOSED', kept?.get('bucket', 'k1') ?? Promise.resolve());
  });

  promises('a transaction deletes and makes buckets', async (store, place) => {
    await store.put('bucket', 'k', Buffer.from('v'));
    await failsWith(
      'BUCKET_NOT_EMPTY',
      store.transaction((t) => t.deleteBucket('bucket')),
    );
    await store.transaction(async (t) => {
      await t.delete('bucket', 'k');
      await t.deleteBucket('bucket');
      await failsWith('NO_SUCH_BUCKET', t.put('bucket', 'k', Buffer.from('v')));
      await t.createBucket('bucket');
      await t.put('bucket', 'n', Buffer.from('new'));
      await t.createBucket('passing');
      await t.deleteBucket('passing');
    });
    assert.equal(keysOf(await store.list('bucket')), ['n']);
    await failsWith('NO_SUCH_BUCKET', store.headBucket('passing'));
    const digest = await store.indexDigest();
    await store.close();
    await using again = await place.open();
    assert.equal(await again.indexDigest(), digest);
  });
}
