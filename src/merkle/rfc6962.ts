/** SHA-256 over `parts`, one after another; given by the caller, as this file runs in browsers. */
export type Hash = (...parts: readonly Uint8Array[]) => Uint8Array;

const leafTag = Uint8Array.of(0);
const nodeTag = Uint8Array.of(1);

/** RFC 6962 §2.1: MTH of a list of entries. */
export function treeHash(hash: Hash, entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length === 0) return hash();
  // Roots of complete subtrees, the largest first, as the ones in the binary count of entries so
  // far: each carry joins two of equal size.
  const roots: Uint8Array[] = [];
  for (let index = 0; index < entries.length; index++) {
    let root = hash(leafTag, entries[index] as Uint8Array);
    for (let carry = index; carry % 2 === 1; carry = Math.floor(carry / 2)) {
      root = hash(nodeTag, roots.pop() as Uint8Array, root);
    }
    roots.push(root);
  }
  let root = roots.pop() as Uint8Array;
  for (let left = roots.pop(); left !== undefined; left = roots.pop()) {
    root = hash(nodeTag, left, root);
  }
  return root;
}
