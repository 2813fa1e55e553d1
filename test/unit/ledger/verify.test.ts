import { ed25519 } from '@noble/curves/ed25519.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ledgerBlock } from '../../../src/format/ledger-block.js';
import { objectRecord } from '../../../src/format/object-record.js';
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
} from '../../../src/ledger/checkpoint.js';
import { encodeObjectProof, encodeTlogProof } from '../../../src/ledger/encode-proof.js';
import { keySet } from '../../../src/ledger/keys.js';
import { decodeNote, encodeVkey, noteKey, signatureTypes } from '../../../src/ledger/note.js';
import { decodeObjectProof, type ObjectProof } from '../../../src/ledger/object-proof.js';
import { encodeNote, signCheckpoint } from '../../../src/ledger/sign-checkpoint.js';
import { isSignedBy } from '../../../src/ledger/strict-crypto.js';
import {
  type Trust,
  type Verdict,
  verifyCheckpoint,
  verifyConsistency,
  verifyKeySet,
  verifyObjectProof,
} from '../../../src/ledger/verify.js';
import { consistencyPath, rootAt, treeHash } from '../../../src/merkle/growing-tree.js';
import { fromHex, goldenText, nodeSha256, nodeSigner, vectors } from './golden.js';
import { treeOf } from './signed-log.js';

const it = suite('verifier');
const trust: Trust = { keys: [vectors.log], witnesses: [vectors.witness], witnessesNeeded: 1 };
const log = nodeSigner(vectors.logSeed, vectors.origin, signatureTypes.log);
const witness = nodeSigner(vectors.witnessSeed, 'witness.example/w1', signatureTypes.witness);
const names = ['version', 'current', 'current-parts', 'current-bucket', 'version-expired']
  .concat(['absent', 'absent-bucket', 'empty', 'listing', 'listing-bucket'])
  .concat(['written', 'written-delete']);

/** The check that failed, or 'proven'. */
function outcome(verdict: Verdict<unknown>): string {
  return verdict.isProven ? 'proven' : verdict.check;
}

function outcomeOf(text: string, given = trust): string {
  return outcome(verifyObjectProof(text, given));
}

/** A proof of the same objects in a log of one block, signed by the log and the witness. */
function resealed(proof: ObjectProof, change: Partial<ReturnType<typeof ledgerBlock.decode>>) {
  const block = ledgerBlock.encode({ ...ledgerBlock.decode(proof.block), height: 0, ...change });
  const root = treeHash(nodeSha256, [new TextEncoder().encode(block)]);
  const checkpoint = { origin: vectors.origin, size: 1, root };
  const tlog = { index: 0, path: [], checkpoint: signed(checkpoint) };
  return encodeObjectProof({ ...proof, block, proof: tlog });
}

function signed(checkpoint: Checkpoint, by = [log, witness], time = 1): string {
  const signatures = by.map((signer) => signCheckpoint(signer, checkpoint, time));
  return encodeNote({ text: encodeCheckpoint(checkpoint), signatures });
}

/** Every text that differs from `text` in one bit and is still UTF-8. */
function* bitFlips(text: string, from: number, to: number, bits: readonly number[]) {
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for (let at = from; at < to; at++) {
    for (const bit of bits) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      try {
        yield decoder.decode(flipped);
      } catch {
        // Not a text: nobody can even give it to the verifier.
      }
    }
  }
}

it('faults 82: refuses every flipped bit of every kind of proof', () => {
  const allBits = [0, 1, 2, 3, 4, 5, 6, 7];
  for (const name of names) {
    const text = goldenText(`${name}.proof`);
    // The checkpoint is the same in all; one proof has each of its bits flipped, too.
    const checkpointAt = new TextEncoder().encode(text).length - checkpointBytes();
    for (const flipped of bitFlips(text, 0, checkpointAt, allBits)) {
      assert.is.not(outcomeOf(flipped), 'proven', flipped);
    }
  }
  const text = goldenText('current.proof');
  const end = new TextEncoder().encode(text).length;
  for (const flipped of bitFlips(text, end - checkpointBytes(), end, [0, 3, 7])) {
    assert.is.not(outcomeOf(flipped), 'proven', flipped);
  }
});

function checkpointBytes(): number {
  return new TextEncoder().encode(vectors.checkpoint).length;
}

