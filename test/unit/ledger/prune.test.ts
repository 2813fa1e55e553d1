import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readAnchor } from '../../../src/ledger/anchor-file.js';
import { highWaterFile, hostBelow } from '../../../src/ledger/ledger-files.js';
import { type PruneReport, pruneLedger } from '../../../src/ledger/prune.js';
import { type Trust, verifyObjectProof } from '../../../src/ledger/verify.js';
import { type LedgerReport, verifyLedger } from '../../../src/store/ledger-reports.js';
import type { ProofRequest, Store } from '../../../src/store/types.js';
import { failsWith } from '../../conformance/store-words.js';
import { ledgerOf, openSealed, trustIn } from '../../sim/sealed-store.js';
import { ProcessDied, SimulatedWorld } from '../../sim/simulated-host.js';

const it = suite('pruning');
const body = new TextEncoder().encode('hello');
const keys = Array.from({ length: 8 }, (_, at) => `k${at}`);

/**
 * A closed store with eleven blocks: each key put twice, every second one removed, others with tags
 * that were set twice, and a bucket that came and went.
 */
async function aStore(world: SimulatedWorld): Promise<void> {
  const store = await openSealed(world);
  await store.createBucket('photos');
  await store.createBucket('gone');
  await store.setBucketConfiguration('gone', 'tagging', '<Tagging/>');
  for (const key of [...keys, ...keys]) {
    await store.put('photos', key, body);
    if (key === 'k7') await ledgerOf(store).seal();
  }
  for (const [at, key] of keys.entries()) {
    if (at % 2 === 0) await store.delete('photos', key);
    else for (const a of ['1', '2']) await store.setTags('photos', key, { a });
    await ledgerOf(store).seal();
  }
  await store.deleteBucket('gone');
  await ledgerOf(store).seal();
  assert.is(ledgerOf(store).standing().size, 11);
  await store.close();
}

function prune(world: SimulatedWorld, before: number): Promise<PruneReport> {
  return pruneLedger(world, { before });
}

function audit(world: SimulatedWorld): Promise<LedgerReport> {
  const highWater = { disk: world.disk, path: highWaterFile };
  return verifyLedger(world, { full: true, highWater });
}

async function proves(store: Store, trust: Trust, request: ProofRequest): Promise<void> {
  const verdict = verifyObjectProof(await ledgerOf(store).prove(request), trust);
  assert.ok(verdict.isProven, JSON.stringify({ request, verdict }));
}

/** Opens, proves all there is, and goes on. */
async function goesOn(world: SimulatedWorld, prunedTo: number): Promise<void> {
  await using store = await openSealed(world);
  const ledger = ledgerOf(store);
  await ledger.keys();
  assert.equal([ledger.standing().is, ledger.standing().reason], ['ok', undefined]);
  const trust = await trustIn(ledger);
  for (const [at, key] of keys.entries()) {
    const claim = at % 2 === 0 ? 'absent' : 'current';
    await proves(store, trust, { claim, bucket: 'photos', key });
  }
  await proves(store, trust, { claim: 'listing', bucket: 'photos', key: '' });
  await proves(store, trust, { claim: 'absent', bucket: '', key: 'gone' });
  await proves(store, trust, { claim: 'current', bucket: '', key: 'photos' });
  if (prunedTo >= 0) await failsWith('NOT_SEALED', ledger.changes(prunedTo));
  assert.is((await ledger.consistency(1, ledger.standing().size)).length > 0, true);
  await store.put('photos', 'new', body);
  await ledger.seal();
  await ledger.changes(prunedTo + 1);
  await proves(store, trust, { claim: 'current', bucket: 'photos', key: 'new' });
  await proves(store, trust, { claim: 'written', bucket: 'photos', key: 'new' });
}

