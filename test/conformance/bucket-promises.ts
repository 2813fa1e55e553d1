import * as assert from 'uvu/assert';
import { failsWith, type Promises, patterned } from './store-words.js';

export function bucketPromises(promises: Promises): void {
  promises('creates, shows, lists and deletes buckets', async (store) => {
    await store.createBucket('another');
    const info = await store.headBucket('another');
    assert.is(info.name, 'another');
    assert.equal(
      (await store.listBuckets()).map(({ name }) => name),
      ['another', 'bucket'],
    );
    await store.deleteBucket('another');
    await failsWith('NO_SUCH_BUCKET', store.headBucket('another'));
    await failsWith('NO_SUCH_BUCKET', store.deleteBucket('another'));
    await store.createBucket('another');
  });

  promises("takes S3's bucket names and no others", async (store) => {
    for (const good of ['abc', 'a-b.c', '0ab', 'a'.repeat(63)]) await store.createBucket(good);
    const bad = ['', 'ab', 'a'.repeat(64), 'Abc', 'a_c', '_abc', '-abc', 'abc-', 'a..b', 'a b'];
    bad.push('a.-b', 'a-.b');
    for (const name of [...bad, '10.0.0.1', 'xn--abc', 'abc-s3alias', 'a\u0000bc']) {
      await failsWith('INVALID_BUCKET_NAME', store.createBucket(name));
    }
  });

  promises('refuses a bucket that is there, of two at once one', async (store) => {
    await failsWith('BUCKET_EXISTS', store.createBucket('bucket'));
    const both = await Promise.allSettled([store.createBucket('new'), store.createBucket('new')]);
    assert.equal(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  });

  promises('keeps a bucket that holds objects', async (store) => {
    await store.put('bucket', 'k', Buffer.from('v'));
    await failsWith('BUCKET_NOT_EMPTY', store.deleteBucket('bucket'));
    const removal = store.delete('bucket', 'k');
    await store.deleteBucket('bucket');
    await removal;
  });

  promises('refuses a bucket that is being filled, and the other way round', async (store) => {
    const put = store.put('bucket', 'k', Buffer.from('v'));
    await failsWith('BUCKET_NOT_EMPTY', store.deleteBucket('bucket'));
    await put;
    await store.delete('bucket', 'k');
    const deletion = store.deleteBucket('bucket');
    await failsWith('NO_SUCH_BUCKET', store.put('bucket', 'k', Buffer.from('v')));
    await deletion;
  });

  promises('fails a body whose bucket goes while it streams', async (store) => {
    const bytes = patterned(700_000);
    async function* body(): AsyncGenerator<Uint8Array> {
      yield bytes;
      await store.deleteBucket('bucket');
      yield bytes;
    }
    await failsWith('NO_SUCH_BUCKET', store.put('bucket', 'k', body()));
  });
}
