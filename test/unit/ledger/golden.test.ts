import { createHmac } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { changeRecord } from '../../../src/format/change-record.js';
import { decodeVersionKey, versionKey } from '../../../src/format/key-encoding.js';
import { ledgerBlock } from '../../../src/format/ledger-block.js';
import type { Mutation, ObjectRecord } from '../../../src/format/mutation.js';
import { objectRecord } from '../../../src/format/object-record.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/ledger/checkpoint.js';
import { encodeObjectProof } from '../../../src/ledger/encode-proof.js';
import { firstKeySet } from '../../../src/ledger/key-rotation.js';
import { keySet } from '../../../src/ledger/keys.js';
import { applyToMap } from '../../../src/ledger/map-changes.js';
import { decodeNote, encodeVkey, signatureTypes } from '../../../src/ledger/note.js';
import { decodeObjectProof } from '../../../src/ledger/object-proof.js';
import {
  proveAbsence,
  proveListing,
  proveVersion,
  proveWritten,
} from '../../../src/ledger/prove.js';
import { encodeNote, signCheckpoint } from '../../../src/ledger/sign-checkpoint.js';
import { verifyKeySet, verifyObjectProof } from '../../../src/ledger/verify.js';
import { GrowingTree, inclusionPath, treeHash } from '../../../src/merkle/growing-tree.js';
import { hashOfLeaves } from '../../../src/merkle/map-hash.js';
import { ObjectMap } from '../../../src/merkle/object-map.js';
import { leafHash } from '../../../src/merkle/rfc6962.js';
import { fromHex, goldenText, nodeSha256, nodeSigner, toHex, vectors } from './golden.js';

const it = suite('ledger vectors');
const trust = { keys: [vectors.log], witnesses: [vectors.witness], witnessesNeeded: 1 };
const encoder = new TextEncoder();

function goldenMap(): ObjectMap {
  const map = new ObjectMap(nodeSha256);
  for (const [key, recordHash] of vectors.map) map.set(fromHex(key), fromHex(recordHash));
  for (const _ of map.rehash());
  return map;
}

it('has the root of the map, from its leaves at once and one by one', () => {
  assert.is(toHex(goldenMap().root()), vectors.mapRoot);
  const leaves = vectors.map.map(([key, recordHash]) => {
    return [fromHex(key), fromHex(recordHash)] as const;
  });
  const root = hashOfLeaves(nodeSha256, leaves);
  assert.is(root && toHex(root), vectors.mapRoot);
});

it('spells records, changes, blocks, keys and checkpoints as they stand', () => {
  for (const [, , , text] of vectors.records) {
    assert.is(objectRecord.encode(objectRecord.decode(text)), text);
  }
  for (const change of vectors.changes.flat()) {
    assert.is(changeRecord.encode(changeRecord.decode(change)), change);
  }
  for (const block of vectors.blocks) {
    assert.is(ledgerBlock.encode(ledgerBlock.decode(block)), block);
    assert.ok(block.length < 400, `a block of ${block.length} bytes`);
  }
  const { key } = nodeSigner(vectors.logSeed, vectors.origin, signatureTypes.log);
  assert.is(encodeVkey(key), vectors.log);
  assert.is(keySet.encode(firstKeySet(key)), vectors.keys);
  const { text } = decodeNote(vectors.checkpoint);
  assert.is(encodeCheckpoint(decodeCheckpoint(text)), text);
});

it('signs the checkpoint as log and as witness', () => {
  const checkpoint = decodeCheckpoint(decodeNote(vectors.checkpoint).text);
  const log = nodeSigner(vectors.logSeed, vectors.origin, signatureTypes.log);
  const witness = nodeSigner(vectors.witnessSeed, 'witness.example/w1', signatureTypes.witness);
  assert.is(encodeVkey(witness.key), vectors.witness);
  const signatures = [witness, log].map((signer) => {
    return signCheckpoint(signer, checkpoint, vectors.cosignedAt);
  });
  const note = encodeNote({ text: encodeCheckpoint(checkpoint), signatures });
  assert.is(note, vectors.checkpoint);
});

