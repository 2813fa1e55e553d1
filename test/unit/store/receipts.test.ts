import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../src/base/errors.js';
import { limits } from '../../../src/base/limits.js';
import { highWaterFile } from '../../../src/ledger/ledger-files.js';
import type { Receipt, Store } from '../../../src/store/types.js';
import { ledgerOf, ledgerOn, openSealed } from '../../sim/sealed-store.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';

const it = suite('receipts');
const body = new TextEncoder().encode('hello');

async function aStore(world: SimulatedWorld, intervalMs = 10_000): Promise<Store> {
  const store = await world.run(openSealed(world, { ledger: ledgerOn(world, { intervalMs }) }));
  await world.run(store.createBucket('photos'));
  return store;
}

/** What a wait came to, as soon as it did. */
function watched(waiting: Promise<boolean>) {
  const seen: { outcome: boolean | undefined } = { outcome: undefined };
  void waiting.then((outcome) => {
    seen.outcome = outcome;
  });
  return seen;
}

it('a receipt waits for the block of its version, which nothing hurries', async () => {
  const world = new SimulatedWorld(1);
  const store = await aStore(world);
  using receipt = ledgerOf(store).receipt();
  const { version } = await world.run(store.put('photos', 'a', body));
  const seen = watched(receipt.sealed(version));
  await world.advance(9_000);
  assert.is(seen.outcome, undefined);
  await world.advance(2_000);
  assert.is(seen.outcome, true);
  assert.is(await world.run(receipt.sealed(version)), true, 'what is sealed stays so');
  await world.run(store.close());
});

it('a wait that takes too long ends without a receipt, and the object is stored', async () => {
  const world = new SimulatedWorld(2);
  const store = await aStore(world, 3_600_000);
  using receipt = ledgerOf(store).receipt();
  const { version } = await world.run(store.put('photos', 'a', body));
  const seen = watched(receipt.sealed(version));
  await world.advance(limits.receiptWaitMsMax - 1_000);
  assert.is(seen.outcome, undefined);
  await world.advance(2_000);
  assert.is(seen.outcome, false);
  assert.equal(Buffer.from(await world.run(store.getBytes('photos', 'a'))), Buffer.from(body));
  await world.run(store.close());
});

it('who leaves, and who waits when the store is closed, is answered', async () => {
  const world = new SimulatedWorld(3);
  const store = await aStore(world, 3_600_000);
  using receipt = ledgerOf(store).receipt();
  const { version } = await world.run(store.put('photos', 'a', body));
  const leaving = new AbortController();
  const left = watched(receipt.sealed(version, leaving.signal));
  const stayed = watched(receipt.sealed(version));
  const never = watched(receipt.sealed(version + 1));
  leaving.abort();
  await world.run(store.close());
  assert.equal([left.outcome, stayed.outcome], [false, true], 'closing seals');
  assert.is(never.outcome, false);
});

it('so many may wait and no more, until one has left', async () => {
  const world = new SimulatedWorld(4);
  const store = await aStore(world);
  const ledger = ledgerOf(store);
  const taken: Receipt[] = [];
  for (let count = 0; count < limits.receiptWaitersMax; count++) taken.push(ledger.receipt());
  const isBusy = (error: unknown) => isLogStoreError(error, 'BUSY');
  assert.throws(() => ledger.receipt(), isBusy);
  taken[0]?.[Symbol.dispose]();
  taken[0]?.[Symbol.dispose]();
  taken.push(ledger.receipt());
  assert.throws(() => ledger.receipt(), isBusy);
  for (const receipt of taken) receipt[Symbol.dispose]();
  await world.run(store.close());
});

it('where nothing is signed nobody waits', async () => {
  const world = new SimulatedWorld(5);
  const before = await aStore(world);
  await world.run(ledgerOf(before).seal());
  await world.run(before.put('photos', 'a', body));
  await world.run(before.close());
  await world.run(world.disk.unlink(highWaterFile));
  const store = await world.run(openSealed(world));
  const seen = await world.run(ledgerOf(store).seal());
  assert.is(seen.is, 'unsigned');
  assert.throws(
    () => ledgerOf(store).receipt(),
    (error: unknown) => isLogStoreError(error, 'LEDGER_BROKEN'),
  );
  await world.run(store.close());
});

it.run();
