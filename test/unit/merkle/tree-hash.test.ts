import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { treeHash } from '../../../src/merkle/growing-tree.js';

const it = suite('tree hash');

// Entries and roots that the implementations of Certificate Transparency share as test vectors.
const entries = [
  ...['', '00', '10', '2021', '3031', '40414243', '5051525354555657'],
  '606162636465666768696a6b6c6d6e6f',
].map((hex) => Buffer.from(hex, 'hex'));
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

it('has the roots of the known trees', () => {
  for (const [count, root] of roots.entries()) {
    const found = treeHash(sha256, entries.slice(0, count));
    assert.is(Buffer.from(found).toString('hex'), root, `${count} entries`);
  }
});

/** RFC 6962 §2.1 to the letter. */
function byDefinition(list: readonly Uint8Array[]): Uint8Array {
  const [only] = list;
  if (only === undefined) return sha256();
  if (list.length === 1) return sha256(Uint8Array.of(0), only);
  let half = 1;
  while (2 * half < list.length) half *= 2;
  const [left, right] = [list.slice(0, half), list.slice(half)];
  return sha256(Uint8Array.of(1), byDefinition(left), byDefinition(right));
}

it('agrees with the definition at any count', () => {
  for (let count = 0; count < 70; count++) {
    const list = Array.from({ length: count }, (_, index) => Uint8Array.of(index));
    assert.equal(treeHash(sha256, list), byDefinition(list));
  }
});

it.run();
