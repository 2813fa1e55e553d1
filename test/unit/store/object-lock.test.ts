import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openStoreOn } from '../../../src/store/store.js';
import type { Store } from '../../../src/store/types.js';
import { failsWith } from '../../conformance/store-words.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';

const it = suite('object lock');
const minuteMs = 60_000;
const yearMs = 365 * 86_400_000;
const body = Buffer.from('body');

interface Locked {
  readonly store: Store;
  readonly versionId: string;
}

/** A version that is retained for so long from now. */
async function aLocked(
  world: SimulatedWorld,
  mode: 'GOVERNANCE' | 'COMPLIANCE',
  forMs: number,
): Promise<Locked> {
  const store = await world.run(openStoreOn(world, { hashThreadsMax: 0 }));
  await world.run(store.createBucket('bucket', { objectLock: true }));
  const untilUnixMs = world.clock.nowUnixMs() + forMs;
  const lock = { retention: { mode, untilUnixMs } };
  const { versionId = '' } = await world.run(store.put('bucket', 'k', body, { lock }));
  return { store, versionId };
}

it('a retention ends with its time, and not before', async () => {
  const world = new SimulatedWorld(1);
  const { store, versionId } = await aLocked(world, 'COMPLIANCE', 10 * minuteMs);
  await world.advance(9 * minuteMs);
  await world.run(failsWith('OBJECT_LOCKED', store.delete('bucket', 'k', { versionId })));
  await world.advance(2 * minuteMs);
  assert.is((await world.run(store.delete('bucket', 'k', { versionId }))).removed, true);
  await world.run(store.close());
});

it('faults 76: a clock set forward ends no lock, nor does one that is set back again', async () => {
  const world = new SimulatedWorld(2);
  const { store, versionId } = await aLocked(world, 'GOVERNANCE', 10 * minuteMs);
  const refused = () => failsWith('OBJECT_LOCKED', store.delete('bucket', 'k', { versionId }));
  world.clock.jumpWall(30 * minuteMs); // no jump yet, but ahead of what has passed
  await world.run(refused());
  world.clock.jumpWall(10 * yearMs);
  await world.run(refused());
  world.clock.jumpWall(-10 * yearMs);
  await world.advance(20 * minuteMs);
  await world.run(refused());
  const bypassed = store.delete('bucket', 'k', { versionId, bypassGovernance: true });
  assert.is((await world.run(bypassed)).removed, true);
  await world.run(store.close());
});

it('faults 76: a clock set forward while the store is closed ends no lock', async () => {
  for (const ending of ['closed', 'killed'] as const) {
    const world = new SimulatedWorld(8);
    const { store, versionId } = await aLocked(world, 'COMPLIANCE', 100 * minuteMs);
    await world.advance(90 * minuteMs);
    if (ending === 'closed') await world.run(store.close());
    const restarted = ending === 'closed' ? world : world.crash(1, 'kill');
    for (let times = 0; times < 2; times++) {
      restarted.clock.jumpWall(yearMs);
      const again = await restarted.run(openStoreOn(restarted, { hashThreadsMax: 0 }));
      const refused = again.delete('bucket', 'k', { versionId });
      await restarted.run(failsWith('OBJECT_LOCKED', refused));
      const clock = await restarted.run(again.lockClock());
      assert.ok(clock.wallUnixMs - clock.lockUnixMs > (times + 1) * yearMs - 60 * minuteMs);
      await restarted.run(again.close());
    }
    const later = await restarted.run(openStoreOn(restarted, { hashThreadsMax: 0 }));
    // What had passed was saved at close; after a kill at most an hour of it is lost.
    await restarted.advance((ending === 'closed' ? 11 : 75) * minuteMs);
    const removed = await restarted.run(later.delete('bucket', 'k', { versionId }));
    assert.is(removed.removed, true, ending);
    await restarted.run(later.close());
  }
});

it('faults 76: a clock set back makes no default retention shorter', async () => {
  const world = new SimulatedWorld(10);
  const store = await world.run(openStoreOn(world, { hashThreadsMax: 0 }));
  await world.run(store.createBucket('bucket', { objectLock: true }));
  const rule = 'Enabled COMPLIANCE 1 days';
  await world.run(store.setBucketConfiguration('bucket', 'object-lock', rule));
  const before = world.clock.nowUnixMs();
  world.clock.jumpWall(-yearMs);
  const { versionId = '' } = await world.run(store.put('bucket', 'k', body));
  const { lock } = await world.run(store.head('bucket', 'k'));
  assert.ok((lock?.retention?.untilUnixMs ?? 0) > before + 86_400_000 - minuteMs);
  await world.run(failsWith('OBJECT_LOCKED', store.delete('bucket', 'k', { versionId })));
  await world.run(store.close());
});

