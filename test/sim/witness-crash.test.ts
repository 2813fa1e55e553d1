import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Witness } from '../../src/witness/witness.js';
import { logSigner, shownLog, witnessSigner } from '../unit/witness/watched-log.js';
import { ProcessDied, SimulatedWorld } from './simulated-host.js';

const it = suite('witness: crashes and failing disks');
const sizes = [1, 3, 8, 20];
const honest = shownLog();

function openOn(world: SimulatedWorld): Promise<Witness> {
  const signer = async () => witnessSigner;
  return Witness.open(world, { signer, logs: [logSigner.key], holder: 'the test' });
}

interface Run {
  /** Whether all was signed, or the process died, or the disk failed. */
  readonly outcome: 'all' | 'died' | 'failed';
  /** The greatest size that a signature left the witness for. */
  readonly signedSize: number;
  readonly witness: Witness | undefined;
}

/** Brings the checkpoints of the honest log, as long as it goes well. */
async function watch(world: SimulatedWorld): Promise<Run> {
  let signedSize = 0;
  let witness: Witness | undefined;
  try {
    witness = await world.run(openOn(world));
    for (const size of sizes) {
      const answer = await world.run(witness.addCheckpoint(honest.request(signedSize, size)));
      assert.is(answer.status, 200, answer.text);
      signedSize = size;
    }
    return { outcome: 'all', signedSize, witness };
  } catch (error) {
    return { outcome: error instanceof ProcessDied ? 'died' : 'failed', signedSize, witness };
  }
}

/** After a restart: whatever it signed, it signs no other history of. */
async function refusesForks(world: SimulatedWorld, signedSize: number, hint: string) {
  const witness = await world.run(openOn(world));
  for (const size of sizes.filter((one) => one <= signedSize)) {
    for (const old of [0, size]) {
      const forked = await world.run(witness.addCheckpoint(shownLog(0).request(old, size)));
      assert.is(forked.status, 409, `${hint}: ${size} blocks, signed ${signedSize}`);
    }
  }
  const { text } = await world.run(witness.addCheckpoint(honest.request(0, 299)));
  const lastSize = signedSize === 0 && !/^\d+\n$/.test(text) ? 299 : Number(text);
  assert.ok(lastSize >= signedSize, `${hint}: it remembers ${lastSize} of ${signedSize}`);
  await world.run(witness.close());
}

async function callCount(): Promise<number> {
  const world = new SimulatedWorld(1);
  assert.is((await watch(world)).outcome, 'all');
  return world.operationCount;
}

it('faults 84: remembers through a power cut at any disk call whatever it signed', async () => {
  const count = await callCount();
  assert.ok(count > 30, `${count} calls`);
  for (let call = 1; call <= count; call++) {
    for (const when of ['before', 'during', 'after'] as const) {
      const world = new SimulatedWorld(call);
      world.faults.dieAt(call, when);
      const { signedSize, outcome } = await watch(world);
      assert.is(outcome, 'died');
      for (const seed of [1, 2]) {
        await refusesForks(world.crash(seed), signedSize, `power cut ${when} call ${call}`);
      }
    }
  }
});

it('signs nothing more once its disk has failed, until it is started again', async () => {
  const count = await callCount();
  for (let call = 1; call <= count; call++) {
    for (const fault of ['failAt', 'failAppliedAt', 'tearAt'] as const) {
      const world = new SimulatedWorld(call);
      world.faults[fault](call, 'EIO');
      const { signedSize, outcome, witness } = await watch(world);
      world.faults.clear();
      if (outcome === 'failed' && witness !== undefined) {
        const next = await world.run(witness.addCheckpoint(honest.request(signedSize, 20)));
        assert.is(next.status, 503, `${fault} ${call}`);
      }
      await refusesForks(world.crash(1), signedSize, `${fault} ${call}`);
    }
  }
});

it.run();