it('what lives stays provable, what was written before is gone, and audits pass', async () => {
  for (const before of [1, 2, 6, 11]) {
    const world = new SimulatedWorld(before);
    await world.run(aStore(world));
    const { objectCount } = await world.run(audit(world));
    assert.is((await world.run(prune(world, before))).height, before - 1);
    const report = await world.run(audit(world));
    assert.equal([report.wrong, report.blockCount], [undefined, 11], `before ${before}`);
    assert.is(report.objectCount, objectCount);
    await world.run(goesOn(world, before - 1));
    assert.is((await world.run(audit(world))).wrong, undefined);
  }
});

it('is done again further on, and not further back, and not beyond the end', async () => {
  const world = new SimulatedWorld(1);
  await world.run(aStore(world));
  await world.run(prune(world, 4));
  for (const before of [0, 3, 4, 12])
    await world.run(failsWith('INVALID_ARGUMENT', prune(world, before)));
  await world.run(prune(world, 9));
  assert.is((await world.run(audit(world))).wrong, undefined);
  await world.run(goesOn(world, 8));
});

it('cut short by a crash it has happened, or not at all', async () => {
  for (let call = 1; ; call += 5) {
    const world = new SimulatedWorld(1);
    await world.run(aStore(world));
    world.faults.dieAt(world.operationCount + call);
    let isDone = true;
    try {
      await world.run(prune(world, 7));
    } catch (error) {
      if (!(error instanceof ProcessDied)) throw error;
      isDone = false;
    }
    const after = world.crash(call);
    const anchor = await after.run(readAnchor(hostBelow(after, 'ledger/1').disk));
    assert.ok(!isDone || anchor !== undefined);
    await after.run(goesOn(after, anchor?.height ?? -1));
    const { wrong } = await after.run(audit(after));
    assert.is(wrong, undefined, `call ${call}`);
    if (isDone) break;
  }
});

/** A closed store with more change records than one segment holds. @returns blocks */
async function aLargeStore(world: SimulatedWorld): Promise<number> {
  const store = await openSealed(world);
  await store.createBucket('photos');
  for (let round = 0; round < 20; round++) {
    await store.transaction(async (transaction) => {
      for (let at = 0; at < 250; at++) await transaction.put('photos', `key ${at}`, body);
    });
    await ledgerOf(store).seal();
  }
  const { size } = ledgerOf(store).standing();
  await store.close();
  return size;
}

it('gives back the space of what it dropped, and is lost without both copies of its anchor', async () => {
  const world = new SimulatedWorld(2);
  const size = await world.run(aLargeStore(world));
  const { bytesBefore, bytesAfter } = await world.run(prune(world, size));
  assert.ok(bytesBefore > 1024 ** 2 && bytesAfter < bytesBefore / 4, `${bytesAfter} left`);
  const { wrong, objectCount } = await world.run(audit(world));
  assert.equal([wrong, objectCount], [undefined, 251]);

  const flip = async (path: string) => {
    const file = await world.disk.open(path, 'write');
    await file.write(40, [new Uint8Array([0])]);
    await file.close();
  };
  await world.run(flip('ledger/1/anchor.a'));
  assert.is((await world.run(audit(world))).wrong, undefined);
  await world.run(flip('ledger/1/anchor.b'));
  assert.ok((await world.run(audit(world))).wrong);
});

it('cut short while segments are rewritten it loses nothing that lives', async () => {
  for (const call of [200, 560, 600, 630, 650, 660]) {
    const world = new SimulatedWorld(2);
    const size = await world.run(aLargeStore(world));
    world.faults.dieAt(world.operationCount + call);
    const isDone = await world.run(prune(world, size)).then(
      () => true,
      (error) => {
        if (error instanceof ProcessDied) return false;
        throw error;
      },
    );
    const after = world.crash(call);
    await after.run(openSealed(after).then((store) => store.close()));
    const { wrong, objectCount } = await after.run(audit(after));
    assert.equal([wrong, objectCount], [undefined, 251], `call ${call}, ${isDone}`);
  }
});

it.run();
