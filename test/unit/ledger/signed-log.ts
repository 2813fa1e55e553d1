import { GrowingTree, type HashAt } from '../../../src/merkle/growing-tree.js';
import { leafHash } from '../../../src/merkle/rfc6962.js';
import { nodeSha256 } from './golden.js';

/** An RFC 6962 tree over `count` small entries that keeps every complete subtree's hash. */
export function treeOf(
  count: number,
  entryAt = (index: number) => `entry ${index}`,
): {
  tree: GrowingTree;
  hashAt: HashAt;
  entries: Uint8Array[];
} {
  const levels: Uint8Array[][] = [];
  const tree = new GrowingTree(nodeSha256, (level, index, hash) => {
    const hashes = levels[level] ?? [];
    hashes[index] = hash;
    levels[level] = hashes;
  });
  const entries: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const entry = new TextEncoder().encode(entryAt(index));
    entries.push(entry);
    tree.append(leafHash(nodeSha256, entry));
  }
  const hashAt = (level: number, index: number) => {
    const hash = levels[level]?.[index];
    if (hash === undefined) throw new Error(`no complete subtree ${index} of level ${level}`);
    return hash;
  };
  return { tree, hashAt, entries };
}
