import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openStoreOn } from '../../../src/store/store.js';
import type { Store } from '../../../src/store/types.js';
import { failsWith, keysOf } from '../../conformance/store-words.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';
import { commitsOf } from './log-watch.js';

const it = suite('expiry');
const minuteMs = 60_000;

async function aStore(world: SimulatedWorld): Promise<Store> {
  const store = await world.run(openStoreOn(world, { hashThreadsMax: 0 }));
  await world.run(store.createBucket('bucket').catch(() => store.headBucket('bucket')));
  return store;
}

it('an expired object is gone from every answer at once', async () => {
  const world = new SimulatedWorld(1);
  const store = await aStore(world);
  const body = Buffer.from('v');
  const info = await world.run(store.put('bucket', 'k', body, { ttlMs: minuteMs }));
  await world.run(store.put('bucket', 'stays', Buffer.from('w')));
  assert.is(info.expiresUnixMs, info.modifiedUnixMs + minuteMs);
  assert.equal(keysOf(await world.run(store.list('bucket'))), ['k', 'stays']);
  world.clock.jumpWall(minuteMs);
  const gone = [
    () => store.get('bucket', 'k'),
    () => store.head('bucket', 'k'),
    () => store.getBytes('bucket', 'k'),
    () => store.copy({ bucket: 'bucket', key: 'k' }, 'bucket', 'copy'),
    () => store.getBySha256(info.sha256 ?? Buffer.alloc(32)),
    () => store.put('bucket', 'k', body, { ifMatch: '*' }),
  ];
  for (const answer of gone) await world.run(failsWith('NO_SUCH_KEY', answer()));
  assert.equal(keysOf(await world.run(store.list('bucket'))), ['stays']);
  assert.equal(await world.run(store.delete('bucket', 'k')), { removed: false });
  await world.run(store.put('bucket', 'k', Buffer.from('new'), { ifAbsent: true }));
  await world.run(store.close());
});

it('logs the removal of what expired, before the index forgets it', async () => {
  const world = new SimulatedWorld(2);
  const store = await aStore(world);
  for (let index = 0; index < 30; index++) {
    const options = index % 3 === 0 ? { ttlMs: minuteMs } : {};
    await world.run(store.put('bucket', `k${index}`, Buffer.from('v'), options));
  }
  assert.is(store.stats().objects, 30);
  await world.advance(5 * minuteMs);
  assert.is(store.stats().objects, 20);
  const digest = await store.indexDigest();
  await world.run(store.close());
  const removals = (await world.run(commitsOf(world)))
    .flatMap(({ mutations }) => mutations)
    .filter((mutation) => mutation.is === 'deleteObject');
  assert.is(removals.length, 10);
  assert.ok(removals.every((removal) => removal.is === 'deleteObject' && removal.reason === 1));
  await world.run(world.disk.unlink('index.snapshot'));
  const again = await aStore(world);
  assert.equal(await again.indexDigest(), digest);
  await world.run(again.close());
});

it('who meets an expired object has its removal logged', async () => {
  const world = new SimulatedWorld(3);
  const store = await aStore(world);
  await world.run(store.put('bucket', 'k', Buffer.from('v'), { ttlMs: 10 }));
  world.clock.jumpWall(20);
  await world.run(failsWith('NO_SUCH_KEY', store.head('bucket', 'k')));
  await world.run(store.put('bucket', 'other', Buffer.from('v'))); // synced after the removal
  assert.is(store.stats().objects, 1);
  await world.run(store.close());
});

it('a bucket whose objects all expired can be deleted', async () => {
  const world = new SimulatedWorld(4);
  const store = await aStore(world);
  const puts = Array.from({ length: 1500 }, (_, index) =>
    store.put('bucket', `k${index}`, Buffer.from('v'), { ttlMs: 10 }),
  );
  await world.run(Promise.all(puts));
  world.clock.jumpWall(20);
  await world.run(store.deleteBucket('bucket'));
  assert.equal([store.stats().objects, store.stats().buckets], [0, 0]);
  await world.run(store.close());
});

it('faults 76: a clock that jumps years ahead removes nothing for good', async () => {
  const world = new SimulatedWorld(5);
  const store = await aStore(world);
  await world.run(store.put('bucket', 'k', Buffer.from('v'), { ttlMs: 24 * 60 * minuteMs }));
  const yearsMs = 10 * 365 * 24 * 60 * minuteMs;
  world.clock.jumpWall(yearsMs);
  await world.run(failsWith('NO_SUCH_KEY', store.head('bucket', 'k')));
  await world.advance(10 * minuteMs);
  world.clock.jumpWall(-yearsMs);
  assert.is(Buffer.from(await world.run(store.getBytes('bucket', 'k'))).toString(), 'v');
  await world.run(store.close());
});

it('a TTL survives reopening', async () => {
  const world = new SimulatedWorld(6);
  const store = await aStore(world);
  await world.run(store.put('bucket', 'k', Buffer.from('v'), { ttlMs: minuteMs }));
  await world.run(store.close());
  const again = await aStore(world);
  assert.is(Buffer.from(await world.run(again.getBytes('bucket', 'k'))).toString(), 'v');
  await world.advance(3 * minuteMs);
  assert.is(again.stats().objects, 0);
  await world.run(again.close());
});

it.run();
