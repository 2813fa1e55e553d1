import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openStoreOn } from '../../../src/store/store.js';
import type { Store } from '../../../src/store/types.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';

/** Where other servers said that a listing was complete, and somebody's collector believed it. */
const listing = suite('listings over more than 50,000 keys');

const keyCount = 51_000;
const body = Buffer.from('x');
const nameOf = (number: number) => `a/${String(number).padStart(6, '0')}`;

let world: SimulatedWorld;
let store: Store;
listing.before(async () => {
  world = new SimulatedWorld(1);
  store = await world.run(openStoreOn(world, { segmentBytes: 64 * 1024 ** 2, hashThreadsMax: 0 }));
  await world.run(filled('plain'));
  await world.run(store.createBucket('marked'));
  await world.run(store.setBucketVersioning('marked', 'enabled'));
  await world.run(filled('marked'));
  await world.run(emptied('marked'));
});
listing.after(() => world.run(store.close()));

async function filled(bucket: string): Promise<void> {
  if (bucket === 'plain') await store.createBucket(bucket);
  for (let from = 0; from < keyCount; from += 1000)
    await Promise.all(
      Array.from({ length: 1000 }, (_, at) => store.put(bucket, nameOf(from + at), body)),
    );
  await store.put(bucket, 'b', body);
}

async function emptied(bucket: string): Promise<void> {
  for (let from = 0; from < keyCount; from += 1000)
    await Promise.all(
      Array.from({ length: 1000 }, (_, at) => store.delete(bucket, nameOf(from + at))),
    );
}

listing(
  'keys that are folded into one prefix are passed by, and what follows them is told',
  async () => {
    const page = await world.run(store.list('plain', { delimiter: '/' }));
    assert.equal(page.commonPrefixes, ['a/']);
    assert.equal(
      page.objects.map(({ key }) => key),
      ['b'],
    );
    assert.not.ok(page.truncated);
  },
);

listing('keys that are hidden by delete markers are passed by', async () => {
  const page = await world.run(store.list('marked'));
  assert.equal(
    page.objects.map(({ key }) => key),
    ['b'],
  );
  assert.not.ok(page.truncated);
  const folded = await world.run(store.list('marked', { delimiter: '/' }));
  assert.equal(folded.commonPrefixes, []);
});

listing('pages tell every key once, and only the last says that it is the last', async () => {
  let after: string | undefined;
  let count = 0;
  for (;;) {
    const page = await world.run(store.list('plain', { startAfter: after, limit: 1000 }));
    count += page.objects.length;
    const last = page.objects.at(-1)?.key;
    assert.ok(last !== undefined && (after === undefined || last > after));
    assert.is(page.truncated, last !== 'b');
    if (!page.truncated) break;
    after = last;
  }
  assert.is(count, keyCount + 1);
});

listing.run();
