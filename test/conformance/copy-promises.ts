import * as assert from 'uvu/assert';
import { limits } from '../../src/base/limits.js';
import { failsWith, type Promises, patterned, readAll } from './store-words.js';

const large = patterned(900_000, 3);
const small = patterned(5_000, 4);

/** Copies of objects, and of their ranges into parts. */
export function copyPromises(promises: Promises): void {
  promises('copies bytes, attributes and all', async (store) => {
    const attributes = { headers: { contentType: 'a/b' }, userMetadata: { x: '1' } };
    for (const [key, bytes] of [
      ['large', large],
      ['small', small],
      ['empty', Buffer.alloc(0)],
    ] as const) {
      const before = await store.put('bucket', key, bytes, attributes);
      const copy = await store.copy({ bucket: 'bucket', key }, 'bucket', `${key}-copy`);
      assert.is(copy.etag, before.etag);
      assert.equal(copy.userMetadata, attributes.userMetadata);
      await store.delete('bucket', key);
      assert.is(Buffer.compare(await readAll(store, 'bucket', `${key}-copy`), bytes), 0);
      const replaced = await store.copy({ bucket: 'bucket', key: `${key}-copy` }, 'bucket', key, {
        attributes: { headers: { contentType: 'c/d' } },
        checksumAlgorithm: 'CRC64NVME',
      });
      assert.equal([replaced.headers, replaced.userMetadata], [{ contentType: 'c/d' }, {}]);
      assert.is(replaced.checksums[0]?.algorithm, 'CRC64NVME');
      assert.is(Buffer.compare(await readAll(store, 'bucket', key), bytes), 0);
    }
  });

  promises('where a website sends one is never copied, but set with the copy', async (store) => {
    const headers = { contentType: 'a/b', websiteRedirect: '/elsewhere' };
    assert.equal((await store.put('bucket', 'k', small, { headers })).headers, headers);
    assert.equal((await store.head('bucket', 'k')).headers, headers);
    const source = { bucket: 'bucket', key: 'k' };
    const plain = await store.copy(source, 'bucket', 'copy');
    assert.equal(plain.headers, { contentType: 'a/b' });
    const own = { websiteRedirect: 'https://example.org/' };
    const sent = await store.copy(source, 'bucket', 'copy', own);
    assert.equal(sent.headers, { contentType: 'a/b', ...own });
    assert.equal((await store.head('bucket', 'copy')).headers, sent.headers);
  });

  promises('copies only from what is there, on the conditions stated', async (store) => {
    const source = { bucket: 'bucket', key: 'k' };
    await failsWith('NO_SUCH_KEY', store.copy(source, 'bucket', 'copy'));
    const { etag, version } = await store.put('bucket', 'k', small);
    const copy = (sourceCondition: object) =>
      store.copy(source, 'bucket', 'copy', { sourceCondition });
    await failsWith('PRECONDITION_FAILED', copy({ ifMatch: ['other'] }));
    await failsWith('PRECONDITION_FAILED', copy({ ifNoneMatch: [etag] }));
    await failsWith('PRECONDITION_FAILED', copy({ ifUnmodifiedSinceMs: 1000 }));
    await copy({ ifMatch: ['other', etag], ifUnmodifiedSinceMs: 1000 });
    await failsWith('NO_SUCH_BUCKET', store.copy(source, 'other', 'copy'));
    await failsWith(
      'PRECONDITION_FAILED',
      store.copy(source, 'bucket', 'copy', { ifAbsent: true }),
    );
    await store.copy({ ...source, version }, 'bucket', 'copy');
    await store.put('bucket', 'k', large);
    await failsWith('PRECONDITION_FAILED', store.copy({ ...source, version }, 'bucket', 'copy'));
  });

  promises('of a copy and a deletion at once, the copy is whole or fails', async (store) => {
    for (let round = 0; round < 10; round++) {
      await store.put('bucket', 'k', round % 2 === 0 ? large : small);
      const order = [
        () => store.delete('bucket', 'k'),
        () => store.copy({ bucket: 'bucket', key: 'k' }, 'bucket', 'copy', { ifAbsent: true }),
      ];
      if (round % 3 === 0) order.reverse();
      const [, copied] = await Promise.allSettled(order.map((start) => start()));
      await store.delete('bucket', 'k');
      if (copied?.status === 'fulfilled' && round % 3 !== 0) {
        const bytes = await readAll(store, 'bucket', 'copy');
        assert.is(Buffer.compare(bytes, round % 2 === 0 ? large : small), 0);
      }
      await store.delete('bucket', 'copy');
    }
  });

  promises('a copy follows a source that changes under it', async (store) => {
    await store.put('bucket', 'k', small);
    const put = store.put('bucket', 'k', Buffer.from('newer'));
    const copy = store.copy({ bucket: 'bucket', key: 'k' }, 'bucket', 'copy');
    await Promise.all([put, copy]);
    assert.is(Buffer.from(await store.getBytes('bucket', 'copy')).toString(), 'newer');
  });

  promises('copies a multipart object by its parts', async (store) => {
    const { uploadId } = await store.createUpload('bucket', 'k');
    const first = patterned(limits.partBytesMin + 7, 5);
    const parts = [
      await store.putPart('bucket', 'k', uploadId, 1, first),
      await store.putPart('bucket', 'k', uploadId, 2, small),
    ];
    const info = await store.completeUpload('bucket', 'k', uploadId, parts);
    const copy = await store.copy({ bucket: 'bucket', key: 'k' }, 'bucket', 'copy');
    assert.is(copy.etag, info.etag);
    await store.delete('bucket', 'k');
    const whole = Buffer.concat([first, small]);
    assert.is(Buffer.compare(await readAll(store, 'bucket', 'copy'), whole), 0);
    await failsWith('NO_SUCH_UPLOAD', store.completeUpload('bucket', 'copy', uploadId, parts));
  });

  promises('copies ranges of any object into parts', async (store, place) => {
    const first = patterned(limits.partBytesMin + 400_000, 6);
    const { uploadId: sourceId } = await store.createUpload('bucket', 'source');
    const sourceParts = [
      await store.putPart('bucket', 'source', sourceId, 1, first),
      await store.putPart('bucket', 'source', sourceId, 2, small),
    ];
    await store.completeUpload('bucket', 'source', sourceId, sourceParts);
    const source = { bucket: 'bucket', key: 'source' };
    const whole = Buffer.concat([first, small]);
    const { uploadId } = await store.createUpload('bucket', 'k');
    const ranges = [
      { startBytes: 300_000, endBytes: whole.length - 10 },
      { startBytes: whole.length - 1000, endBytes: whole.length },
    ];
    const parts = [];
    for (const [index, range] of ranges.entries()) {
      const from = { ...source, range };
      parts.push(await store.copyPart(from, 'bucket', 'k', uploadId, index + 1));
    }
    const tooFar = { ...source, range: { startBytes: 0, endBytes: whole.length + 1 } };
    await failsWith('INVALID_RANGE', store.copyPart(tooFar, 'bucket', 'k', uploadId, 3));
    await store.completeUpload('bucket', 'k', uploadId, parts);
    await store.delete('bucket', 'source');
    const wanted = ranges.map(({ startBytes, endBytes }) => whole.subarray(startBytes, endBytes));
    await store.close();
    await using again = await place.open();
    assert.is(Buffer.compare(await readAll(again, 'bucket', 'k'), Buffer.concat(wanted)), 0);
  });
}
