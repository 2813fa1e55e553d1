import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { chosen } from './chosen-tests.js';
import { goesOn, outcomeOf, SignedHeads } from './sealed-life.js';
import { seeds } from './seeded-random.js';
import { SimulatedWorld } from './simulated-host.js';

const it = chosen(suite('sealing: crashes and failing disks'));

/** Of so many calls one is tried with each seed: all of them with LOGSTORE_TEST_SEEDS=16. */
const stride = 16;

/** The disk's calls of two lives, the second one over what the first has left. */
async function callCount(): Promise<{ readonly first: number; readonly all: number }> {
  const world = new SimulatedWorld(1);
  const signed = new SignedHeads();
  assert.is(await outcomeOf(world, { signed, name: 'one' }), 'all');
  const first = world.operationCount;
  assert.is(await outcomeOf(world, { signed, name: 'two' }), 'all');
  assert.ok(signed.count >= 5, `${signed.count} heads signed`);
  return { first, all: world.operationCount };
}

/** Two lives in a world in which something goes wrong; how it was left, and what was signed. */
async function livesIn(world: SimulatedWorld): Promise<SignedHeads> {
  const signed = new SignedHeads();
  if ((await outcomeOf(world, { signed, name: 'one' })) !== 'died') {
    await outcomeOf(world, { signed, name: 'two' });
  }
  return signed;
}

it('faults 87, 91: a power cut or a kill at any step of sealing signs nothing twice', async () => {
  const { all } = await callCount();
  assert.ok(all > 100, `${all} calls`);
  for (const seed of seeds(1)) {
    for (let call = 1 + (seed % stride); call <= all; call += stride) {
      for (const when of ['before', 'during', 'after'] as const) {
        const world = new SimulatedWorld(1);
        world.faults.dieAt(call, when);
        const signed = await livesIn(world);
        for (const cause of ['power', 'kill'] as const) {
          const hint = `${cause} ${when} call ${call}, seed ${seed}`;
          await goesOn(world.crash(seed, cause), signed).catch((error: Error) => {
            error.message = `${hint}: ${error.message}`;
            throw error;
          });
        }
      }
    }
  }
});

it('faults 87, 91: a disk call of sealing that fails leaves nothing half signed', async () => {
  const { all } = await callCount();
  for (const seed of seeds(1)) {
    for (let call = 1 + (seed % stride); call <= all; call += stride) {
      for (const fault of ['failAt', 'failAppliedAt', 'tearAt'] as const) {
        const world = new SimulatedWorld(1);
        world.faults[fault](call, seed % 2 === 0 ? 'ENOSPC' : 'EIO');
        try {
          const signed = await livesIn(world);
          await goesOn(world.crash(seed, seed % 3 === 0 ? 'kill' : 'power'), signed);
        } catch (error) {
          if (error instanceof Error)
            error.message = `${fault} ${call}, seed ${seed}: ${error.message}`;
          throw error;
        }
      }
    }
  }
});

it.run();
