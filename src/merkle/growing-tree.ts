import { type Hash, leafHash, nodeHash } from './rfc6962.js';

/** The hash of the complete subtree number `index` among those of 2^level leaves. */
export type HashAt = (level: number, index: number) => Uint8Array;

/** RFC 6962 §2.1: MTH of a list of entries. */
export function treeHash(hash: Hash, entries: readonly Uint8Array[]): Uint8Array {
  const tree = new GrowingTree(hash);
  for (const entry of entries) tree.append(leafHash(hash, entry));
  return tree.root();
}

/**
 * The right edge of an RFC 6962 tree: all that appending takes. Roots of complete subtrees, the
 * largest first, as the ones in the binary size of the tree.
 */
export class GrowingTree {
  #edge: Uint8Array[] = [];
  #size = 0;

  constructor(
    private readonly hash: Hash,
    /** Told of each complete subtree, leaves among them, as it comes about. */
    private readonly onComplete?: (level: number, index: number, hash: Uint8Array) => void,
  ) {}

  get size(): number {
    return this.#size;
  }

  /** The tree as it is when another holds its first `size` leaves. */
  static at(hash: Hash, size: number, hashAt: HashAt, onComplete?: GrowingTree['onComplete']) {
    const tree = new GrowingTree(hash, onComplete);
    tree.#size = size;
    tree.#edge = completeSubtrees(0, size).map(([level, index]) => hashAt(level, index));
    return tree;
  }

  append(leaf: Uint8Array): void {
    let index = this.#size++;
    let root = leaf;
    this.onComplete?.(0, index, root);
    for (let level = 1; index % 2 === 1; level++) {
      root = nodeHash(this.hash, this.#edge.pop() as Uint8Array, root);
      index = Math.floor(index / 2);
      this.onComplete?.(level, index, root);
    }
    this.#edge.push(root);
  }

  root(): Uint8Array {
    return this.#edge.length === 0 ? this.hash() : joined(this.hash, this.#edge);
  }
}

/** RFC 6962 §2.1.1: PATH(index, D[0:size]), the leaf's sibling first. */
export function inclusionPath(
  hash: Hash,
  hashAt: HashAt,
  index: number,
  size: number,
): Uint8Array[] {
  const path: Uint8Array[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + largestPowerBelow(end - start);
    if (index < middle) {
      path.push(rangeHash(hash, hashAt, middle, end));
      end = middle;
    } else {
      path.push(rangeHash(hash, hashAt, start, middle));
      start = middle;
    }
  }
  return path.reverse();
}

/** RFC 6962 §2.1.2: PROOF(older, D[0:newer]). */
export function consistencyPath(
  hash: Hash,
  hashAt: HashAt,
  older: number,
  newer: number,
): Uint8Array[] {
  const path: Uint8Array[] = [];
  if (older === 0 || older === newer) return path;
  let start = 0;
  let end = newer;
  while (end > older) {
    const middle = start + largestPowerBelow(end - start);
    if (older <= middle) {
      path.push(rangeHash(hash, hashAt, middle, end));
      end = middle;
    } else {
      path.push(rangeHash(hash, hashAt, start, middle));
      start = middle;
    }
  }
  // The verifier has the older root itself; what is left is part of it otherwise.
  if (start !== 0) path.push(rangeHash(hash, hashAt, start, end));
  return path.reverse();
}

/** The root of the first `size` leaves. */
export function rootAt(hash: Hash, hashAt: HashAt, size: number): Uint8Array {
  return size === 0 ? hash() : rangeHash(hash, hashAt, 0, size);
}

function rangeHash(hash: Hash, hashAt: HashAt, start: number, end: number): Uint8Array {
  const roots = completeSubtrees(start, end).map(([level, index]) => hashAt(level, index));
  return joined(hash, roots);
}

function joined(hash: Hash, roots: readonly Uint8Array[]): Uint8Array {
  return roots.reduceRight((right, left) => nodeHash(hash, left, right));
}

/** What [start, end) is cut into, the largest first, where `start` is a multiple of that. */
function completeSubtrees(start: number, end: number): [level: number, index: number][] {
  const subtrees: [number, number][] = [];
  let at = start;
  while (at < end) {
    let level = 0;
    while (2 ** (level + 1) <= end - at) level++;
    subtrees.push([level, at / 2 ** level]);
    at += 2 ** level;
  }
  return subtrees;
}

/** The leaves of the left side of a tree: the greatest power of two below `size`, which is > 1. */
function largestPowerBelow(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}