it('makes the roots of deltas and of the log', () => {
  const log = new GrowingTree(nodeSha256);
  for (const [height, block] of vectors.blocks.entries()) {
    log.append(leafHash(nodeSha256, encoder.encode(block)));
    const changes = (vectors.changes[height] ?? []).map((change) => encoder.encode(change));
    const { delta } = ledgerBlock.decode(block);
    assert.equal(delta, [changes.length, treeHash(nodeSha256, changes)]);
  }
  const { size, root } = decodeCheckpoint(decodeNote(vectors.checkpoint).text);
  assert.is(size, log.size);
  assert.equal(root, log.root());
});

it('derives the map and the change records from commits', () => {
  const map = new ObjectMap(nodeSha256);
  const texts = commits().flatMap(({ time, version, mutation }) => {
    const commit = { timeUnixMs: time, version, mutations: [mutation] };
    return applyToMap(nodeSha256, map, commit).map(({ text }) => text);
  });
  assert.equal(texts, vectors.changes.flat());
  for (const _ of map.rehash());
  assert.is(toHex(map.root()), vectors.mapRoot);
});

it('writes the keyed hash of a name where names are to stay in the store', () => {
  const map = new ObjectMap(nodeSha256);
  const keyed = (prefix: Uint8Array) =>
    Uint8Array.from(createHmac('sha256', 'secret').update(prefix).digest());
  const bucket: Mutation = {
    ...{ is: 'createBucket', bucket: 'photos', owner: null, region: null, flags: 0 },
  };
  const object = objectOf('photos', 'cat.jpg', 14);
  const put: Mutation = {
    is: 'putObject',
    bucket: 'photos',
    key: 'a',
    bucketVersion: 1,
    ends: [],
    object,
  };
  const commit = { timeUnixMs: 1, version: 1, mutations: [bucket, put] };
  const texts = applyToMap(nodeSha256, map, commit, keyed).map(({ text }) => text);
  const changes = texts.map((text) => changeRecord.decode(text));
  assert.equal(
    changes.map((change) => change.object),
    [[], []],
  );
  assert.is(toHex(changes[1]?.keyed[0] ?? fromHex('')), vectors.keyed);
});

it('adds nothing in a bucket that is not there, as the fold does', () => {
  const map = new ObjectMap(nodeSha256);
  const object = objectOf('photos', 'cat.jpg', 14);
  const put: Mutation = {
    is: 'putObject',
    bucket: 'photos',
    key: 'a',
    bucketVersion: 1,
    ends: [],
    object,
  };
  assert.equal(applyToMap(nodeSha256, map, { timeUnixMs: 1, version: 2, mutations: [put] }), []);
  assert.is(map.count, 0);
});

for (const claim of ['version', 'current', 'current-parts', 'current-bucket', 'version-expired'])
  it(`makes and accepts the proof "${claim}"`, () => {
    const text = goldenText(`${claim}.proof`);
    const proof = decodeObjectProof(text);
    const [[bucket, key] = ['', ''], version = 0] = [proof.head.object[0], proof.head.version[0]];
    const is = claim.startsWith('current') ? 'current' : 'version';
    const head = proveVersion(goldenMap(), is, bucket, key, version);
    assert.is(encodeObjectProof({ ...proof, head }), text);
    const verdict = verifyObjectProof(text, trust);
    assert.ok(verdict.isProven, JSON.stringify(verdict));
    assert.ok(verdict.isProven && verdict.proven.record?.time);
  });

for (const claim of ['absent', 'absent-bucket', 'empty'])
  it(`makes and accepts the proof "${claim}"`, () => {
    const text = goldenText(`${claim}.proof`);
    const proof = decodeObjectProof(text);
    const [bucket, key] = proof.head.object[0] ?? ['', ''];
    const is = claim === 'empty' ? 'empty' : 'absent';
    const head = proveAbsence(goldenMap(), is, bucket, key);
    assert.ok(head);
    assert.is(head && encodeObjectProof({ ...proof, head }), text);
    assert.ok(verifyObjectProof(text, trust).isProven);
  });

for (const claim of ['listing', 'listing-bucket'])
  it(`makes and accepts the proof "${claim}"`, () => {
    const text = goldenText(`${claim}.proof`);
    const proof = decodeObjectProof(text);
    const [bucket, prefix] = proof.head.object[0] ?? ['', ''];
    const head = proveListing(goldenMap(), bucket, prefix);
    assert.is(head && encodeObjectProof({ ...proof, head }), text);
    const verdict = verifyObjectProof(text, trust);
    assert.is(verdict.isProven && verdict.proven.head.leaf.length, head?.leaf.length);
  });

