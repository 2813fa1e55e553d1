import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../src/base/errors.js';
import { decodeAddCheckpoint, encodeAddCheckpoint } from '../../../src/ledger/add-checkpoint.js';
import { decodeNote, encodeVkey, signatureTypes } from '../../../src/ledger/note.js';
import { verifyCheckpoint } from '../../../src/ledger/verify.js';
import { Witness } from '../../../src/witness/witness.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';
import { nodeSigner } from '../ledger/golden.js';
import { logSigner, logVkey, origin, shownLog, witnessSigner } from './watched-log.js';

const it = suite('witness');
const honest = shownLog();
const fork = shownLog(5);
const stranger = nodeSigner('31'.repeat(32), origin, signatureTypes.log);
const witnessVkey = encodeVkey(witnessSigner.key);

function openOn(world: SimulatedWorld): Promise<Witness> {
  const signer = async () => witnessSigner;
  return Witness.open(world, { signer, logs: [logSigner.key], holder: 'the test' });
}

/** Runs against a fresh witness on a simulated machine. */
async function withWitness(
  action: (ask: (body: string) => Promise<string>, world: SimulatedWorld) => Promise<void>,
): Promise<void> {
  const world = new SimulatedWorld(1);
  const witness = await world.run(openOn(world));
  const ask = async (body: string) => {
    const { status, contentType, text } = await world.run(witness.addCheckpoint(body));
    if (status === 409) assert.is(contentType, 'text/x.tlog.size');
    return status === 409 ? `409 ${text.trimEnd()}` : String(status);
  };
  await action(ask, world);
  await world.run(witness.close());
}

function evidenceIn(world: SimulatedWorld) {
  const paths = world.disk.testPaths().filter((path) => path.startsWith('evidence/'));
  return paths.map((path) => {
    return JSON.parse(new TextDecoder().decode(world.disk.testDurableBytesOf(path)));
  });
}

it('signs what goes on from what it signed, with a signature that verifies', async () => {
  const world = new SimulatedWorld(1);
  await using witness = await world.run(openOn(world));
  const sizes = [0, 1, 2, 5, 5, 64, 300];
  for (const [at, size] of sizes.entries()) {
    const body = honest.request(sizes[at - 1] ?? 0, size);
    const { status, text } = await world.run(witness.addCheckpoint(body));
    assert.is(status, 200, text);
    const cosigned = `${honest.note(size)}${text}`;
    const trust = { keys: [logVkey], witnesses: [witnessVkey], witnessesNeeded: 1 };
    const verdict = verifyCheckpoint(cosigned, trust);
    assert.ok(verdict.isProven, cosigned);
    const times = verdict.isProven ? verdict.proven.signers.map((one) => one.timeUnixS) : [];
    assert.equal(times, [undefined, Math.floor(world.clock.nowUnixMs() / 1000)]);
  }
  await world.run(witness.close());
});

it('answers in the words of tlog-witness', async () => {
  await withWitness(async (ask) => {
    assert.is(await ask(honest.request(0, 5)), '200');
    assert.is(await ask(honest.request(0, 8)), '409 5');
    assert.is(await ask(honest.request(3, 8)), '409 5');
    assert.is(await ask(shownLog(99, stranger).request(5, 8)), '403');
    assert.is(
      await ask(shownLog(99, nodeSigner('31'.repeat(32), 'other', 1)).request(5, 8)),
      '404',
    );
    const checkpoint = honest.note(8);
    assert.is(await ask(encodeAddCheckpoint({ oldSize: 9, path: [], checkpoint })), '400');
    assert.is(await ask(encodeAddCheckpoint({ oldSize: 5, path: [], checkpoint })), '422');
    const path = honest.path(5, 8);
    const longer = [...path, ...path.slice(-1)];
    assert.is(await ask(encodeAddCheckpoint({ oldSize: 5, path: longer, checkpoint })), '422');
    const forged = checkpoint.replace(/\n8\n/, '\n7\n');
    assert.is(await ask(encodeAddCheckpoint({ oldSize: 5, path, checkpoint: forged })), '403');
    for (const body of ['', '\n', 'old 5', `old 5\n\n`, `old 05\n\n${checkpoint}`]) {
      assert.is(await ask(body), '400', body);
    }
    assert.is(await ask(honest.request(5, 8).replace('old', 'new')), '400');
    assert.is(await ask(honest.request(5, 8)), '200');
  });
});

it('reads requests in their one encoding only', () => {
  const body = honest.request(5, 300);
  assert.is(encodeAddCheckpoint(decodeAddCheckpoint(body)), body);
  const hash = body.split('\n')[1] ?? '';
  const many = `old 5\n${`${hash}\n`.repeat(64)}\n${honest.note(8)}`;
  assert.throws(() => decodeAddCheckpoint(many), /at most 63/);
  assert.throws(() => decodeAddCheckpoint(body.replace(hash, hash.slice(1))));
  assert.throws(() => decodeAddCheckpoint(body.replaceAll('\n', '\r\n')));
});

