import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ObjectProofHead } from '../../../src/ledger/object-proof.js';
import { proveAbsence, proveListing, proveVersion } from '../../../src/ledger/prove.js';
import { type Trust, verifyObjectProof } from '../../../src/ledger/verify.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { bitCount, withBitFlipped, withLinesMoved } from './damaged-texts.js';
import { nodeSha256 } from './golden.js';
import { fate, LargeLog, nameOf, recordOf } from './large-log.js';

const it = suite('proofs from a map of 100,000 keys');
const objectCount = 100_000;
const encoder = new TextEncoder();
const log = new LargeLog(objectCount);
const { map } = log;

/** The checkpoint is trusted as it is, so that no signature is checked 5,000 times. */
const trust: Trust = { keys: [], pins: [log.checkpoint] };

function accepts(head: ObjectProofHead | undefined, subject?: string): boolean {
  if (head === undefined) return false;
  return verifyObjectProof(log.proof(head, subject), trust).isProven;
}

/** 1,000 places all over the map. */
function* samples(remainder: number) {
  for (let sample = 0; sample < 1000; sample++) yield sample * 100 + (sample % 10) * 10 + remainder;
}

it('proves 1,000 objects, that they are current, and that no other content is', () => {
  for (const index of samples(fate.stored)) {
    const head = proveVersion(map, 'current', 'bucket', nameOf(index), index + 1);
    assert.ok(accepts(head, recordOf(index)), nameOf(index));
    assert.not(accepts(head, recordOf(index + 1)));
  }
});

it('proves older versions, and never that they are current', () => {
  for (const index of samples(fate.hasNewerVersion)) {
    const of = (claim: 'version' | 'current', version: number) =>
      proveVersion(map, claim, 'bucket', nameOf(index), version);
    assert.ok(accepts(of('version', index + 1), recordOf(index)));
    assert.not(accepts(of('current', index + 1), recordOf(index)));
    assert.ok(accepts(of('current', objectCount + index), recordOf(index + 1)));
  }
});

it('proves that 1,000 deleted and 1,000 never stored keys are not there', () => {
  for (const index of samples(fate.deleted)) {
    assert.ok(accepts(proveAbsence(map, 'absent', 'bucket', nameOf(index))), nameOf(index));
    assert.ok(accepts(proveAbsence(map, 'absent', 'bucket', `${nameOf(index)}x`)));
    assert.ok(accepts(proveAbsence(map, 'empty', 'bucket', `${nameOf(index)}/never/`)));
  }
});

it('finds no proof that any of 1,000 objects is absent, whatever neighbour is shown', () => {
  for (const index of samples(fate.stored)) {
    assert.is(proveAbsence(map, 'absent', 'bucket', nameOf(index)), undefined);
    // The honest proof of a key nearby, said to be about this one.
    const nearby = proveAbsence(map, 'absent', 'bucket', `${nameOf(index)}0`);
    assert.not(nearby && accepts({ ...nearby, object: [['bucket', nameOf(index)]] }));
    const self = proveVersion(map, 'version', 'bucket', nameOf(index), index + 1);
    const leaf = nodeSha256(encoder.encode(recordOf(index)));
    const named = [[index + 1, ['bucket', nameOf(index)], leaf]] as ObjectProofHead['leaf'];
    assert.not(accepts({ ...self, claim: 'absent', version: [], leaf: named }));
  }
});

it('proves listings whole, and refuses them with a leaf more, less or out of order', () => {
  for (let folder = 0; folder < 50; folder += 7) {
    const prefix = `folder-${folder}/1`;
    const head = proveListing(map, 'bucket', prefix);
    assert.ok(head && head.leaf.length > 50, String(head?.leaf.length));
    if (head === undefined) return;
    assert.ok(accepts(head));
    assert.not(accepts({ ...head, leaf: head.leaf.slice(1) }));
    assert.not(accepts({ ...head, leaf: head.leaf.toSpliced(20, 1) }));
    assert.not(accepts({ ...head, leaf: head.leaf.toReversed() }));
    assert.not(accepts({ ...head, leaf: [...head.leaf, ...head.leaf.slice(-1)] }));
    assert.not(accepts({ ...head, object: [['bucket', `${prefix}1`]] }));
    assert.not(accepts({ ...head, object: [['bucket', prefix.slice(0, -1)]] }));
  }
});

it('accepts no proof with a bit flipped, or a line dropped, repeated or swapped', () => {
  const random = new SeededRandom(1);
  const signed: Trust = { keys: [log.vkey] };
  for (let sample = 0; sample < 10; sample++) {
    const index = random.below(objectCount / 10) * 10;
    const proofs = [
      log.proofOfObject(index + fate.stored),
      log.proofOfAbsence(nameOf(index + fate.deleted)),
      log.proofOfAbsence(`${nameOf(index)}x`),
    ];
    for (const text of proofs) {
      assert.ok(text && verifyObjectProof(text, signed).isProven);
      if (text === undefined) return;
      for (const moved of withLinesMoved(text)) {
        assert.not(verifyObjectProof(moved, signed).isProven, moved);
      }
      for (let flip = 0; flip < 100; flip++) {
        const flipped = withBitFlipped(text, random.below(bitCount(text)));
        if (flipped === undefined) continue;
        assert.not(verifyObjectProof(flipped, signed).isProven, flipped);
      }
    }
  }
});

it.run();
