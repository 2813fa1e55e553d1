import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type LifecycleRule, lifecycleText } from '../../../src/catalog/lifecycle-rules.js';
import { lifecycleOf } from '../../../src/store/bucket-lifecycle.js';
import { openStoreOn } from '../../../src/store/store.js';
import type { Store } from '../../../src/store/types.js';
import { failsWith } from '../../conformance/store-words.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';

const it = suite('lifecycle');

const dayMs = 86_400_000;
const bucket = 'bucket';
const body = Buffer.from('0123456789');

type Given = Partial<Omit<LifecycleRule, 'id'>>;

function rules(...given: readonly Given[]): string {
  return lifecycleText(
    given.map((rule, index) => {
      return { id: `rule${index}`, enabled: true, filter: {}, form: 'filter', ...rule };
    }),
  );
}

/** A store on a world of its own whose bucket has these rules once `fill` has filled it. */
async function aStoreWith(
  given: readonly Given[],
  fill: (store: Store) => Promise<void>,
  begin: (store: Store) => Promise<unknown> = async () => {},
): Promise<{ world: SimulatedWorld; store: Store }> {
  const world = new SimulatedWorld(7);
  const store = await world.run(openStoreOn(world, { hashThreadsMax: 0 }));
  await world.run(store.createBucket(bucket));
  await world.run(begin(store));
  await world.run(fill(store));
  await world.run(store.setBucketConfiguration(bucket, 'lifecycle', rules(...given)));
  return { world, store };
}

async function versionsOf(world: SimulatedWorld, store: Store): Promise<string[]> {
  const { versions } = await world.run(store.listVersions(bucket));
  return versions.map(({ key, isDeleteMarker, sizeBytes }) => {
    return `${key} ${isDeleteMarker ? 'marker' : sizeBytes}`;
  });
}

const versioned = (store: Store) => store.setBucketVersioning(bucket, 'enabled');

it('expires after whole days, counted to the next midnight', async () => {
  const { world, store } = await aStoreWith(
    [{ filter: { prefix: 'logs/' }, expiration: { days: 1 } }],
    async (filled) => {
      await filled.put(bucket, 'logs/a', body);
      await filled.put(bucket, 'kept/a', body);
    },
  );
  const info = await world.run(store.head(bucket, 'logs/a'));
  const expiry = await world.run(store.lifecycleExpiry(info) ?? Promise.resolve(undefined));
  const expected = Math.ceil((info.modifiedUnixMs + dayMs) / dayMs) * dayMs;
  assert.equal(expiry, { atUnixMs: expected, ruleId: 'rule0' });
  await world.advance(expected - world.clock.nowUnixMs() - 60_000);
  assert.equal(await versionsOf(world, store), ['kept/a 10', 'logs/a 10']);
  await world.advance(2 * 3_600_000);
  assert.equal(await versionsOf(world, store), ['kept/a 10']);
  await world.run(store.close());
});

it('filters by tags and sizes, and leaves alone what a disabled rule names', async () => {
  const { world, store } = await aStoreWith(
    [
      { filter: { tags: [['keep', 'no']] }, expiration: { days: 1 }, form: 'filter' },
      { filter: { sizeAboveBytes: 10 }, expiration: { days: 1 } },
      { enabled: false, expiration: { days: 1 } },
    ],
    async (filled) => {
      await filled.put(bucket, 'tagged', body, { tags: { keep: 'no', also: 'this' } });
      await filled.put(bucket, 'other', body, { tags: { keep: 'yes' } });
      await filled.put(bucket, 'ten', body);
      await filled.put(bucket, 'eleven', Buffer.alloc(11));
      await filled.setTags(bucket, 'ten', { keep: 'maybe' });
    },
  );
  await world.advance(3 * dayMs);
  assert.equal(await versionsOf(world, store), ['other 10', 'ten 10']);
  await world.run(store.setTags(bucket, 'ten', { keep: 'no' }));
  await world.advance(dayMs);
  assert.equal(await versionsOf(world, store), ['other 10']);
  await world.run(store.close());
});

it('where older versions stay it makes a delete marker, once', async () => {
  const fill = async (filled: Store) => void (await filled.put(bucket, 'k', body));
  const { world, store } = await aStoreWith([{ expiration: { days: 1 } }], fill, versioned);
  await world.advance(2.5 * dayMs);
  assert.equal(await versionsOf(world, store), ['k marker', 'k 10']);
  await world.advance(9 * dayMs);
  assert.equal(await versionsOf(world, store), ['k marker', 'k 10']);
  await world.run(store.close());
});

it('removes noncurrent versions but for the newest of them, then the marker alone', async () => {
  const { world, store } = await aStoreWith(
    [{ noncurrent: { days: 2, newerCount: 1 } }, { expiration: { marker: true } }],
    async (filled) => {
      for (const size of [1, 2, 3, 4]) await filled.put(bucket, 'k', Buffer.alloc(size));
      await filled.put(bucket, 'gone', body);
      await filled.delete(bucket, 'gone');
    },
    versioned,
  );
  await world.advance(4 * dayMs);
  assert.equal(await versionsOf(world, store), ['gone marker', 'gone 10', 'k 4', 'k 3']);
  const text = rules({ noncurrent: { days: 2 } }, { expiration: { marker: true } });
  await world.run(store.setBucketConfiguration(bucket, 'lifecycle', text));
  await world.advance(4 * dayMs);
  assert.equal(await versionsOf(world, store), ['k 4']);
  await world.run(store.close());
});