it('faults 86: refuses proofs with a line dropped, repeated or changed for another', () => {
  for (const name of names) {
    const lines = goldenText(`${name}.proof`).split('\n').slice(0, -1);
    const refuses = (edited: readonly string[]) => {
      const text = `${edited.join('\n')}\n`;
      if (text === `${lines.join('\n')}\n`) return;
      assert.is.not(outcomeOf(text), 'proven', text);
    };
    for (let at = 0; at < lines.length; at++) {
      refuses(lines.toSpliced(at, 1));
      refuses(lines.toSpliced(at, 0, lines[at] ?? ''));
      refuses(lines.toSpliced(at, 0, ''));
      for (let other = 0; other < at; other++) {
        refuses(lines.with(at, lines[other] ?? '').with(other, lines[at] ?? ''));
      }
    }
    refuses([...lines, '']);
    assert.is.not(outcomeOf(`${lines.join('\r\n')}\r\n`), 'proven');
    assert.is.not(outcomeOf(lines.join('\n')), 'proven');
    assert.is.not(outcomeOf(`\ufeff${lines.join('\n')}\n`), 'proven');
  }
});

it('refuses a proof whose parts come from two proofs', () => {
  const proofs = names.map((name) => decodeObjectProof(goldenText(`${name}.proof`)));
  for (const [index, proof] of proofs.entries()) {
    for (const other of proofs.slice(0, index)) {
      for (const part of ['head', 'subject', 'block', 'proof'] as const) {
        const mixed = encodeObjectProof({ ...proof, [part]: other[part] });
        if (mixed === encodeObjectProof(proof) || mixed === encodeObjectProof(other)) continue;
        assert.is.not(outcomeOf(mixed), 'proven', mixed);
      }
    }
  }
});

it('refuses to take one claim for another, unless that is true as well', () => {
  const claims = ['version', 'current', 'absent', 'empty', 'listing', 'written'] as const;
  const accepted = names.flatMap((name) => {
    const proof = decodeObjectProof(goldenText(`${name}.proof`));
    return claims
      .filter((claim) => claim !== proof.head.claim)
      .filter((claim) => {
        const head = { ...proof.head, claim };
        const other = ['version', 'current', 'written'].includes(claim) ? proof.subject : undefined;
        return outcomeOf(encodeObjectProof({ ...proof, head, subject: other })) === 'proven';
      })
      .map((claim) => `${name} as ${claim}`);
  });
  assert.equal(accepted, [
    'version as current', // it is the newest
    'current as version',
    'current-parts as version',
    'current-bucket as version',
    'absent as listing', // of the only key with that prefix, its neighbour
    'absent-bucket as empty', // nor is there a longer name
    'empty as absent', // no prefix, no key
  ]);
});

it('says which check failed', () => {
  const text = goldenText('current.proof');
  const proof = decodeObjectProof(text);
  const is = (expected: string, edited: string, given = trust) =>
    assert.is(outcomeOf(edited, given), expected);
  is('form', text.replace('path 1 ', 'path 01 '));
  is('form', text.replace('object photos/cat.jpg', 'object photos/dog.jpg'));
  is('form', text.replace('index 4', 'index 04'));
  is('map', encodeObjectProof({ ...proof, head: { ...proof.head, object: [['photos', 'dog']] } }));
  is('map', text.replace('size 4', 'size 5'));
  is('log', text.replace('time 1700003630000', 'time 1700003630001'));
  is('log', text.replace('index 4', 'index 3'));
  is('signature', text, { keys: [encodeVkey(noteKey(vectors.origin, 1, witness.key.publicKey))] });
  is('signature', text, { keys: [] });
  is('witnesses', text, { ...trust, witnessesNeeded: 2 });
  is('witnesses', text, {
    ...trust,
    witnesses: [vectors.witness, vectors.witness],
    witnessesNeeded: 2,
  });
  is('block', resealed(proof, { origin: 'other.example/ledger' }));
  is('block', resealed(proof, { height: 1 }));
  is('proven', resealed(proof, {}));
  const written = decodeObjectProof(goldenText('written.proof'));
  is('record', resealed(written, { versions: [10, 12] }));
  is('delta', resealed(written, { delta: [9, new Uint8Array(32)] }));
  is('delta', resealed(written, { delta: [8, ledgerBlock.decode(written.block).delta[1]] }));
});