for (const claim of ['written', 'written-delete'])
  it(`makes and accepts the proof "${claim}"`, () => {
    const text = goldenText(`${claim}.proof`);
    const proof = decodeObjectProof(text);
    const place = proof.head.place[0] ?? 0;
    const changes = vectors.changes[proof.proof.index] ?? [];
    const leaves = changes.map((change) => leafHash(nodeSha256, encoder.encode(change)));
    const levels = levelsOf(leaves);
    const hashAt = (level: number, index: number) => levels[level]?.[index] ?? fromHex('');
    const path = inclusionPath(nodeSha256, hashAt, place, leaves.length);
    assert.is(encodeObjectProof({ ...proof, head: proveWritten(place, path) }), text);
    const verdict = verifyObjectProof(text, trust);
    assert.is(verdict.isProven && verdict.proven.change?.version, claim === 'written' ? 9 : 12);
  });

it('accepts the key set that the newest block names', () => {
  const verdict = verifyKeySet(goldenText('keys.proof'), trust);
  assert.is(verdict.isProven && verdict.proven.keys.key[0]?.[0], vectors.log);
});

it('refuses to call an object current that expired before the block', () => {
  const proof = decodeObjectProof(goldenText('version-expired.proof'));
  const text = encodeObjectProof({ ...proof, head: { ...proof.head, claim: 'current' } });
  const verdict = verifyObjectProof(text, trust);
  assert.equal(verdict.isProven ? undefined : verdict.check, 'record');
});

/** Of the complete subtrees of each level. */
function levelsOf(leaves: readonly Uint8Array[]): Uint8Array[][] {
  const levels: Uint8Array[][] = [];
  const tree = new GrowingTree(nodeSha256, (level, index, hash) => {
    const list = levels[level] ?? [];
    list[index] = hash;
    levels[level] = list;
  });
  for (const leaf of leaves) tree.append(leaf);
  return levels;
}

interface Done {
  readonly time: number;
  readonly version: number;
  readonly mutation: Mutation;
}

/** The commits that the vectors tell of, in the store's own form. */
function commits(): Done[] {
  return vectors.changes.flat().map((text) => {
    const { version, time, object, removed, added } = changeRecord.decode(text);
    const [bucket, key] = object[0] ?? ['', ''];
    const ends = removed.flatMap(([ended]) => [1, 0, ended]);
    const common = { version, time };
    if (bucket === '') {
      const owner = key === 'photos' ? 'alice' : 'böb';
      const mutation = { is: 'createBucket', bucket: key, owner, region: null, flags: 0 } as const;
      return { ...common, mutation };
    }
    if (added.length === 0) {
      return { ...common, mutation: { is: 'deleteObject', bucket, key, ends, reason: 0 } };
    }
    const bucketVersion = bucket === 'photos' ? 1 : 2;
    const object_ = objectOf(bucket, key, version);
    return {
      ...common,
      mutation: { is: 'putObject', bucket, key, bucketVersion, ends, object: object_ },
    };
  });
}

function objectOf(bucket: string, key: string, version: number): ObjectRecord {
  const text = vectors.records.find(([b, k, v]) => b === bucket && k === key && v === version)?.[3];
  const facts = objectRecord.decode(text ?? '');
  const [partCount, partsRoot] = facts.parts[0] ?? [0, null];
  const none = [null, null, null, null, null, null];
  return {
    ...{ sizeBytes: facts.size, etag: new Uint8Array(16), partCount, partsRoot },
    ...{ sha256: facts.sha256[0] ?? null, checksums: [], runs: [], parts: [] },
    headers: version === 3 ? ['image/jpeg', null, null, null, null, null] : none,
    metadata: version === 4 ? ['k', 'v'] : [],
    ...{ expiresUnixMs: facts.expires ?? 0, salt: facts.salt, uploadVersion: 0, flags: 0 },
  };
}

it('the vectors name every version once, by keys of the store', () => {
  for (const [key] of vectors.map) {
    const { bucket, key: name, version } = decodeVersionKey(fromHex(key));
    assert.is(toHex(versionKey(bucket, name, version)), key);
  }
});

it.run();
