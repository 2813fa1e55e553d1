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

it.run();
