import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeBlockRecord } from '../../src/format/ledger-record.js';
import { recordHeaderBytes } from '../../src/format/record.js';
import {
  epochDirectory,
  highWaterFile,
  hostBelow,
  originFile,
} from '../../src/ledger/ledger-files.js';
import { secretOfText, secretText } from '../../src/ledger/ledger-secret.js';
import { checkpointFile } from '../../src/ledger/publisher.js';
import { type Trust, verifyConsistency, verifyObjectProof } from '../../src/ledger/verify.js';
import { openLog } from '../../src/log/open-log.js';
import { readLedger } from '../../src/store/ledger-reports.js';
import type { Store } from '../../src/store/types.js';
import { failsWith } from '../conformance/store-words.js';
import { recordsIn } from './log-world.js';
import {
  auditOf,
  aWorld,
  inStore,
  type Life,
  ledgerPaths,
  live,
  openForLife,
  SignedHeads,
  sealedBucket,
} from './sealed-life.js';
import { ledgerOf, trustIn } from './sealed-store.js';
import type { SimulatedWorld } from './simulated-host.js';

const it = suite('faults of the ledger');
const body = new TextEncoder().encode('hello');

/** It is served as ever, takes writes or not, and whatever is written: nothing is signed. */
async function signsNothing(world: SimulatedWorld, life: Life, takesWrites = true) {
  const { count } = life.signed;
  const standing = await inStore(world, life, async (store) => {
    assert.is(Buffer.from(await store.getBytes(sealedBucket, 'one/a')).toString(), 'hello');
    const put = store.put(sealedBucket, 'later', body);
    await (takesWrites ? put : failsWith('READ_ONLY', put));
    await ledgerOf(store)
      .seal()
      .catch(() => undefined);
    return ledgerOf(store).standing();
  });
  assert.is(life.signed.count, count, 'a head was signed');
  return standing;
}

/** The ledger of `from`, its mark among it or not, in the place of that of `to`. */
function transplant(from: SimulatedWorld, to: SimulatedWorld, withMark: boolean): void {
  const isMoved = (path: string) => withMark || path !== highWaterFile;
  for (const path of ledgerPaths(to).filter(isMoved)) to.disk.testRemove(path);
  for (const path of ledgerPaths(from).filter(isMoved)) {
    to.disk.testPlant(path, from.disk.testBytesOf(path));
  }
}

it('faults 82: a bit of an entry is found, the store serves, and nothing is signed on top', async () => {
  const { world, life } = await aWorld();
  const segment = ledgerPaths(world).find((path) => path.endsWith('.seg')) ?? '';
  const places = recordsIn(world, segment);
  const blocks = new Set(await world.run(blockSequences(world)));
  assert.ok(places.length > blocks.size && blocks.size >= 3);
  for (const { sequence, offset, payloadBytes } of places) {
    const start = offset + recordHeaderBytes;
    // A damaged header is mended: what it says follows from the payload and its place.
    for (const at of [start, start + (payloadBytes >> 1), start + payloadBytes - 1]) {
      const damaged = world.crash(1, 'kill');
      damaged.disk.testFlip(segment, at, at % 8);
      const { wrong } = await auditOf(damaged);
      assert.match(String(wrong), /block|record/, `record ${sequence}`);
      if (!blocks.has(sequence)) continue;
      const own = { ...life, signed: new SignedHeads(life.signed) };
      const { is, reason } = await signsNothing(damaged, own);
      assert.is(is, 'broken', `block in record ${sequence}: ${reason}`);
    }
  }
});

it('faults 82: a bit of the name of the log is found, and no block is written under another', async () => {
  const { world, life } = await aWorld();
  const path = `${epochDirectory(1)}/${originFile}`;
  const { blockCount } = await auditOf(world);
  for (let at = 0; at < world.disk.testBytesOf(path).length; at++) {
    for (const bit of [at % 7, 7]) {
      const damaged = world.crash(1, 'kill');
      damaged.disk.testFlip(path, at, bit);
      assert.ok((await auditOf(damaged)).wrong !== undefined, `byte ${at}, bit ${bit}`);
      const own = { ...life, signed: new SignedHeads(life.signed) };
      assert.is((await signsNothing(damaged, own)).is, 'broken', `byte ${at}, bit ${bit}`);
      damaged.disk.testFlip(path, at, bit);
      const mended = await auditOf(damaged);
      assert.equal([mended.wrong, mended.blockCount], [undefined, blockCount]);
    }
  }
});

async function blockSequences(world: SimulatedWorld): Promise<number[]> {
  await using opened = await readLedger(world);
  const sequences: number[] = [];
  for (let height = 0; height < opened.ledger.size; height++) {
    sequences.push((await opened.ledger.block(height)).sequence);
  }
  return sequences;
}