it('locks go by the wall clock again once somebody says that it is right', async () => {
  const world = new SimulatedWorld(9);
  const { store, versionId } = await aLocked(world, 'COMPLIANCE', 100 * minuteMs);
  await world.run(store.close());
  world.clock.jumpWall(yearMs);
  const again = await world.run(openStoreOn(world, { hashThreadsMax: 0 }));
  await world.run(failsWith('OBJECT_LOCKED', again.delete('bucket', 'k', { versionId })));
  const { lockUnixMs, wallUnixMs } = await world.run(again.confirmLockClock());
  assert.ok(wallUnixMs - lockUnixMs < minuteMs);
  assert.is((await world.run(again.delete('bucket', 'k', { versionId }))).removed, true);
  await world.run(again.close());
  const last = await world.run(openStoreOn(world, { hashThreadsMax: 0 }));
  const kept = await world.run(last.lockClock());
  assert.ok(kept.lockUnixMs >= lockUnixMs);
  const said = await world.run(last.access.documents('clock'));
  assert.is(said.length, 2);
  assert.match(said[0]?.name ?? '', /^confirmed-\d+$/);
  await world.run(last.close());
});

it('nothing but the end of a lock removes the version: not its bucket, nor compaction', async () => {
  const world = new SimulatedWorld(3);
  const { store, versionId } = await aLocked(world, 'COMPLIANCE', yearMs);
  await world.run(store.delete('bucket', 'k'));
  await world.run(failsWith('BUCKET_NOT_EMPTY', store.deleteBucket('bucket')));
  const refused = [
    () => store.setBucketVersioning('bucket', 'suspended'),
    () => store.setBucketConfiguration('bucket', 'versioning', null),
    () => store.setBucketConfiguration('bucket', 'object-lock', null),
  ];
  for (const attempt of refused) {
    const error = await world.run(
      attempt().then(
        () => undefined,
        (failure: Error) => failure,
      ),
    );
    assert.ok(error !== undefined);
  }
  await world.run(
    store.transaction(async (transaction) => {
      await transaction.put('bucket', 'k', Buffer.from('above'));
    }),
  );
  await world.run(failsWith('BUCKET_NOT_EMPTY', store.deleteBucket('bucket')));
  await world.run(store.compact({ all: true }));
  await world.run(store.close());
  await world.run(world.disk.unlink('index.snapshot'));
  const again = await world.run(openStoreOn(world, { hashThreadsMax: 0 }));
  const info = await world.run(again.head('bucket', 'k', { versionId }));
  assert.is(info.lock?.retention?.mode, 'COMPLIANCE');
  const bypass = { versionId, bypassGovernance: true };
  await world.run(failsWith('OBJECT_LOCKED', again.delete('bucket', 'k', bypass)));
  await world.run(again.close());
});

it('of many who change the state of a version at once, none undoes what others did', async () => {
  const world = new SimulatedWorld(4);
  const { store, versionId } = await aLocked(world, 'GOVERNANCE', minuteMs);
  const untilUnixMs = world.clock.nowUnixMs() + yearMs;
  await world.run(
    Promise.all([
      store.setTags('bucket', 'k', { colour: 'blue' }),
      store.setLegalHold('bucket', 'k', true, { versionId }),
      store.setRetention('bucket', 'k', { mode: 'GOVERNANCE', untilUnixMs }),
    ]),
  );
  const info = await world.run(store.head('bucket', 'k'));
  const retention = { mode: 'GOVERNANCE', untilUnixMs };
  assert.equal(info.lock, { retention, legalHold: true });
  assert.equal((await world.run(store.getTags('bucket', 'k'))).tags, { colour: 'blue' });
  await world.run(store.close());
});

it('whether a legal hold was ever set is known after a start, too', async () => {
  const world = new SimulatedWorld(6);
  const { store, versionId } = await aLocked(world, 'GOVERNANCE', minuteMs);
  const holdOf = async (of: Store) =>
    (await world.run(of.getLegalHold('bucket', 'k', { versionId }))).legalHold;
  assert.is(await holdOf(store), undefined);
  await world.run(store.setLegalHold('bucket', 'k', false));
  await world.run(store.close());
  const again = await world.run(openStoreOn(world, { hashThreadsMax: 0 }));
  assert.is(await holdOf(again), false);
  await world.run(again.setTags('bucket', 'k', { colour: 'blue' }));
  assert.is(await holdOf(again), false);
  await world.run(again.setLegalHold('bucket', 'k', true));
  assert.is(await holdOf(again), true);
  await world.run(again.close());
});

it.run();
