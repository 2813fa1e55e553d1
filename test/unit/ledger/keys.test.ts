import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { firstKeySet, revoked, rotated } from '../../../src/ledger/key-rotation.js';
import { keySet, keysAt } from '../../../src/ledger/keys.js';
import { decodeVkey, encodeVkey, noteKey, signatureTypes } from '../../../src/ledger/note.js';
import { nodeSigner, vectors } from './golden.js';

const it = suite('keys');
const [a, b, c] = ['a1', 'b2', 'c3'].map((byte) => {
  return nodeSigner(byte.repeat(32), 'store.example', signatureTypes.log).key;
}) as [ReturnType<typeof decodeVkey>, ReturnType<typeof decodeVkey>, ReturnType<typeof decodeVkey>];

function idsAt(set: ReturnType<typeof firstKeySet>, ...heights: number[]): string[] {
  const letters = new Map([a, b, c].map(({ id }, index) => [id, 'abc'[index]]));
  return heights.map((height) =>
    keysAt(set, height)
      .map(({ id }) => letters.get(id))
      .join(''),
  );
}

it('faults 88: hands over from key to key with both signing for a while', () => {
  const first = firstKeySet(a);
  assert.equal(idsAt(first, 0, 1_000_000), ['a', 'a']);
  const second = rotated(first, b, 10, 5);
  assert.equal(idsAt(second, 0, 9, 10, 14, 15, 99), ['a', 'a', 'ab', 'ab', 'b', 'b']);
  const third = rotated(second, c, 20, 3);
  assert.equal(idsAt(third, 9, 14, 19, 20, 22, 23), ['a', 'ab', 'b', 'bc', 'bc', 'c']);
  assert.equal(keySet.decode(keySet.encode(third)), third);
  assert.throws(() => rotated(third, b, 30, 1), /once/);
});

it('faults 89: a revoked key signs at no height, whatever it signed before', () => {
  const set = revoked(rotated(firstKeySet(a), b, 10, 5), a, 7);
  assert.equal(idsAt(set, 0, 6, 10, 14), ['', '', 'b', 'b']);
  assert.equal(keySet.decode(keySet.encode(set)), set);
  assert.equal(set.key[0]?.slice(1), [0, 7, 'revoked']);
});

it('reads keys in their one encoding only', () => {
  const vkey = encodeVkey(a);
  assert.equal(decodeVkey(vkey, signatureTypes.log), a);
  for (let at = 0; at < vkey.length; at++) {
    const changed = `${vkey.slice(0, at)}${vkey[at] === 'A' ? 'B' : 'A'}${vkey.slice(at + 1)}`;
    assert.throws(() => decodeVkey(changed, signatureTypes.log), undefined, changed);
  }
  assert.throws(() => decodeVkey(vkey.toUpperCase(), signatureTypes.log));
  assert.throws(() => decodeVkey(vectors.witness, signatureTypes.log), /type 1/);
  for (const name of ['', 'a b', 'a+b', 'a\n', 'a\u00a0b', 'a\u2003']) {
    assert.throws(() => noteKey(name, 1, a.publicKey), /not a name/);
  }
});

it.run();