it('faults 83: a ledger that was cut short is known by its mark, and by a pinned head', async () => {
  const { world: before, life } = await aWorld();
  const world = before.crash(1, 'kill');
  await world.run(live(world, { ...life, name: 'two' }));
  const whole = world.crash(1, 'kill');
  const pinned = await inStore(whole, life, (store) => headOf(store));
  const cut = world.crash(1, 'kill');
  transplant(before, cut, false);
  assert.match((await auditOf(cut)).wrong ?? '', 'were signed');
  const { is } = await signsNothing(cut, life, false);
  assert.is(is, 'rolled-back');
  // With its mark it looks like one that has not grown: only who has a pin knows better.
  transplant(before, cut, true);
  const shorter = new TextDecoder().decode(cut.disk.testBytesOf(`ledger/1/${checkpointFile}`));
  const verdict = verifyConsistency(pinned.checkpoint, shorter, [], pinned.trust);
  assert.ok(!verdict.isProven && verdict.check === 'consistency');
});

async function headOf(store: Store) {
  const ledger = ledgerOf(store);
  const trust = await trustIn(ledger);
  const proof = await ledger.prove({ claim: 'current', bucket: sealedBucket, key: 'one/a' });
  const verdict = verifyObjectProof(proof, trust);
  assert.ok(verdict.isProven);
  return { trust, checkpoint: verdict.proven.checkpoint, proof };
}

it('faults 84: an older copy of all of it is refused where the mark is on another disk', async () => {
  const { world: older, life } = await aWorld();
  const newer = older.crash(1, 'kill');
  await newer.run(live(newer, { ...life, name: 'two' }));
  const restored = older.crash(2, 'kill');
  restored.disk.testRemove(highWaterFile);
  restored.disk.testPlant(highWaterFile, newer.disk.testBytesOf(highWaterFile));
  const { is, reason } = await signsNothing(restored, life, false);
  assert.is(is, 'rolled-back');
  assert.match(reason ?? '', /were signed/);
});

it('faults 84, 91: a mark that is lost or damaged is never taken for a first start', async () => {
  const { world, life } = await aWorld();
  for (const damage of ['lost', 'both slots', 'emptied'] as const) {
    const damaged = world.crash(1, 'kill');
    const bytes = damaged.disk.testBytesOf(highWaterFile);
    damaged.disk.testRemove(highWaterFile);
    if (damage === 'emptied') damaged.disk.testPlant(highWaterFile, new Uint8Array(bytes.length));
    if (damage === 'both slots') {
      damaged.disk.testPlant(highWaterFile, bytes.with(30, 0xff).with(4096 + 30, 0xff));
    }
    const own = { ...life, signed: new SignedHeads(life.signed) };
    const { is, reason, size, signedSize } = await signsNothing(damaged, own);
    assert.is(is, 'unsigned', damage);
    assert.match(reason ?? '', 'the high-water mark is gone');
    assert.ok(size > signedSize, 'blocks are written all the same');
  }
  // One slot is enough.
  const half = world.crash(1, 'kill');
  half.disk.testFlip(highWaterFile, 30, 0);
  await inStore(half, { ...life, signed: new SignedHeads(life.signed) }, async (store) => {
    await store.put(sealedBucket, 'later', body);
    const { is } = await ledgerOf(store).seal();
    assert.ok(is === 'ok' || is === 'rolled-back', is);
  });
});

it('faults 85: of two heads of one size each refutes the other', async () => {
  const { world, life } = await aWorld();
  const heads: Awaited<ReturnType<typeof headOf>>[] = [];
  for (const name of ['left', 'right']) {
    const fork = world.crash(1, 'kill');
    const own = { ...life, name, signed: new SignedHeads(life.signed) };
    heads.push(
      await inStore(fork, own, async (store) => {
        await store.put(sealedBucket, name, body);
        await ledgerOf(store).seal();
        return await headOf(store);
      }),
    );
  }
  const [left, right] = heads;
  assert.ok(left && right && left.checkpoint.size === right.checkpoint.size);
  const trust: Trust = { ...left.trust, pins: [left.checkpoint] };
  assert.ok(verifyObjectProof(left.proof, trust).isProven);
  const verdict = verifyObjectProof(right.proof, trust);
  assert.ok(!verdict.isProven && verdict.check === 'consistency');
});

it('faults 86: a ledger of another store is neither gone on with nor signed', async () => {
  const { world, life } = await aWorld();
  const other = await aWorld(2);
  for (const withMark of [true, false]) {
    const mixed = world.crash(1, 'kill');
    transplant(other.world, mixed, withMark);
    assert.ok((await auditOf(mixed)).wrong !== undefined);
    if (!withMark) assert.is((await signsNothing(mixed, life)).is, 'unsigned');
  }
});

