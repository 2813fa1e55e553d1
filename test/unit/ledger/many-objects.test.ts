import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { versionKey } from '../../../src/format/key-encoding.js';
import { ledgerBlock } from '../../../src/format/ledger-block.js';
import type { ObjectRecord } from '../../../src/format/mutation.js';
import { encodeCheckpoint } from '../../../src/ledger/checkpoint.js';
import { recordOfObject } from '../../../src/ledger/derive-record.js';
import { signatureTypes } from '../../../src/ledger/note.js';
import { encodeObjectProof, type ObjectProofHead } from '../../../src/ledger/object-proof.js';
import { proveAbsence, proveListing, proveVersion } from '../../../src/ledger/prove.js';
import { encodeNote, signCheckpoint } from '../../../src/ledger/sign-checkpoint.js';
import { type Trust, verifyObjectProof } from '../../../src/ledger/verify.js';
import { treeHash } from '../../../src/merkle/growing-tree.js';
import { ObjectMap } from '../../../src/merkle/object-map.js';
import { nodeSha256, nodeSigner } from './golden.js';

const it = suite('proofs from a map of 100,000 keys');
const objectCount = 100_000;
const origin = 'store.example/ledger';
const encoder = new TextEncoder();
const map = new ObjectMap(nodeSha256);

for (let index = 0; index < objectCount; index++) {
  map.set(
    versionKey('bucket', nameOf(index), index + 1),
    nodeSha256(encoder.encode(recordOf(index))),
  );
}
// Every tenth object is deleted again; every tenth has a second version, the newer one.
for (let index = 0; index < objectCount; index++) {
  const key = versionKey('bucket', nameOf(index), index + 1);
  if (index % 10 === 3) assert.ok(map.remove(key));
  if (index % 10 === 4) {
    const newer = versionKey('bucket', nameOf(index), objectCount + index);
    map.set(newer, nodeSha256(encoder.encode(recordOf(index + 1))));
  }
}
for (const _ of map.rehash());

const block = ledgerBlock.encode({
  ...{ origin, height: 0, prev: undefined, time: 1, versions: [1, 2 * objectCount], follows: [] },
  ...{ map: [map.count, map.root()], delta: [0, nodeSha256()], keys: nodeSha256() },
});
const checkpoint = { origin, size: 1, root: treeHash(nodeSha256, [encoder.encode(block)]) };
const signer = nodeSigner('42'.repeat(32), origin, signatureTypes.log);
const note = encodeNote({
  text: encodeCheckpoint(checkpoint),
  signatures: [signCheckpoint(signer, checkpoint, 0)],
});
/** The checkpoint is trusted as it is, so that no signature is checked 5,000 times. */
const trust: Trust = { keys: [], pins: [checkpoint] };

function nameOf(index: number): string {
  return `folder-${index % 50}/${index.toString(36)}${index % 7 === 0 ? '/deeper' : ''}`;
}

function recordOf(index: number): string {
  const salt = nodeSha256(encoder.encode(String(index))).slice(0, 16);
  const object: ObjectRecord = {
    ...{ sizeBytes: index, etag: salt, partCount: 0, sha256: nodeSha256(salt), partsRoot: null },
    ...{ checksums: [], runs: [], parts: [], headers: [], metadata: [], expiresUnixMs: 0 },
    ...{ salt, uploadVersion: 0, flags: 0 },
  };
  return recordOfObject(nodeSha256, object, index, undefined);
}

function accepts(head: ObjectProofHead | undefined, subject?: string): boolean {
  if (head === undefined) return false;
  const proof = { index: 0, path: [], checkpoint: note };
  return verifyObjectProof(encodeObjectProof({ head, subject, block, proof }), trust).isProven;
}

/** 1,000 places all over the map. */
function* samples(remainder: number) {
  for (let sample = 0; sample < 1000; sample++) yield sample * 100 + (sample % 10) * 10 + remainder;
}

it('proves 1,000 objects, that they are current, and that no other content is', () => {
  for (const index of samples(5)) {
    const head = proveVersion(map, 'current', 'bucket', nameOf(index), index + 1);
    assert.ok(accepts(head, recordOf(index)), nameOf(index));
    assert.not(accepts(head, recordOf(index + 1)));
  }
});

it('proves older versions, and never that they are current', () => {
  for (const index of samples(4)) {
    const of = (claim: 'version' | 'current', version: number) =>
      proveVersion(map, claim, 'bucket', nameOf(index), version);
    assert.ok(accepts(of('version', index + 1), recordOf(index)));
    assert.not(accepts(of('current', index + 1), recordOf(index)));
    assert.ok(accepts(of('current', objectCount + index), recordOf(index + 1)));
  }
});

it('proves that 1,000 deleted and 1,000 never stored keys are not there', () => {
  for (const index of samples(3)) {
    assert.ok(accepts(proveAbsence(map, 'absent', 'bucket', nameOf(index))), nameOf(index));
    assert.ok(accepts(proveAbsence(map, 'absent', 'bucket', `${nameOf(index)}x`)));
    assert.ok(accepts(proveAbsence(map, 'empty', 'bucket', `${nameOf(index)}/never/`)));
  }
});

it('finds no proof that any of 1,000 objects is absent, whatever neighbour is shown', () => {
  for (const index of samples(5)) {
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

it.run();