it('faults 84, 85: refuses another root of a size that is pinned, whoever signed it', () => {
  const text = goldenText('current.proof');
  const { checkpoint } = decodeObjectProof(text).proof;
  const { size, root, origin } = decodeCheckpoint(decodeNote(checkpoint).text);
  const pin = { origin, size, root };
  const fork = { ...pin, root: new Uint8Array(32) };
  assert.is(outcomeOf(text, { ...trust, pins: [pin] }), 'proven');
  assert.is(outcomeOf(text, { ...trust, pins: [fork] }), 'consistency');
  assert.is(outcomeOf(text, { ...trust, pins: [{ ...fork, origin: 'other' }] }), 'proven');
  // What is pinned needs no key: it was trusted before.
  assert.is(outcomeOf(text, { keys: [], pins: [pin] }), 'proven');
});

it('faults 83, 84: shows that a newer checkpoint goes on from an older one, or refuses it', () => {
  const { hashAt } = treeOf(20);
  const at = (size: number) => {
    return { origin: vectors.origin, size, root: rootAt(nodeSha256, hashAt, size) };
  };
  const path = consistencyPath(nodeSha256, hashAt, 13, 20);
  const of = (older: Checkpoint, newer: string, by = path) =>
    outcome(verifyConsistency(older, newer, by, trust));
  assert.is(of(at(13), signed(at(20))), 'proven');
  assert.is(of(at(12), signed(at(20))), 'consistency');
  assert.is(of({ ...at(13), root: at(12).root }, signed(at(20))), 'consistency');
  assert.is(of({ ...at(13), origin: 'other' }, signed(at(20))), 'consistency');
  assert.is(of(at(20), signed(at(13))), 'consistency');
  assert.is(of(at(13), signed(at(20)), path.slice(1)), 'consistency');
  assert.is(of(at(13), signed(at(20), [witness])), 'signature');
});

it('faults 88, 89: follows keys by height, and trusts no signature of a revoked one', () => {
  const next = nodeSigner('11'.repeat(32), vectors.origin, signatureTypes.log);
  const root = new Uint8Array(32);
  const set = keySet.decode(
    keySet.encode({
      origin: vectors.origin,
      key: [
        [encodeVkey(log.key), 0, 10, 'good'],
        [encodeVkey(next.key), 8, undefined, 'good'],
      ],
    }),
  );
  const of = (size: number, signer: typeof log, keys = set) => {
    const text = signed({ origin: vectors.origin, size, root }, [signer]);
    return outcome(verifyCheckpoint(text, { keys: [vectors.log], keySet: keys }));
  };
  assert.equal(
    [8, 9, 10, 11].map((size) => of(size, log)),
    ['proven', 'proven', 'proven', 'signature'],
  );
  assert.equal(
    [8, 9, 10, 11].map((size) => of(size, next)),
    ['signature', 'proven', 'proven', 'proven'],
  );
  const [first, second] = set.key;
  const revoked = first &&
    second && { ...set, key: [[first[0], 0, 10, 'revoked'] as typeof first, second] };
  assert.is(of(5, log, revoked), 'signature');
  assert.is(of(12, next, revoked), 'proven');
});

it('accepts a key set only if the block names it', () => {
  const text = goldenText('keys.proof');
  assert.is(outcome(verifyKeySet(text, trust)), 'proven');
  assert.is(outcome(verifyKeySet(text.replace(' 0 none good', ' 1 none good'), trust)), 'keys');
  assert.is(outcome(verifyKeySet(text, { keys: [] })), 'signature');
});

it('faults 90: passes over signatures of unknown keys, and refuses false ones of known keys', () => {
  const checkpoint = { origin: vectors.origin, size: 3, root: new Uint8Array(32) };
  const stranger = nodeSigner('33'.repeat(32), vectors.origin, signatureTypes.log);
  assert.is(
    outcome(verifyCheckpoint(signed(checkpoint, [log, witness, stranger]), trust)),
    'proven',
  );
  const text = encodeCheckpoint(checkpoint);
  const own = signCheckpoint(log, checkpoint, 0);
  const other = signCheckpoint(stranger, checkpoint, 0);
  const asOwn = { ...other, id: own.id };
  const cosigned = signCheckpoint(witness, checkpoint, 5);
  const of = (...signatures: (typeof own)[]) =>
    outcome(verifyCheckpoint(encodeNote({ text, signatures }), trust));
  assert.is(of(own, cosigned), 'proven');
  assert.is(of(asOwn, cosigned), 'signature');
  assert.is(of(own, asOwn, cosigned), 'signature');
  assert.is(of(other, cosigned), 'signature');
  assert.is(of(own), 'witnesses');
  const later = { ...cosigned, signature: cosigned.signature.with(7, 6) };
  assert.is(of(own, later), 'signature');
  assert.is(of(own, { ...cosigned, signature: cosigned.signature.slice(8) }), 'signature');
});