it('aborts uploads by their age', async () => {
  const { world, store } = await aStoreWith(
    [{ filter: { prefix: 'a' }, abortDays: 2 }],
    async (filled) => {
      for (const key of ['a', 'b']) {
        const { uploadId } = await filled.createUpload(bucket, key);
        await filled.putPart(bucket, key, uploadId, 1, body);
      }
    },
  );
  await world.advance(4 * dayMs);
  const { uploads } = await world.run(store.listUploads(bucket));
  assert.equal(
    uploads.map(({ key }) => key),
    ['b'],
  );
  await world.run(store.close());
});

it('a version under a lock is never removed', async () => {
  const world = new SimulatedWorld(7);
  const store = await world.run(openStoreOn(world, { hashThreadsMax: 0 }));
  await world.run(store.createBucket(bucket, { objectLock: true }));
  const untilUnixMs = world.clock.nowUnixMs() + 20 * dayMs;
  const lock = { retention: { mode: 'COMPLIANCE', untilUnixMs } } as const;
  await world.run(store.put(bucket, 'locked', body, { lock }));
  await world.run(store.put(bucket, 'held', body, { lock: { legalHold: true } }));
  await world.run(store.put(bucket, 'free', body));
  for (const key of ['locked', 'held', 'free']) await world.run(store.delete(bucket, key));
  const text = rules({ noncurrent: { days: 1 } });
  await world.run(store.setBucketConfiguration(bucket, 'lifecycle', text));
  await world.advance(10 * dayMs);
  const kept = ['free marker', 'held marker', 'held 10', 'locked marker', 'locked 10'];
  assert.equal(await versionsOf(world, store), kept);
  await world.advance(15 * dayMs);
  assert.equal(await versionsOf(world, store), [...kept.slice(0, 4)]);
  await world.run(store.close());
});

it('a wall clock that jumps removes nothing until the store is opened again', async () => {
  const fill = async (filled: Store) => void (await filled.put(bucket, 'k', body));
  const { world, store } = await aStoreWith([{ expiration: { days: 1 } }], fill);
  world.clock.jumpWall(10 * dayMs);
  await world.advance(5 * dayMs);
  assert.equal(await versionsOf(world, store), ['k 10']);
  await world.run(store.close());
});

it('days can be shortened, and many keys are gone over in steps', async () => {
  const world = new SimulatedWorld(7);
  const options = { hashThreadsMax: 0, lifecycleDayMs: 10_000 };
  const store = await world.run(openStoreOn(world, options));
  await world.run(store.createBucket(bucket));
  const text = rules({ filter: { prefix: 'a' }, expiration: { days: 2 } });
  await world.run(store.setBucketConfiguration(bucket, 'lifecycle', text));
  for (let at = 0; at < 2500; at++) await world.run(store.put(bucket, `a${at}`, body));
  await world.run(store.put(bucket, 'b', body));
  assert.is(store.stats().objects, 2501);
  await world.advance(30_000);
  assert.equal(await versionsOf(world, store), ['b 10']);
  await world.run(store.close());
  const again = await world.run(openStoreOn(world, options));
  assert.equal(await versionsOf(world, again), ['b 10']);
  await world.run(again.close());
});

it('what is no lifecycle is refused', async () => {
  const { world, store } = await aStoreWith([{ abortDays: 1 }], async () => {});
  for (const text of ['', 'x', '[]', '{}', '[{}]', rules({ expiration: { days: 0 } })]) {
    const set = store.setBucketConfiguration(bucket, 'lifecycle', text);
    await world.run(failsWith('INVALID_ARGUMENT', set));
  }
  const wrong = { lifecycle: '[]', notification: 'x', versioning: 'On', 'object-lock': 'Enabled' };
  for (const [name, value] of Object.entries(wrong)) {
    const made = store.createBucket('made', { configurations: { [name]: value } });
    await world.run(failsWith('INVALID_ARGUMENT', made));
  }
  await world.run(store.createBucket('made', { configurations: { versioning: 'Enabled' } }));
  assert.is(await world.run(store.bucketVersioning('made')), 'enabled');
  await world.run(store.close());
});

it('rules are read once; those of another version, which say more, do nothing and fail nothing', () => {
  const place = { version: 1, timeUnixMs: 1, sequence: 1, mutation: 0 };
  const withValue = (value: string) => {
    const configurations = new Map([['lifecycle', { value, ...place }] as const]);
    return { configurations };
  };
  const found = withValue(rules({ abortDays: 1 }));
  assert.is(lifecycleOf(found).length, 1);
  assert.is(lifecycleOf(found), lifecycleOf(found));
  assert.equal(lifecycleOf(withValue('[{"id":"of later","does":"what nobody knows"}]')), []);
});

it.run();
