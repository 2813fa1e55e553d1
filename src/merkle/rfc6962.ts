/** SHA-256 over `parts`, one after another; given by the caller, as this file runs in browsers. */
export type Hash = (...parts: readonly Uint8Array[]) => Uint8Array;

const leafTag = Uint8Array.of(0);
const nodeTag = Uint8Array.of(1);

/** RFC 6962 §2.1: the hash of a list of one entry. */
export function leafHash(hash: Hash, entry: Uint8Array): Uint8Array {
  return hash(leafTag, entry);
}

/** RFC 6962 §2.1: the hash of two trees side by side. */
export function nodeHash(hash: Hash, left: Uint8Array, right: Uint8Array): Uint8Array {
  return hash(nodeTag, left, right);
}

export function equalHashes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** A tree's size and root. */
export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/**
 * The root of a tree of `size` leaves in which `leaf` has the place `index`, if `path` is what RFC
 * 6962 §2.1.1 says, from the leaf's sibling upwards; undefined if it has another length.
 */
export function rootFromInclusion(
  hash: Hash,
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): Uint8Array | undefined {
  const sides = sidesOf(index, size - 1);
  if (index >= size || sides.length !== path.length) return undefined;
  return path.reduce((root, sibling, level) => {
    return sides[level] === 'left' ? nodeHash(hash, sibling, root) : nodeHash(hash, root, sibling);
  }, leaf);
}

/** Whether `path` proves as in RFC 6962 §2.1.2 that the tree `newer` begins with `older`. */
export function isConsistent(
  hash: Hash,
  older: TreeHead,
  newer: TreeHead,
  path: readonly Uint8Array[],
): boolean {
  if (older.size > newer.size) return false;
  if (older.size === newer.size) return path.length === 0 && equalHashes(older.root, newer.root);
  if (older.size === 0) return path.length === 0 && equalHashes(older.root, hash());
  // The greatest subtree that ends where the older tree ends is whole in both.
  let [place, last] = [older.size - 1, newer.size - 1];
  for (; place % 2 === 1; place = half(place)) last = half(last);
  const [shared, ...siblings] = place === 0 ? [older.root, ...path] : path;
  const sides = sidesOf(place, last);
  if (shared === undefined || sides.length !== siblings.length) return false;
  let [olderRoot, newerRoot] = [shared, shared];
  for (const [level, sibling] of siblings.entries()) {
    if (sides[level] === 'left') {
      olderRoot = nodeHash(hash, sibling, olderRoot);
      newerRoot = nodeHash(hash, sibling, newerRoot);
    } else newerRoot = nodeHash(hash, newerRoot, sibling);
  }
  return equalHashes(olderRoot, older.root) && equalHashes(newerRoot, newer.root);
}

/**
 * On which side the sibling of a node stands, level by level up to the root. Nodes of a level are
 * numbered from 0 to `last`; the last one has none where its number is even, and goes up as it is.
 */
function sidesOf(place: number, last: number): ('left' | 'right')[] {
  if (last <= 0) return [];
  const above = sidesOf(half(place), half(last));
  if (place % 2 === 1) return ['left', ...above];
  return place < last ? ['right', ...above] : above;
}

function half(place: number): number {
  return Math.floor(place / 2);
}