it('faults 85: keeps both signed roots of one size, and signs neither again', async () => {
  await withWitness(async (ask, world) => {
    await ask(honest.request(0, 8));
    // Whatever old size comes with it: the two signatures are the evidence.
    assert.is(await ask(fork.request(0, 8)), '409 8');
    assert.is(await ask(fork.request(8, 8)), '409 8');
    const found = evidenceIn(world);
    assert.equal(
      found.map(({ misdeed }) => misdeed),
      ['fork'],
    );
    const [{ seen, offered }] = found;
    const roots = [seen, offered].map((note) => {
      assert.ok(verifyCheckpoint(note, { keys: [logVkey] }).isProven);
      return decodeNote(note).text.split('\n').slice(0, 3);
    });
    assert.equal(roots[0]?.slice(0, 2), roots[1]?.slice(0, 2));
    assert.is.not(roots[0]?.[2], roots[1]?.[2]);
    assert.is(await ask(honest.request(8, 9)), '200');
  });
});

it('faults 85: signs nothing that goes on from another history', async () => {
  await withWitness(async (ask, world) => {
    await ask(honest.request(0, 8));
    assert.is(await ask(fork.request(8, 20)), '422');
    assert.is(await ask(fork.request(4, 20)), '409 8');
    const [found] = evidenceIn(world);
    assert.is(found.misdeed, 'unproven');
    assert.is(found.offered, fork.note(20));
    assert.is(found.path.length, fork.path(8, 20).length);
  });
});

it('faults 84: refuses a log that was rolled back, with what it saw before as evidence', async () => {
  await withWitness(async (ask, world) => {
    await ask(honest.request(0, 8));
    await ask(honest.request(8, 12));
    assert.is(await ask(honest.request(8, 9)), '409 12');
    assert.is(await ask(honest.request(8, 9)), '409 12');
    const found = evidenceIn(world);
    assert.is(found.length, 1);
    assert.is(found[0].misdeed, 'rollback');
    assert.is(found[0].offered, honest.note(9));
    assert.ok(verifyCheckpoint(found[0].seen, { keys: [logVkey] }).isProven);
    // Once it has grown beyond, the history counts, not the way there.
    assert.is(await ask(honest.request(12, 13)), '200');
  });
});

it('keeps no more evidence than a disk can hold, and a fork however much else there is', async () => {
  await withWitness(async (ask, world) => {
    await ask(honest.request(0, 200));
    for (let size = 1; size <= 80; size++) await ask(honest.request(0, size));
    assert.is(evidenceIn(world).length, 64);
    await ask(fork.request(0, 200));
    assert.is(evidenceIn(world).filter(({ misdeed }) => misdeed === 'fork').length, 1);
  });
});

it('decides one request after another: of two from one old size, one is signed', async () => {
  const world = new SimulatedWorld(3);
  const witness = await world.run(openOn(world));
  await world.run(witness.addCheckpoint(honest.request(0, 5)));
  const bodies = [honest.request(5, 9), fork.request(5, 9), honest.request(5, 7)];
  const answers = await world.run(Promise.all(bodies.map((body) => witness.addCheckpoint(body))));
  assert.equal(
    answers.map(({ status }) => status),
    [200, 409, 409],
  );
  await world.run(witness.close());
});

it('starts with what it saw, and not at all when that is damaged', async () => {
  const world = new SimulatedWorld(1);
  const first = await world.run(openOn(world));
  await world.run(first.addCheckpoint(honest.request(0, 8)));
  await world.run(first.close());
  const second = await world.run(openOn(world));
  const answer = await world.run(second.addCheckpoint(fork.request(0, 8)));
  assert.equal([answer.status, answer.text], [409, '8\n']);
  await world.run(second.close());

  const path = world.disk.testPaths().find((one) => one.startsWith('last/')) ?? '';
  const text = new TextDecoder().decode(world.disk.testDurableBytesOf(path));
  const plant = (damaged: string) => world.disk.testPlant(path, Buffer.from(damaged));
  const reopen = () => world.run(openOn(world)).catch((error: unknown) => error);
  for (const damaged of [
    text.replace('\n8\n', '\n5\n'),
    honest.note(8), // without its own signature
    fork.note(8),
    text.slice(0, -1),
    '',
  ]) {
    plant(damaged);
    assert.ok(isLogStoreError(await reopen(), 'STORE_DAMAGED'), damaged);
  }
});

it('has its directory to itself', async () => {
  const world = new SimulatedWorld(1);
  const first = await world.run(openOn(world));
  const second = await world.run(openOn(world)).catch((error: unknown) => error);
  assert.ok(isLogStoreError(second, 'LOCKED'));
  await world.run(first.close());
  await world.run(first.close());
  await world.run((await world.run(openOn(world))).close());
});

it.run();
