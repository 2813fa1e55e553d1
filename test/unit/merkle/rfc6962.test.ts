import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  consistencyPath,
  GrowingTree,
  inclusionPath,
  rootAt,
  treeHash,
} from '../../../src/merkle/growing-tree.js';
import { isConsistent, isIncluded, leafHash } from '../../../src/merkle/rfc6962.js';
import { fromHex, nodeSha256 as hash, toHex } from '../ledger/golden.js';
import { treeOf } from '../ledger/signed-log.js';

const it = suite('RFC 6962 trees');

/** The entries and roots that Certificate Transparency's own tests have. */
const published = [
  ['', '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
  ['00', 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
  ['10', 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
  ['2021', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'],
  ['3031', '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
  ['40414243', '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef'],
  ['5051525354555657', 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'],
  [
    '606162636465666768696a6b6c6d6e6f',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ],
] as const;

it('has the published roots, at once and one by one', () => {
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  assert.is(toHex(treeHash(hash, [])), empty);
  assert.is(toHex(new GrowingTree(hash).root()), empty);
  const tree = new GrowingTree(hash);
  const entries: Uint8Array[] = [];
  for (const [entry, root] of published) {
    entries.push(fromHex(entry));
    tree.append(leafHash(hash, fromHex(entry)));
    assert.is(toHex(tree.root()), root);
    assert.is(toHex(treeHash(hash, entries)), root);
  }
});

it('goes on from any size with the hashes of another tree', () => {
  const { hashAt, entries } = treeOf(40);
  for (let size = 0; size <= 40; size++) {
    const tree = GrowingTree.at(hash, size, hashAt);
    assert.is(toHex(tree.root()), toHex(rootAt(hash, hashAt, size)));
    for (const entry of entries.slice(size)) tree.append(leafHash(hash, entry));
    assert.is(toHex(tree.root()), toHex(rootAt(hash, hashAt, 40)));
  }
});

it('proves every entry of every size, and no other place, size or path', () => {
  const { hashAt, entries } = treeOf(70);
  for (let size = 1; size <= 70; size++) {
    const root = rootAt(hash, hashAt, size);
    for (let index = 0; index < size; index++) {
      const entry = entries[index] ?? fromHex('');
      const path = inclusionPath(hash, hashAt, index, size);
      const reached = (at: number, of: number, by: readonly Uint8Array[]) =>
        isIncluded(hash, entry, { index: at, path: by }, { size: of, root });
      assert.ok(reached(index, size, path));
      assert.not(index > 0 && reached(index - 1, size, path));
      assert.not(reached(size, size, path));
      assert.not(path.length > 0 && reached(index, size, path.slice(1)));
      assert.not(path.length > 0 && reached(index, size, path.slice(0, -1)));
      assert.not(reached(index, size, [...path, leafHash(hash, entry)]));
      assert.not(path.length > 1 && reached(index, size, path.toReversed()));
    }
  }
});

it('proves that every size begins with every smaller one, and nothing else', () => {
  const { hashAt } = treeOf(70);
  for (let newer = 0; newer <= 70; newer++) {
    const head = { size: newer, root: rootAt(hash, hashAt, newer) };
    for (let older = 0; older <= newer; older++) {
      const before = { size: older, root: rootAt(hash, hashAt, older) };
      const path = consistencyPath(hash, hashAt, older, newer);
      assert.ok(isConsistent(hash, before, head, path), `${older} to ${newer}`);
      const forked = { size: older, root: leafHash(hash, before.root) };
      assert.not(isConsistent(hash, forked, head, path));
      const forkedNow = { size: newer, root: forked.root };
      // Every tree begins with the empty one.
      assert.is(isConsistent(hash, before, forkedNow, path), older === 0 && newer > 0);
      assert.not(isConsistent(hash, before, head, [...path, head.root]));
      assert.not(path.length > 0 && isConsistent(hash, before, head, path.slice(1)));
      assert.not(path.length > 0 && isConsistent(hash, before, head, path.slice(0, -1)));
      assert.not(older < newer && isConsistent(hash, head, before, path));
    }
  }
});

it.run();