it('faults 90: takes Ed25519 strictly', () => {
  const message = Uint8Array.of(1, 2, 3);
  const good = log.sign(message);
  assert.ok(isSignedBy(log.key.publicKey, message, good));
  // S + L is the same scalar in a second encoding.
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const scalar = BigInt(`0x${Buffer.from(good.slice(32)).reverse().toString('hex')}`) + order;
  const more = fromHex(scalar.toString(16).padStart(64, '0')).reverse();
  const malleated = Uint8Array.from([...good.slice(0, 32), ...more]);
  assert.ok(scalar < 2n ** 256n);
  assert.not(isSignedBy(log.key.publicKey, message, malleated));
  // With the neutral element for a key, this "signs" every message where it is let through.
  const neutral = fromHex(`01${'00'.repeat(31)}`);
  const forged = Uint8Array.from([...neutral, ...new Uint8Array(32)]);
  assert.ok(ed25519.verify(forged, message, neutral, { zip215: true }));
  assert.not(isSignedBy(neutral, message, forged));
  const unreduced = fromHex(`ee${'ff'.repeat(30)}7f`); // p + 1, another encoding of the neutral one
  assert.not(isSignedBy(unreduced, message, forged));
  assert.not(isSignedBy(log.key.publicKey, message, good.slice(1)));
});

it('refuses extra data, which tlog-proofs may have elsewhere', () => {
  const text = goldenText('current.proof');
  const { proof } = decodeObjectProof(text);
  const extended = encodeTlogProof(proof).replace('\nindex ', '\nextra AAEC\nindex ');
  assert.is.not(extended, encodeTlogProof(proof));
  assert.is(outcomeOf(text.replace(encodeTlogProof(proof), extended)), 'form');
});

it('refuses whatever is no proof without failing in another way', () => {
  const texts = ['', '\n', '\n\n', 'object-proof/v1', 'object-proof/v1\n\n', '\u2014'.repeat(99)];
  const proof = goldenText('listing.proof');
  for (let end = 0; end < proof.length; end += 7) texts.push(proof.slice(0, end));
  texts.push(proof.replace('2024/', '%ff'), proof.replace('2024/', '%E0%80%80'));
  texts.push(
    proof.replace('leaf 4 ', 'leaf 9007199254740993 '),
    proof.replace('leaf 4', 'leaf -4'),
  );
  texts.push(proof.replace('path 1 ', 'path 99999 '), proof.replace('path 1 ', 'path 1e3 '));
  for (const text of texts) assert.is.not(outcomeOf(text), 'proven', text);
});

it('refuses a record that states its content twice or not at all', () => {
  const text = goldenText('current.proof');
  const { subject = '' } = decodeObjectProof(text);
  const facts = objectRecord.decode(subject);
  const twice = objectRecord.encode({ ...facts, parts: [[1, new Uint8Array(32)]] });
  const never = objectRecord.encode({ ...facts, sha256: [] });
  for (const record of [twice, never])
    assert.is(objectRecord.encode(objectRecord.decode(record)), record);
  for (const record of [twice, never]) {
    const proof = decodeObjectProof(text);
    const key = decodeObjectProof(text).head;
    const alone = { ...proof, subject: record, head: { ...key, path: [] } };
    assert.is(outcomeOf(resealed(alone, { map: [1, mapOfOne(record)] })), 'record');
  }
  const alone = { ...decodeObjectProof(text), subject };
  const head = { ...alone.head, path: [] };
  assert.is(outcomeOf(resealed({ ...alone, head }, { map: [1, mapOfOne(subject)] })), 'proven');
});

function mapOfOne(record: string): Uint8Array {
  const key = vectors.map.find(([hex]) =>
    hex.includes(Buffer.from('cat.jpg').toString('hex')),
  )?.[0];
  const bytes = fromHex(key ?? '');
  const recordHash = nodeSha256(new TextEncoder().encode(record));
  return nodeSha256(Uint8Array.of(0, 0, 0, 0, bytes.length), bytes, recordHash);
}

it.run();
