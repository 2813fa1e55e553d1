import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ledgerBlock } from '../../../src/format/ledger-block.js';
import { findEpoch } from '../../../src/ledger/epoch.js';
import { HighWaterFile } from '../../../src/ledger/high-water-file.js';
import { epochDirectory, highWaterFile, originFile } from '../../../src/ledger/ledger-files.js';
import { beginNewEpoch } from '../../../src/ledger/new-epoch.js';
import { verifyObjectProof } from '../../../src/ledger/verify.js';
import { verifyLedger } from '../../../src/store/ledger-reports.js';
import type { Store } from '../../../src/store/types.js';
import { failsWith } from '../../conformance/store-words.js';
import { ledgerOf, openSealed, trustIn } from '../../sim/sealed-store.js';
import { ProcessDied, SimulatedWorld } from '../../sim/simulated-host.js';
import { nodeSha256 } from './golden.js';

const it = suite('new epochs');
const body = new TextEncoder().encode('hello');
const encoder = new TextEncoder();

/** A closed store whose ledger has two blocks. @returns the origin of the ledger */
async function aStore(world: SimulatedWorld): Promise<string> {
  const store = await world.run(openSealed(world));
  await world.run(store.createBucket('photos'));
  for (const key of ['a', 'b']) {
    await world.run(store.put('photos', key, body));
    await world.run(ledgerOf(store).seal());
  }
  const { origin, size } = ledgerOf(store).standing();
  assert.is(size, 2);
  await world.run(store.close());
  return origin;
}

function placeIn(world: SimulatedWorld) {
  return { disk: world.disk, path: highWaterFile };
}

/** As if a newer copy of the store had signed so many blocks. */
async function raiseMark(world: SimulatedWorld, origin: string, size: number): Promise<Uint8Array> {
  const root = nodeSha256(encoder.encode('the newer copy'));
  await using marks = await HighWaterFile.open(placeIn(world));
  await marks.raise({ size, root }, nodeSha256(encoder.encode(origin)));
  return root;
}

/** Opens, writes and seals under the new origin. @returns what block 0 says that it follows */
async function goesOn(world: SimulatedWorld, origin: string) {
  const store = await world.run(openSealed(world));
  const ledger = ledgerOf(store);
  await world.run(store.put('photos', 'c', body));
  const standing = await world.run(ledger.seal());
  assert.equal([standing.is, standing.size, standing.signedSize], ['ok', 1, 1]);
  assert.is.not(standing.origin, origin);
  const trust = await world.run(trustIn(ledger));
  for (const key of ['a', 'b', 'c']) {
    const proof = await world.run(ledger.prove({ claim: 'current', bucket: 'photos', key }));
    assert.ok(verifyObjectProof(proof, trust).isProven, key);
  }
  const text = await world.run(ledger.block(0));
  await world.run(store.close());
  const options = { full: true, highWater: placeIn(world) };
  assert.is((await world.run(verifyLedger(world, options))).wrong, undefined);
  return ledgerBlock.decode(text.slice(0, text.indexOf('\n\n') + 1)).follows;
}

async function refusesWrites(store: Store): Promise<void> {
  await failsWith('READ_ONLY', store.put('photos', 'c', body));
  assert.is((await store.getBytes('photos', 'a')).length, 5);
}

it('faults 84: an older copy is read-only until a new epoch follows what the mark knows', async () => {
  const world = new SimulatedWorld(1);
  const origin = await aStore(world);
  const root = await world.run(raiseMark(world, origin, 9));
  const store = await world.run(openSealed(world));
  assert.is(ledgerOf(store).standing().is, 'rolled-back');
  await world.run(refusesWrites(store));
  await world.run(store.close());
  const wrong = await world.run(verifyLedger(world, { full: false, highWater: placeIn(world) }));
  assert.match(wrong.wrong ?? '', '9 were signed');
  const epoch = await world.run(beginNewEpoch(world, placeIn(world)));
  assert.is(epoch.number, 2);
  assert.equal(await goesOn(world, origin), [[origin, 9, root]]);
});

it('where the mark is lost a new epoch follows what was published', async () => {
  const world = new SimulatedWorld(2);
  const origin = await aStore(world);
  await world.run(world.disk.unlink(highWaterFile));
  const store = await world.run(openSealed(world));
  assert.is(ledgerOf(store).standing().is, 'unsigned');
  await world.run(store.close());
  await world.run(beginNewEpoch(world, placeIn(world)));
  const follows = await goesOn(world, origin);
  assert.equal(
    follows.map(([before, size]) => [before, size]),
    [[origin, 2]],
  );
});

it('where the old ledger is lost a new epoch follows what the mark knows', async () => {
  const world = new SimulatedWorld(4);
  const origin = await aStore(world);
  for (const copy of ['manifest.a', 'manifest.b']) {
    const file = await world.run(world.disk.open(`ledger/1/${copy}`, 'write'));
    await world.run(file.write(20, [new Uint8Array(64)]));
    await world.run(file.close());
  }
  const store = await world.run(openSealed(world));
  assert.is(ledgerOf(store).standing().is, 'broken');
  await world.run(store.put('photos', 'd', body)); // the store serves all the same
  await world.run(store.close());
  await world.run(beginNewEpoch(world, placeIn(world)));
  const [[before, size] = ['', 0]] = await goesOn(world, origin);
  assert.equal([before, size], [origin, 2]);
});

it('where the name of the log is damaged a new epoch follows what its blocks say', async () => {
  for (const bit of [0, 7]) {
    const world = new SimulatedWorld(5);
    const origin = await aStore(world);
    const path = `${epochDirectory(1)}/${originFile}`;
    world.disk.testFlip(path, world.disk.testBytesOf(path).length - 2, bit);
    const store = await world.run(openSealed(world));
    assert.is(ledgerOf(store).standing().is, 'broken');
    await world.run(store.close());
    await world.run(beginNewEpoch(world, placeIn(world)));
    const [[before, size] = ['', 0]] = await goesOn(world, origin);
    assert.equal([before, size], [origin, 2]);
  }
});

it('a new epoch that a crash cut short is begun once, whatever call it was', async () => {
  for (let call = 1; ; call++) {
    const world = new SimulatedWorld(3);
    const origin = await aStore(world);
    const root = await world.run(raiseMark(world, origin, 9));
    world.faults.dieAt(world.operationCount + call);
    let isDone = true;
    try {
      await world.run(beginNewEpoch(world, placeIn(world)));
    } catch (error) {
      if (!(error instanceof ProcessDied)) throw error;
      isDone = false;
    }
    const after = world.crash(call);
    await after.run(beginNewEpoch(after, placeIn(after)));
    assert.is((await after.run(findEpoch(after.disk)))?.number, 2, `call ${call}`);
    assert.equal(await goesOn(after, origin), [[origin, 9, root]], `call ${call}`);
    if (isDone) break;
  }
});

it.run();
