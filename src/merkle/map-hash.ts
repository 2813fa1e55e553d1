import type { Hash } from './rfc6962.js';

/** Nodes on the way from the root: the bit of each, and the hash of the side not taken. */
export type MapPath = readonly (readonly [bit: number, sibling: Uint8Array])[];

export type Leaf = readonly [key: Uint8Array, recordHash: Uint8Array];

/** H(00 || u32be(length of key) || key || record hash) */
export function mapLeafHash(hash: Hash, [key, recordHash]: Leaf): Uint8Array {
  const { length } = key;
  return hash(Uint8Array.of(0, length >> 24, length >> 16, length >> 8, length), key, recordHash);
}

type Children = readonly [left: Uint8Array, right: Uint8Array];

/** H(01 || u16be(bit) || the first `bit` bits of `below`, zeros up to a byte || left || right) */
export function mapNodeHash(hash: Hash, bit: number, below: Uint8Array, children: Children) {
  const bits = below.slice(0, Math.ceil(bit / 8));
  if (bit % 8 !== 0) bits[bits.length - 1] = (bits.at(-1) as number) & (0xff << (8 - (bit % 8)));
  return hash(Uint8Array.of(1, bit >> 8, bit), bits, ...children);
}

/**
 * The root to which `path` leads from `reached`, the hash of what lies at its lower end and whose
 * keys all begin as `key` does; undefined if its bits do not rise or pass the end of `key`.
 */
export function rootFromMapPath(hash: Hash, key: Uint8Array, path: MapPath, reached: Uint8Array) {
  const bits = [-1, ...path.map(([bit]) => bit), 8 * key.length];
  if (bits.some((bit, at) => bit <= (bits[at - 1] ?? -2))) return undefined;
  return path.reduceRight((below, [bit, sibling]) => {
    const children: Children = bitAt(key, bit) === 0 ? [below, sibling] : [sibling, below];
    return mapNodeHash(hash, bit, key, children);
  }, reached);
}

/** The hash of the map of exactly these leaves; undefined unless their keys rise. */
export function hashOfLeaves(hash: Hash, leaves: readonly Leaf[]): Uint8Array | undefined {
  // Subtrees to the left of the leaf at hand, each with the bit in which its keys differ from those
  // on its right: a node is closed as soon as the next difference is further up.
  const open: { root: Uint8Array; bit: number }[] = [];
  for (const [index, [key, recordHash]] of leaves.entries()) {
    const next = leaves[index + 1]?.[0];
    const bit = next === undefined ? -1 : firstDifference(key, next);
    if (next !== undefined && (bit < 0 || bitAt(key, bit) === 1)) return undefined;
    let root = mapLeafHash(hash, [key, recordHash]);
    for (let left = open.at(-1); left !== undefined && left.bit > bit; left = open.at(-1)) {
      root = mapNodeHash(hash, left.bit, key, [left.root, root]);
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
