import * as assert from 'uvu/assert';
import { failsWith, keysOf, type Promises } from './store-words.js';

export function listingPromises(promises: Promises): void {
  promises('lists keys in the order of their bytes, page by page', async (store) => {
    const keys = ['a', 'a/b', 'a0', 'b', 'z', 'ä', '\uffff', '\u{1f600}'];
    for (const key of [...keys].reverse()) await store.put('bucket', key, Buffer.from(key));
    assert.equal(keysOf(await store.list('bucket')), keys);
    for (const limit of [1, 2, 3]) {
      const seen: string[] = [];
      let startAfter: string | undefined;
      for (;;) {
        const page = await store.list('bucket', { startAfter, limit });
        assert.ok(page.objects.length <= limit);
        seen.push(...keysOf(page));
        if (!page.truncated) break;
        startAfter = page.next;
      }
      assert.equal(seen, keys);
    }
    const all: string[] = [];
    for await (const { key } of store.objects('bucket', { limit: 2 })) all.push(key);
    assert.equal(all, keys);
    assert.equal(await store.list('bucket', { limit: 0 }), {
      ...{ objects: [], commonPrefixes: [], truncated: false, next: undefined },
    });
  });

  promises('folds keys into common prefixes', async (store) => {
    const keys = ['a', 'photos/1', 'photos/2', 'photos/x/1', 'photos0', 'q/1', 'q//2'];
    for (const key of keys) await store.put('bucket', key, Buffer.from(key));
    const top = await store.list('bucket', { delimiter: '/' });
    assert.equal(keysOf(top), ['a', 'photos0']);
    assert.equal(top.commonPrefixes, ['photos/', 'q/']);
    const below = await store.list('bucket', { delimiter: '/', prefix: 'photos/' });
    assert.equal(keysOf(below), ['photos/1', 'photos/2']);
    assert.equal(below.commonPrefixes, ['photos/x/']);
    const first = await store.list('bucket', { delimiter: '/', limit: 2 });
    assert.equal(
      [keysOf(first), first.commonPrefixes, first.next],
      [['a'], ['photos/'], 'photos/'],
    );
    const second = await store.list('bucket', { delimiter: '/', limit: 2, startAfter: first.next });
    assert.equal([keysOf(second), second.commonPrefixes], [['photos0'], ['q/']]);
    assert.is(second.truncated, false);
    await failsWith('NO_SUCH_BUCKET', store.list('other'));
  });

  promises('faults 81: each stable key is listed exactly once during writes', async (store) => {
    const stable = Array.from({ length: 60 }, (_, index) => `s/${String(index).padStart(3, '0')}`);
    await Promise.all(stable.map((key) => store.put('bucket', key, Buffer.from(key))));
    let startAfter: string | undefined;
    const seen: string[] = [];
    for (let round = 0; ; round++) {
      const churn = [store.put('bucket', `s/${round * 7}-new`, Buffer.from('n'))];
      if (round > 0) await store.delete('bucket', `s/${(round - 1) * 7}-new`);
      const page = await store.list('bucket', { prefix: 's/', startAfter, limit: 7 });
      await Promise.all(churn);
      seen.push(...keysOf(page).filter((key) => !key.endsWith('-new')));
      if (!page.truncated) break;
      startAfter = page.next;
    }
    assert.equal(seen, stable);
  });
}
