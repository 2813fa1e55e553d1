import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { type KeyRing, storeKey } from '../../src/encryption/key-ring.js';
import { snapshotFile } from '../../src/format/file-names.js';
import { openStoreOn } from '../../src/store/store.js';
import type { Store } from '../../src/store/types.js';
import { JournalOfWrites } from '../crash/journal-of-writes.js';
import { BusyKeeper, cellsOf, hasLocks, keeperBucket } from './busy-keeper.js';
import { chosen } from './chosen-tests.js';
import { idle } from './log-script.js';
import { forEachSeed, SeededRandom, seeds } from './seeded-random.js';
import { SimulatedWorld, untilDeath } from './simulated-host.js';

const it = chosen(suite('store: crashes amid what is no bytes'));
const keeperCount = 4;
const key = storeKey(new SeededRandom(3).bytes(32));
/** A bucket whose objects are to be encrypted has them so, and all else is as it is. */
const keys: KeyRing = {
  ...{ place: 'the ring of this test', current: key, find: () => key },
  make: () => Promise.reject(new Error('there is a key')),
};

/** Opens the store, holds all its cells against the journal, and lets the keepers at it. */
async function live(
  world: SimulatedWorld,
  journal: JournalOfWrites,
  seed: number,
  steps: number,
): Promise<void> {
  const random = new SeededRandom(seed);
  const parity = random.chance(0.3) ? 'inline' : 'off';
  // So small that most of what is said stands in segments that have ended.
  const small = { segmentBytes: 24 * 1024, hashThreadsMax: 0 };
  const store = await openStoreOn(world, { ...small, parity, keys });
  for (let number = 0; number < keeperCount; number++) await ensureBucket(store, number);
  const cells = await cellsOf(store, keeperCount);
  assert.equal(journal.compare(cells), { lost: [], wrong: [], resurrected: [] });
  if (seed % 4 === 0) await digestIsStable(world, store);
  const note = journal.note.bind(journal);
  const keepers = Array.from({ length: keeperCount }, (_, number) => {
    const known = new Map([...cells].filter(([cell]) => cell.startsWith(`w${number}/`)));
    return new BusyKeeper(store, number, { random: new SeededRandom(random.word()), note, known });
  });
  const compacts = random.chance(0.5);
  await Promise.all([
    ...keepers.map((keeper) => keeper.work(steps)),
    compacts ? compacted(store, random.chance(0.3)) : undefined,
  ]);
  if (random.chance(0.3)) await idle(world, 100);
  await store.close();
}

async function compacted(store: Store, all: boolean): Promise<void> {
  try {
    await store.compact({ all });
  } catch (error) {
    if (!isLogStoreError(error, 'BUSY', 'CLOSED')) throw error;
  }
}

async function ensureBucket(store: Store, number: number): Promise<void> {
  try {
    await store.createBucket(keeperBucket(number), { objectLock: hasLocks(number), owner: 'o' });
  } catch (error) {
    if (!isLogStoreError(error, 'BUCKET_EXISTS')) throw error;
  }
}

/** What is rebuilt from the log alone is the same index. */
async function digestIsStable(world: SimulatedWorld, store: Store): Promise<void> {
  const mine = await store.indexDigest();
  const beside = await openStoreOn(world, { mode: 'read', keys });
  assert.equal(await beside.indexDigest(), mine);
  await beside.close();
}

/** The next opening reads the whole log. */
function withoutSnapshot({ disk }: SimulatedWorld): void {
  if (disk.testPaths().includes(snapshotFile)) disk.testRemove(snapshotFile);
}

it('faults 1, 36, 68: users, policies, configurations, tags, grants and locks survive any crash', async () => {
  let acknowledged = 0;
  await forEachSeed(seeds(60), async (seed) => {
    const random = new SeededRandom(seed);
    const journal = new JournalOfWrites();
    let world = new SimulatedWorld(seed);
    for (let round = 0; round < 4; round++) {
      // Every second life ends of itself, so that there are segments to compact.
      const diesAt = random.chance(0.5) ? random.between(1, 400) : 100_000;
      world.faults.dieAt(diesAt, random.pick(['before', 'during', 'after']));
      await untilDeath(world, live(world, journal, random.word(), 40));
      world = world.crash(random.word(), random.pick(['power', 'kill']));
      if (random.chance(0.5)) withoutSnapshot(world);
    }
    await untilDeath(world, live(world, journal, random.word(), 1));
    assert.not.ok(world.died);
    acknowledged += journal.acknowledgedCount;
  });
  assert.ok(acknowledged > 0, 'something was acknowledged');
});

it('a seed gives the same history again, to the last acknowledgement', async () => {
  const one = async () => {
    const journal = new JournalOfWrites();
    const world = new SimulatedWorld(7);
    await world.run(live(world, journal, 7, 30));
    const after = await world.run(openStoreOn(world, { mode: 'read', keys }));
    const cells = await world.run(cellsOf(after, keeperCount));
    await world.run(after.close());
    return [journal.acknowledgedCount, ...cells];
  };
  assert.equal(await one(), await one());
});

it.run();
