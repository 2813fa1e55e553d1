import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { openStoreOn } from '../../src/store/store.js';
import type { Store } from '../../src/store/types.js';
import { BusyWriter } from '../crash/busy-writer.js';
import { JournalOfWrites } from '../crash/journal-of-writes.js';
import { chosen } from './chosen-tests.js';
import type { OperationKind } from './fault-plan.js';
import { idle } from './log-script.js';
import { forEachSeed, SeededRandom, seeds } from './seeded-random.js';
import { SimulatedWorld, untilDeath } from './simulated-host.js';

const it = chosen(suite('store: crashes'));
const bucket = 'crash';
const sizesBytes = [0, 10, 500, 4_000, 20_000, 65_536]; // hashed here, without threads
const options = { segmentBytes: 1024 ** 2 };
/** Parity in the background of every second life; on this thread, so that runs are alike. */
const optionsOf = (seed: number) => ({
  ...options,
  parity: seed % 2 === 0 ? ('inline' as const) : ('off' as const),
});

/** Opens the store, holds it against the journal, and lets `writerCount` writers at it. */
async function live(
  world: SimulatedWorld,
  journal: JournalOfWrites,
  seed: number,
  steps: number,
): Promise<void> {
  const store = await openStoreOn(world, optionsOf(seed));
  await ensureBucket(store);
  const verdict = await journal.check(store, bucket);
  assert.equal(verdict, { lost: [], wrong: [], resurrected: [] });
  await digestIsStable(world, store, seed);
  const random = new SeededRandom(seed);
  const writers = Array.from({ length: random.between(1, 8) }, (_, number) => {
    const own = new SeededRandom(random.word());
    const run = `r${seed}`;
    const threads = seed % 8 === 0;
    const note = journal.note.bind(journal);
    return new BusyWriter(store, number, { bucket, random: own, note, run, sizesBytes, threads });
  });
  await Promise.all(writers.map((writer) => writer.work(steps)));
  if (random.chance(0.3)) await idle(world, 100);
  await store.close();
}

async function ensureBucket(store: Store): Promise<void> {
  try {
    await store.createBucket(bucket);
  } catch (error) {
    if (!isLogStoreError(error, 'BUCKET_EXISTS')) throw error;
  }
}

/** What a tool beside the open store rebuilds from the log alone is the same index. */
async function digestIsStable(world: SimulatedWorld, store: Store, seed: number): Promise<void> {
  if (seed % 4 !== 0) return;
  const mine = await store.indexDigest();
  const beside = await openStoreOn(world, { mode: 'read' });
  assert.equal(await beside.indexDigest(), mine);
  await beside.close();
}

it('faults 1, 2, 36, 68, 75, 77: whatever was acknowledged to many writers survives any crash', async () => {
  await forEachSeed(seeds(60), async (seed) => {
    const random = new SeededRandom(seed);
    const journal = new JournalOfWrites();
    let world = new SimulatedWorld(seed);
    for (let round = 0; round < 4; round++) {
      world.faults.dieAt(random.between(1, 200), random.pick(['before', 'during', 'after']));
      await untilDeath(world, live(world, journal, random.word(), 12));
      world = world.crash(random.word(), random.pick(['power', 'kill']));
    }
    await untilDeath(world, live(world, journal, random.word(), 1));
    assert.not.ok(world.died);
  });
});

const changesTheDisk: ReadonlySet<OperationKind> = new Set([
  ...(['create', 'rename', 'unlink', 'syncDirectory', 'write', 'sync', 'makeDirectory'] as const),
]);

it('faults 23, 38, 39, 42: any call that changes the disk may fail, in any way, and nothing acknowledged is lost', async () => {
  await forEachSeed(seeds(60, 10_000), async (seed) => {
    const random = new SeededRandom(seed);
    const journal = new JournalOfWrites();
    let world = new SimulatedWorld(seed);
    for (let round = 0; round < 3; round++) {
      const number = random.between(1, 160);
      const errno = random.pick(['ENOSPC', 'EIO', 'EDQUOT', 'EROFS', 'EMFILE']);
      const is = random.pick(['refused', 'applied', 'torn'] as const);
      let done = false;
      world.faults.faultWhen((operation) => {
        if (done || operation.number < number || !changesTheDisk.has(operation.kind)) return;
        done = true;
        return { is, errno };
      });
      await failingWith(world, live(world, journal, random.word(), 8));
      world = world.crash(random.word(), random.pick(['power', 'kill']));
    }
    await untilDeath(world, live(world, journal, random.word(), 1));
  });
});

/** Opening or closing may fail with the disk, writers give up; only promises must hold. */
async function failingWith(world: SimulatedWorld, work: Promise<void>): Promise<void> {
  try {
    await world.run(work);
  } catch (error) {
    if (isLogStoreError(error, 'IO', 'NO_SPACE', 'WRITER_FAILED', 'READ_ONLY')) return;
    if (error instanceof Error) error.message += `\n${world.explain(30)}`;
    throw error;
  }
}

it.run();
