import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { batchesStart } from '../../src/format/segment-header.js';
import { openStoreOn } from '../../src/store/store.js';
import type { StoreOptions } from '../../src/store/store-options.js';
import type { Store } from '../../src/store/types.js';
import { ledgerOf, ledgerOn } from './sealed-store.js';
import { SeededRandom } from './seeded-random.js';
import { SimulatedWorld } from './simulated-host.js';

const it = suite('a ledger with parity');
const parityNames = /\.p\d$|parity/;

/** Its ledger's segments are tiny. */
function opened(world: SimulatedWorld, warn?: StoreOptions['warn']): Promise<Store> {
  const ledger = ledgerOn(world, {}, { segmentBytes: 24 * 1024 });
  return openStoreOn(world, { ledger, hashThreadsMax: 0, warn });
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

  const parity = filesOf(world, parityNames);
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

it('where its segments get no parity, that is told once, and made up for later', async () => {
  const world = new SimulatedWorld(6);
  let isFailing = true;
  world.faults.faultWhen(({ kind, path }) =>
    isFailing && kind === 'create' && path.startsWith('ledger/1/') && path.includes('.parity')
      ? { is: 'refused', errno: 'EIO' }
      : undefined,
  );
  const warnings: string[] = [];
  const warn = (message: string, error: unknown) => warnings.push(`${message}: ${error}`);
  const store = await world.run(opened(world, warn));
  await world.run(store.createBucket('bucket'));
  await world.run(putAndSeal(store, 0, 200));
  assert.is(warnings.length, 1, warnings.join('\n'));
  assert.match(warnings[0] ?? '', /segments of the ledger .* EIO/);
  assert.match(ledgerOf(store).standing().notKeptUp ?? '', 'EIO');
  assert.equal(filesOf(world, parityNames), []);
  isFailing = false;
  await world.run(putAndSeal(store, 200, 210));
  assert.is(ledgerOf(store).standing().notKeptUp, undefined);
  assert.ok(filesOf(world, parityNames).length >= 2);
  await world.run(store.close());
});

it.run();
