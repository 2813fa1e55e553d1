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

/** Of RFC 6962 §2.1.1 or §2.1.2. */
export type Path = readonly Uint8Array[];

/** A leaf's place, and the path from its sibling upwards. */
export interface Inclusion {
  readonly index: number;
  readonly path: Path;
}

/** Whether the path proves that the tree has this entry at that place. */
export function isIncluded(hash: Hash, entry: Uint8Array, at: Inclusion, tree: TreeHead): boolean {
  const isLeft = sidesOf(at.index, tree.size - 1);
  if (at.index >= tree.size || isLeft.length !== at.path.length) return false;
  return equalHashes(rootAbove(hash, leafHash(hash, entry), at.path, isLeft), tree.root);
}

/** Whether `path` proves as in RFC 6962 §2.1.2 that the tree `newer` begins with `older`. */
export function isConsistent(hash: Hash, older: TreeHead, newer: TreeHead, path: Path): boolean {
  if (older.size > newer.size) return false;
  if (older.size === newer.size) return path.length === 0 && equalHashes(older.root, newer.root);
  if (older.size === 0) return path.length === 0 && equalHashes(older.root, hash());
  // The greatest subtree that ends where the older tree ends is whole in both.
  let [place, last] = [older.size - 1, newer.size - 1];
  for (; place % 2 === 1; place = (place - 1) / 2) last = Math.floor(last / 2);
  const [shared, ...siblings] = place === 0 ? [older.root, ...path] : path;
  const isLeft = sidesOf(place, last);
  if (shared === undefined || isLeft.length !== siblings.length) return false;
  const newerRoot = rootAbove(hash, shared, siblings, isLeft);
  // What stands on the right of the way up came later.
  const olderSiblings = siblings.filter((_, level) => isLeft[level]);
  const olderRoot = olderSiblings.reduce((root, left) => nodeHash(hash, left, root), shared);
  return equalHashes(olderRoot, older.root) && equalHashes(newerRoot, newer.root);
}

function rootAbove(hash: Hash, reached: Uint8Array, path: Path, isLeft: readonly boolean[]) {
  return path.reduce((root, sibling, level) => {
    return isLeft[level] ? nodeHash(hash, sibling, root) : nodeHash(hash, root, sibling);
  }, reached);
}

/**
 * Whether the sibling of a node stands on its left, level by level up to the root. Nodes of a level
 * are numbered from 0 to `last`; the last one has none where its number is even, and goes up as it
 * is.
 */
function sidesOf(place: number, last: number): boolean[] {
  if (last <= 0) return [];
  const above = sidesOf(Math.floor(place / 2), Math.floor(last / 2));
  if (place % 2 === 1) return [true, ...above];
  return place < last ? [false, ...above] : above;
}
