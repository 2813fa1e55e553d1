import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { chosen } from './chosen-tests.js';
import { LogJournal } from './log-journal.js';
import { liveUntilDeath, openNoted, randomLife, wholeLife, withLog } from './log-script.js';
import { forEachSeed, SeededRandom, seeds } from './seeded-random.js';
import { SimulatedWorld } from './simulated-host.js';

const it = chosen(suite('log: crashes'));
const causes = ['power', 'kill'] as const;
const moments = ['before', 'during', 'after'] as const;
/** The full form takes every combination; the quick one each call once, in one of its ways. */
const isFull = process.env.LOGSTORE_TEST_SEEDS !== undefined;

const operationCount = await countOperations(1);

async function countOperations(seed: number): Promise<number> {
  const world = new SimulatedWorld(seed);
  const journal = new LogJournal();
  await world.run(wholeLife(world, journal));
  return world.operationCount;
}

/** Opens what a crash left, checks it, appends to it, and closes it. */
async function recovers(world: SimulatedWorld, journal: LogJournal): Promise<void> {
  await withLog(world, journal, async (log) => {
    await journal.commit(log, Buffer.from('after the crash'));
  });
}

async function explained(world: SimulatedWorld, work: Promise<unknown>): Promise<void> {
  try {
    await world.run(work);
  } catch (error) {
    if (error instanceof Error && !world.died) error.message += `\n${world.explain(40)}`;
    if (!world.died) throw error;
  }
}

async function diesAt(number: number, when: (typeof moments)[number]) {
  const world = new SimulatedWorld(1);
  world.faults.dieAt(number, when);
  const journal = await liveUntilDeath(world, (each) => wholeLife(world, each));
  assert.ok(world.died, `call ${number} was reached`);
  return { world, journal };
}

it('faults 1, 2: what was acknowledged survives a crash at any call of the disk', async () => {
  for (let number = 1; number <= operationCount; number++) {
    for (const when of isFull ? moments : [moments[number % 3] ?? 'during']) {
      for (const cause of causes) {
        const { world, journal } = await diesAt(number, when);
        const after = world.crash(number, cause);
        const message = `call ${number}, ${when}, ${cause}`;
        await named(message, explained(after, recovers(after, journal)));
        // Once more: what was served stays, also when the power goes right after the close.
        const again = after.crash(number + 1, 'power');
        await named(`${message}, again`, explained(again, recovers(again, journal)));
      }
    }
  }
});

it('faults 11, 13: a crash at any call of the recovery changes nothing of its answer', async () => {
  const random = new SeededRandom(3);
  const [stride, secondStride] = isFull ? [1, 1] : [14, 2];
  for (let number = random.between(1, stride); number <= operationCount; number += stride) {
    const { world, journal } = await diesAt(number, 'during');
    const cause = random.pick(causes);
    const whole = world.crash(number, cause);
    await whole.run(opens(whole, journal.copy()));
    const second = random.between(1, secondStride);
    for (let call = second; call <= whole.operationCount; call += secondStride) {
      const message = `call ${number} (${cause}), then call ${call} of the recovery`;
      const own = journal.copy();
      let after = world.crash(number, cause);
      after.faults.dieAt(call, random.pick(moments));
      await named(message, explained(after, opens(after, own)));
      const next = random.pick(causes);
      after = after.crash(call, next);
      await named(`${message}, then ${next}`, explained(after, recovers(after, own)));
    }
  }
});

/** Opens what a crash left and checks it; the process ends there. */
async function opens(world: SimulatedWorld, journal: LogJournal): Promise<void> {
  const { log, notes } = await openNoted(world);
  await journal.check(log, notes);
}

it('faults 1, 2: random lives with random crashes keep what was acknowledged', async () => {
  await forEachSeed(seeds(200), async (seed) => {
    const random = new SeededRandom(seed);
    const journal = new LogJournal();
    const sectorBytes = random.pick([512, 4096] as const);
    let world = new SimulatedWorld(seed, { sectorBytes, sparesBytesBeside: sectorBytes === 512 });
    for (let crashes = random.between(1, 4); crashes > 0; crashes--) {
      world.faults.dieAt(random.between(1, 250), random.pick(moments));
      await named(
        `${crashes} crashes to go`,
        explained(world, randomLife(world, journal, random.word(), sectorBytes)),
      );
      world = world.crash(random.word(), random.pick(causes));
    }
    await explained(world, recovers(world, journal));
    assert.ok(journal.certainCount > 0);
  });
});

async function named(message: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) error.message = `${message}: ${error.message}`;
    throw error;
  }
}

it.run();