it('faults 86: blocks that were repeated, left out or inserted are named', async () => {
  const { world, life } = await aWorld();
  const last = await world.run(lastRecord(world));
  const forgeries = {
    repeated: last,
    'left out': { ...last, height: last.height + 2, text: withHeight(last, last.height + 2) },
    inserted: { ...last, height: last.height + 1, text: withHeight(last, last.height + 1) },
  };
  for (const [name, record] of Object.entries(forgeries)) {
    const forged = world.crash(1, 'kill');
    await forged.run(append(forged, encodeBlockRecord(record)));
    const { wrong } = await auditOf(forged);
    assert.match(wrong ?? '', `block ${last.height + 1}`, name);
    const own = { ...life, signed: new SignedHeads(life.signed) };
    assert.is((await signsNothing(forged, own)).is, 'broken', name);
  }
});

async function lastRecord(world: SimulatedWorld) {
  await using opened = await readLedger(world);
  return await opened.ledger.block(opened.ledger.size - 1);
}

function withHeight({ text }: { readonly text: string }, height: number): string {
  return text.replace(/^height .*$/m, `height ${height}`);
}

/** As whoever has the disk can: a commit of the ledger's log, with good checksums. */
async function append(world: SimulatedWorld, payload: Uint8Array): Promise<void> {
  const below = hostBelow(world, 'ledger/1');
  const follower = { commit: () => undefined, lost: () => undefined };
  const log = await openLog(below, { mode: 'write', reserveBytes: 0 }, follower);
  await new Promise<void>((resolve, reject) => {
    log.takeVersions(1);
    log.append({
      ...{ kind: 'commit', flags: 0, subject: new Uint8Array(8), removes: true },
      ...{ payload: [payload], onDurable: resolve, onFailed: reject },
    });
  });
  await log.prove();
  await log.close();
}

it('faults 88: without its key nothing is signed, and all that was is still proven', async () => {
  const { world, life } = await aWorld();
  const { proof, trust } = await inStore(world.crash(1, 'kill'), life, (store) => headOf(store));
  const other = secretOfText(secretText(new Uint8Array(32).fill(9)));
  const without: Life = { ...life, sealer: { secrets: [other] } };
  const { is, reason, size, signedSize } = await signsNothing(world.crash(1, 'kill'), without);
  assert.is(is, 'unsigned');
  assert.match(reason ?? '', 'no key at hand is in force');
  assert.ok(size > signedSize, 'blocks are written all the same');
  assert.ok(verifyObjectProof(proof, trust).isProven);
  // With the key back all of it is signed.
  const standing = await inStore(world.crash(1, 'kill'), life, (store) => ledgerOf(store).seal());
  assert.equal([standing.is, standing.signedSize], ['ok', standing.size]);
});

it('faults 89: the key is in no file of the ledger, nor in what it says', async () => {
  const seed = Buffer.alloc(32, 7);
  const { world, life } = await aWorld();
  const spellings = [seed, Buffer.from(seed.toString('base64'))];
  for (const path of world.disk.testPaths()) {
    const bytes = Buffer.from(world.disk.testBytesOf(path));
    assert.not(
      spellings.some((one) => bytes.includes(one)),
      path,
    );
  }
  const standing = await inStore(world, life, async (store) => ledgerOf(store).standing());
  assert.not(JSON.stringify(standing).includes(seed.toString('base64')));
});

it('faults 90: what is signed is kept as it is, in the one encoding', async () => {
  const { world, life } = await aWorld();
  const note = new TextDecoder().decode(world.disk.testBytesOf(`ledger/1/${checkpointFile}`));
  for (const other of [note.replace('\n', '\n\n'), note.replaceAll('\n', '\r\n'), `${note}\n`]) {
    const changed = world.crash(1, 'kill');
    changed.disk.testRemove(`ledger/1/${checkpointFile}`);
    changed.disk.testPlant(`ledger/1/${checkpointFile}`, new TextEncoder().encode(other));
    const { wrong, signedCount, rebuildable } = await auditOf(changed);
    assert.equal([wrong, signedCount, rebuildable], [undefined, 0, [checkpointFile]]);
    // It follows from the ledger: the next start publishes it again.
    const own = { ...life, signed: new SignedHeads(life.signed) };
    await inStore(changed, own, (store) => ledgerOf(store).seal());
    const after = await auditOf(changed);
    assert.equal([after.wrong, after.rebuildable], [undefined, []]);
    assert.is(after.signedCount, after.blockCount);
  }
});

it('a ledger that fails to close keeps the store from nothing', async () => {
  const { world, life } = await aWorld();
  const store = await world.run(openForLife(world, life));
  world.faults.faultWhen(({ kind, path }) =>
    kind === 'close' && path.startsWith('ledger/1/manifest')
      ? { is: 'applied', errno: 'EIO' }
      : undefined,
  );
  await world.run(store.put(sealedBucket, 'last', body));
  await failsWith('IO', world.run(store.close()));
  world.faults.clear();
  await inStore(world, life, async (again) => {
    assert.is(Buffer.from(await again.getBytes(sealedBucket, 'last')).toString(), 'hello');
  });
});

it.run();
