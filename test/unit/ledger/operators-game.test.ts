import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeAddCheckpoint } from '../../../src/ledger/add-checkpoint.js';
import { encodeVkey } from '../../../src/ledger/note.js';
import type { ObjectProofHead } from '../../../src/ledger/object-proof.js';
import { proveAbsence, proveListing, proveVersion } from '../../../src/ledger/prove.js';
import {
  type Trust,
  type Verdict,
  verifyConsistency,
  verifyObjectProof,
} from '../../../src/ledger/verify.js';
import { Witness } from '../../../src/witness/witness.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';
import { witnessSigner } from '../witness/watched-log.js';
import { type Content, mapOf, OperatorsLog, recordOf } from './operators-log.js';

const it = suite("a malicious operator's game");
const trust: Trust = { keys: [OperatorsLog.vkey] };

const before: Content = [
  ['a.jpg', 1, 'first'],
  ['b.jpg', 2, 'second'],
  ['c.jpg', 3, 'third'],
];
const after: Content = [...before, ['b.jpg', 4, 'second, again']];
const truth = [before.slice(0, 1), before.slice(0, 2), before, after, after, after];
const honest = new OperatorsLog(truth);
const last = truth.length - 1;
const map = mapOf(after);

function outcome(verdict: Verdict<unknown>): string {
  return verdict.isProven ? 'proven' : verdict.check;
}

function claimed(head: ObjectProofHead, content?: string, log = honest, by = trust): string {
  const subject = content === undefined ? undefined : recordOf(content);
  return outcome(verifyObjectProof(log.proof(last, head, subject), by));
}

it('cannot give an object another content', () => {
  const head = proveVersion(map, 'current', 'photos', 'a.jpg', 1);
  assert.is(claimed(head, 'first'), 'proven');
  assert.is(claimed(head, 'forged'), 'map');
});

it('cannot rewrite an old object for a reader with a pin, whatever is signed', () => {
  const forged: Content = [['a.jpg', 1, 'forged'], ...after.slice(1)];
  const rewritten = new OperatorsLog([forged.slice(0, 1), ...truth.slice(1, 5), forged]);
  const head = proveVersion(mapOf(forged), 'current', 'photos', 'a.jpg', 1);
  const pins = [honest.checkpoint(last + 1)];
  assert.is(claimed(head, 'forged', rewritten, { ...trust, pins }), 'consistency');
  for (let older = 1; older <= 5; older++) {
    const pinned = honest.checkpoint(older);
    const of = (path: Uint8Array[], log: OperatorsLog) =>
      outcome(verifyConsistency(pinned, log.note(6), path, trust));
    assert.is(of(honest.path(older, 6), honest), 'proven');
    assert.is(of(rewritten.path(older, 6), rewritten), 'consistency');
    assert.is(of(honest.path(older, 6), rewritten), 'consistency');
  }
});

it('cannot hide a newer version', () => {
  const older = proveVersion(map, 'version', 'photos', 'b.jpg', 2);
  assert.is(claimed(older, 'second'), 'proven');
  assert.is(claimed({ ...older, claim: 'current' }, 'second'), 'map');
  // Nor with the path to the newer one, or to where it was before.
  const newer = proveVersion(map, 'current', 'photos', 'b.jpg', 4);
  assert.is(claimed({ ...newer, version: [2] }, 'second'), 'map');
  const was = proveVersion(mapOf(before), 'current', 'photos', 'b.jpg', 2);
  assert.is(claimed(was, 'second'), 'map');
});

it('cannot leave anything out of a listing', () => {
  const head = proveListing(map, 'photos', '');
  assert.ok(head && head.leaf.length === 4);
  if (head === undefined) return;
  assert.is(claimed(head), 'proven');
  for (let at = 0; at < 4; at++) {
    assert.is(claimed({ ...head, leaf: head.leaf.toSpliced(at, 1) }), 'map');
  }
  // A path deeper into the map, said to be of the shorter prefix.
  const some = proveListing(map, 'photos', 'a');
  assert.is(some && claimed({ ...some, object: [['photos', '']] }), 'map');
});

it('cannot prove that a key is absent which is there', () => {
  for (const key of ['a.jpg', 'b.jpg', 'c.jpg']) {
    assert.is(proveAbsence(map, 'absent', 'photos', key), undefined);
    for (const near of ['', 'a', 'a.jpg0', 'b', 'b.jp', 'c', 'zzz']) {
      const honestly = proveAbsence(map, 'absent', 'photos', near);
      assert.is(honestly && claimed(honestly), 'proven');
      assert.is(honestly && claimed({ ...honestly, object: [['photos', key]] }), 'map');
    }
    const gone = mapOf(after.filter(([one]) => one !== key));
    const elsewhere = proveAbsence(gone, 'absent', 'photos', key);
    assert.is(elsewhere && claimed(elsewhere), 'map');
  }
});

it('faults 83, 84: cannot cut off or roll back what a reader has pinned', () => {
  const pinned = honest.checkpoint(5);
  for (const size of [1, 3, 4]) {
    const cut = outcome(verifyConsistency(pinned, honest.note(size), honest.path(size, 5), trust));
    assert.is(cut, 'consistency');
  }
  // Whoever saw no more cannot know: it stands among the things that one operator can do.
  const seenLess = honest.checkpoint(2);
  const path = honest.path(2, 3);
  assert.is(outcome(verifyConsistency(seenLess, honest.note(3), path, trust)), 'proven');
});

it('faults 85: can show two histories to two readers, unless they ask for a witness', async () => {
  const forged: Content = [...before, ['b.jpg', 4, 'forged']];
  const fork = new OperatorsLog([...truth.slice(0, 3), forged, forged, forged]);
  const head = (state: Content) => proveVersion(mapOf(state), 'current', 'photos', 'b.jpg', 4);
  const ofHonest = honest.proof(last, head(after), recordOf('second, again'));
  const ofFork = fork.proof(last, head(forged), recordOf('forged'));
  // The honest limit: without a second party both hold.
  assert.is(outcome(verifyObjectProof(ofHonest, trust)), 'proven');
  assert.is(outcome(verifyObjectProof(ofFork, trust)), 'proven');

  const world = new SimulatedWorld(1);
  const options = { signer: async () => witnessSigner, logs: [OperatorsLog.key], holder: 'test' };
  const witness = await world.run(Witness.open(world, options));
  const ask = async (log: OperatorsLog, oldSize: number) => {
    const path = oldSize === 0 ? [] : log.path(oldSize, 6);
    const body = encodeAddCheckpoint({ oldSize, path, checkpoint: log.note(6) });
    return await world.run(witness.addCheckpoint(body));
  };
  const { status, text } = await ask(honest, 0);
  assert.is(status, 200);
  assert.is((await ask(fork, 0)).status, 409);
  assert.is((await ask(fork, 6)).status, 409);
  await world.run(witness.close());
  const witnessed: Trust = {
    ...trust,
    witnesses: [encodeVkey(witnessSigner.key)],
    witnessesNeeded: 1,
  };
  // Its line stands behind the log's: 's' comes before 'w'.
  assert.is(outcome(verifyObjectProof(`${ofHonest}${text}`, witnessed)), 'proven');
  assert.is(outcome(verifyObjectProof(ofFork, witnessed)), 'witnesses');
  assert.is(outcome(verifyObjectProof(`${ofFork}${text}`, witnessed)), 'signature');
});

it.run();
