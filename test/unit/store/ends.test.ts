import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Mutation } from '../../../src/format/mutation.js';
import type { Store } from '../../../src/store/types.js';
import { inSimulation } from '../../conformance/store-place.js';
import { commitsOf } from './log-watch.js';

const it = suite('ends');

interface Logged {
  readonly sequence: number;
  readonly index: number;
  readonly version: number;
  readonly mutation: Mutation;
}

/** All mutations that `work` left in the log. */
async function loggedBy(work: (store: Store) => Promise<void>): Promise<Logged[]> {
  return await inSimulation(async ({ host, open }) => {
    const store = await open();
    await store.createBucket('bucket');
    await work(store);
    await store.close();
    const logged: Logged[] = [];
    for (const { sequence, version, mutations } of await commitsOf(host)) {
      for (const [index, mutation] of mutations.entries()) {
        logged.push({ sequence, index, version: version + index, mutation });
      }
    }
    return logged;
  });
}

function endsOf(logged: Logged | undefined): readonly number[] {
  assert.ok(logged !== undefined && 'ends' in logged.mutation);
  return logged.mutation.ends;
}

function placeOf(logged: Logged | undefined): number[] {
  assert.ok(logged);
  return [logged.sequence, logged.index, logged.version];
}

it('an overwrite lists the version that it removes', async () => {
  const [, first, second, third, deletion, after] = await loggedBy(async (store) => {
    await store.put('bucket', 'k', Buffer.from('1'));
    await store.put('bucket', 'k', Buffer.from('2'));
    const pending = [store.put('bucket', 'k', Buffer.from('3')), store.delete('bucket', 'k')];
    await Promise.all([...pending, store.put('bucket', 'k', Buffer.from('4'))]);
  });
  assert.equal(endsOf(first), []);
  assert.equal(endsOf(second), placeOf(first));
  assert.equal(endsOf(third), placeOf(second)); // pending when the next ones came
  assert.equal(endsOf(deletion), placeOf(third));
  assert.equal(endsOf(after), []);
});

it('a transaction lists what each of its mutations ends', async () => {
  const logged = await loggedBy(async (store) => {
    await store.put('bucket', 'a', Buffer.from('1'));
    await store.put('bucket', 'b', Buffer.from('1'));
    await store.transaction(async (t) => {
      await t.put('bucket', 'a', Buffer.from('2'));
      await t.delete('bucket', 'b');
    });
  });
  const [, a, b, deletion, put] = logged;
  assert.is(put?.sequence, deletion?.sequence);
  assert.equal(endsOf(deletion), placeOf(b));
  assert.equal(endsOf(put), placeOf(a));
});

it('a part lists the part that it replaces; completing, the upload and the parts not used', async () => {
  const logged = await loggedBy(async (store) => {
    const { uploadId } = await store.createUpload('bucket', 'k');
    await store.putPart('bucket', 'k', uploadId, 1, Buffer.from('1'));
    const used = await store.putPart('bucket', 'k', uploadId, 1, Buffer.from('2'));
    await store.putPart('bucket', 'k', uploadId, 2, Buffer.from('unused'));
    await store.put('bucket', 'k', Buffer.from('before'));
    await store.completeUpload('bucket', 'k', uploadId, [used]);
  });
  const [, upload, first, second, unused, before, completed] = logged;
  assert.equal(endsOf(first), []);
  assert.equal(endsOf(second), placeOf(first));
  assert.equal(endsOf(unused), []);
  const wanted = [...placeOf(before), ...placeOf(upload), ...placeOf(unused)];
  assert.equal(endsOf(completed), wanted);
});

it('aborting lists the upload and its parts, deleting a bucket those and the bucket', async () => {
  const logged = await loggedBy(async (store) => {
    const one = await store.createUpload('bucket', 'k');
    await store.putPart('bucket', 'k', one.uploadId, 3, Buffer.from('1'));
    await store.abortUpload('bucket', 'k', one.uploadId);
    const two = await store.createUpload('bucket', 'k');
    await store.putPart('bucket', 'k', two.uploadId, 3, Buffer.from('1'));
    await store.deleteBucket('bucket');
  });
  const [bucket, one, partOfOne, abort, two, partOfTwo, deletion] = logged;
  assert.equal(endsOf(abort), [...placeOf(one), ...placeOf(partOfOne)]);
  assert.equal(endsOf(deletion), [...placeOf(bucket), ...placeOf(two), ...placeOf(partOfTwo)]);
});

it.run();
