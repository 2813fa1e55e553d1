import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { batchesStart } from '../../src/format/segment-header.js';
import { openStoreOn } from '../../src/store/store.js';
import type { Store } from '../../src/store/types.js';
import { ledgerOf, ledgerOn } from './sealed-store.js';
import { SeededRandom } from './seeded-random.js';
import { SimulatedWorld } from './simulated-host.js';

const it = suite('a ledger with parity');

/** Its ledger's segments are tiny. */
function opened(world: SimulatedWorld): Promise<Store> {
  const ledger = ledgerOn(world, {}, { segmentBytes: 24 * 1024 });
  return openStoreOn(world, { ledger, hashThreadsMax: 0 });
}

async function putAndSeal(store: Store, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++) {
    await store.put('bucket', `a key of some length, number ${number}`, new Uint8Array(8));
    if (number % 10 === 0) await ledgerOf(store).seal();
  }
  await ledgerOf(store).seal();
}

function filesOf(world: SimulatedWorld, pattern: RegExp): string[] {
  return world.disk
    .testPaths()
    .filter((path) => path.startsWith('ledger/1/') && pattern.test(path));
}

it('damage in a segment that has ended is read past, and healed behind the next block', async () => {
  const world = new SimulatedWorld(5);
  const store = await world.run(opened(world));
  await world.run(store.createBucket('bucket'));
  await world.run(putAndSeal(store, 0, 200));
  const { size } = ledgerOf(store).standing();
  await world.run(store.close());

  const parity = filesOf(world, /\.p\d$|parity/);
  assert.ok(parity.length >= 2, `parity stands beside the segments: ${filesOf(world, /./)}`);
  const [segment = ''] = filesOf(world, /\.seg$/);
  const whole = world.disk.testBytesOf(segment);
  const after = world.crash(1, 'kill');
  const random = new SeededRandom(6);
  for (let count = 0; count < 3; count++) {
    const offset = batchesStart + random.below(4_000);
    after.disk.testFlip(segment, offset, count);
  }

  const again = await after.run(opened(after));
  const ledger = ledgerOf(again);
  assert.is(ledger.standing().is, 'ok');
  for (let height = 0; height < size; height++) await after.run(ledger.changes(height, 0));
  await after.run(putAndSeal(again, 200, 210));
  assert.is(ledger.standing().is, 'ok');
  await after.run(again.close());
  assert.is(Buffer.compare(after.disk.testBytesOf(segment), whole), 0, 'it is as it was');
});

it.run();
