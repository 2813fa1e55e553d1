import type { Hash } from './rfc6962.js';

/** A node on the way from the root: its bit, and the hash of the side not taken. */
export interface PathStep {
  readonly bit: number;
  readonly sibling: Uint8Array;
}

export interface MapLeaf {
  readonly key: Uint8Array;
  readonly recordHash: Uint8Array;
}

/** H(00 || u32be(length of key) || key || record hash) */
export function mapLeafHash(hash: Hash, { key, recordHash }: MapLeaf): Uint8Array {
  const head = new DataView(new ArrayBuffer(5));
  head.setUint32(1, key.length);
  return hash(new Uint8Array(head.buffer), key, recordHash);
}

/** H(01 || u16be(bit) || the first `bit` bits of `below`, zeros up to a byte || left || right) */
export function mapNodeHash(
  hash: Hash,
  bit: number,
  below: Uint8Array,
  left: Uint8Array,
  right: Uint8Array,
): Uint8Array {
  const head = new Uint8Array(3 + Math.ceil(bit / 8));
  head.set([1, bit >> 8, bit]);
  head.set(below.subarray(0, head.length - 3), 3);
  if (bit % 8 !== 0) head[head.length - 1] = (head.at(-1) as number) & (0xff << (8 - (bit % 8)));
  return hash(head, left, right);
}

/**
 * The root to which `path` leads from `reached`, the hash of what lies at its lower end and whose
 * keys all begin as `key` does; undefined if its bits do not rise or pass the end of `key`.
 */
export function rootFromMapPath(
  hash: Hash,
  key: Uint8Array,
  path: readonly PathStep[],
  reached: Uint8Array,
): Uint8Array | undefined {
  let above = -1;
  for (const { bit } of path) {
    if (bit <= above || bit >= 8 * key.length) return undefined;
    above = bit;
  }
  return path.reduceRight(
    (below, { bit, sibling }) =>
      bitAt(key, bit) === 0
        ? mapNodeHash(hash, bit, key, below, sibling)
        : mapNodeHash(hash, bit, key, sibling, below),
    reached,
  );
}

/** The hash of the map of exactly these leaves; undefined unless their keys rise. */
export function hashOfLeaves(hash: Hash, leaves: readonly MapLeaf[]): Uint8Array | undefined {
  // Subtrees to the left of the leaf at hand, each with the bit in which its keys differ from those
  // on its right: a node is closed as soon as the next difference is further up.
  const open: { root: Uint8Array; bit: number }[] = [];
  for (const [index, leaf] of leaves.entries()) {
    const next = leaves[index + 1]?.key;
    const bit = next === undefined ? -1 : firstDifference(leaf.key, next);
    if (next !== undefined && (bit < 0 || bitAt(leaf.key, bit) === 1)) return undefined;
    let root = mapLeafHash(hash, leaf);
    for (let left = open.at(-1); left !== undefined && left.bit > bit; left = open.at(-1)) {
      root = mapNodeHash(hash, left.bit, leaf.key, left.root, root);
      open.pop();
    }
    open.push({ root, bit });
  }
  return open[0]?.root ?? hash();
}

/** Counted from the top bit of byte 0. */
export function bitAt(key: Uint8Array, bit: number): number {
  return ((key[bit >> 3] as number) >> (7 - (bit & 7))) & 1;
}

/** The first bit in which two keys differ; -1 if one begins with the other. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  if (at < 0 || at >= b.length) return -1;
  return 8 * at + Math.clz32((a[at] as number) ^ (b[at] as number)) - 24;
}
