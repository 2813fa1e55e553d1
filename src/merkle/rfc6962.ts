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
  let used = 0;
  const next = () => path[used++] ?? new Uint8Array();
  // No deeper than the bits of a size: 53.
  const rootOf = (place: number, leaves: number): Uint8Array => {
    if (leaves === 1) return leaf;
    const left = largestPowerBelow(leaves);
    if (place < left) return nodeHash(hash, rootOf(place, left), next());
    const right = rootOf(place - left, leaves - left);
    return nodeHash(hash, next(), right);
  };
  if (index >= size) return undefined;
  const root = rootOf(index, size);
  return used === path.length ? root : undefined;
}

/** Whether `path` proves as in RFC 6962 §2.1.2 that the tree `newer` begins with `older`. */
export function isConsistent(
  hash: Hash,
  older: TreeHead,
  newer: TreeHead,
  path: readonly Uint8Array[],
): boolean {
  let used = 0;
  const next = () => path[used++] ?? new Uint8Array();
  // Of the older tree and of the newer one, each as far as it lies in the same subtree.
  type Roots = [older: Uint8Array, newer: Uint8Array];
  const rootsOf = (olderSize: number, newerSize: number, isWhole: boolean): Roots => {
    if (olderSize === newerSize) {
      const same = isWhole ? older.root : next();
      return [same, same];
    }
    const left = largestPowerBelow(newerSize);
    if (olderSize <= left) {
      const [olderRoot, newerLeft] = rootsOf(olderSize, left, isWhole);
      return [olderRoot, nodeHash(hash, newerLeft, next())];
    }
    const [olderRight, newerRight] = rootsOf(olderSize - left, newerSize - left, false);
    const shared = next();
    return [nodeHash(hash, shared, olderRight), nodeHash(hash, shared, newerRight)];
  };
  if (older.size > newer.size) return false;
  if (older.size === newer.size) return path.length === 0 && equalHashes(older.root, newer.root);
  if (older.size === 0) return path.length === 0 && equalHashes(older.root, hash());
  const [olderRoot, newerRoot] = rootsOf(older.size, newer.size, true);
  if (used !== path.length) return false;
  return equalHashes(olderRoot, older.root) && equalHashes(newerRoot, newer.root);
}

/** The leaves of the left side of a tree: the greatest power of two below `size`, which is > 1. */
export function largestPowerBelow(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}
