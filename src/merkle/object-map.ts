import { invariant } from '../base/invariant.js';
import { CritBitTrie } from './crit-bit-trie.js';
import { DigestTable } from './digest-table.js';
import { bitAt, type MapLeaf, type PathStep } from './map-hash.js';
import type { Hash } from './rfc6962.js';

const nodesPerTurn = 64;
const keyBytesMax = 8 * 1024;

/** A path from the root, and the leaf to which it leads. */
export interface LeafPath extends MapLeaf {
  readonly path: readonly PathStep[];
}

/** A path to the subtree of all keys with a prefix, and its leaves in order. */
export interface SubtreePath {
  readonly path: readonly PathStep[];
  readonly leaves: readonly MapLeaf[];
}

/**
 * The ledger's map (SPEC.md, Object map): a set of keys, each with the hash of its record, under
 * one root that depends on the set alone. A change costs its path: nodes above it are marked and
 * rehash() computes them once, however many changes they stand above. Beside the trie it takes 33
 * bytes a node and 32 a leaf.
 */
export class ObjectMap {
  readonly #trie = new CritBitTrie();
  readonly #nodes = new DigestTable();
  readonly #records = new DigestTable(); // by slot
  #stale = new Uint8Array(64); // by node: 1 until it is rehashed; then those above it are 1 as well
  #changeCount = 0;
  readonly #nodeScratch = new Uint8Array(3 + keyBytesMax + 64);
  readonly #leafScratch = new Uint8Array(5 + keyBytesMax + 32);

  constructor(private readonly hash: Hash) {}

  get count(): number {
    return this.#trie.count;
  }

  /** Adds a version, or gives the one that is there another record. */
  set(key: Uint8Array, recordHash: Uint8Array, length = key.length): void {
    this.#changeCount++;
    let slot = this.#trie.find(key, length);
    if (slot < 0) {
      slot = this.#trie.insert(key, length);
      this.#reserve(this.#trie.slotLimit);
    }
    this.#records.set(slot, recordHash);
    this.#markPath(key, length);
  }

  /** Whether it was there. */
  remove(key: Uint8Array, length = key.length): boolean {
    if (this.#trie.find(key, length) < 0) return false;
    this.#changeCount++;
    this.#markPath(key, length);
    this.#trie.remove(key, length);
    return true;
  }

  recordHash(key: Uint8Array, length = key.length): Uint8Array | undefined {
    const slot = this.#trie.find(key, length);
    return slot < 0 ? undefined : this.#records.view(slot).slice();
  }

  /** The first leaf whose key begins with `prefix`: of a key's versions the newest. */
  firstWithPrefix(prefix: Uint8Array): MapLeaf | undefined {
    const slot = this.#trie.firstWithPrefix(prefix);
    return slot < 0 ? undefined : this.#leaf(slot);
  }

  /** Calls back for every leaf in the order of keys; the map must not change meanwhile. */
  forEach(visit: (leaf: MapLeaf) => void): void {
    this.#trie.scan(new Uint8Array(), (slot) => {
      visit(this.#leaf(slot));
      return true;
    });
  }

  /**
   * Brings the hashes up to the changes, some 100 us of hashing between two turns; the caller looks
   * at its clock in each and may pause. The map must not change before it is through.
   */
  *rehash(): Generator<void, void> {
    if (this.count === 0) return;
    const changeCount = this.#changeCount;
    const pending: number[] = this.#isStale(this.#trie.root) ? [this.#trie.root] : [];
    let below = -1; // the slot of a leaf below the node hashed last, which is a child of the next
    let hashed = 0;
    for (let node = pending.at(-1); node !== undefined; node = pending.at(-1)) {
      const left = this.#trie.leftOf(node);
      const right = this.#trie.rightOf(node);
      const next = this.#isStale(left) ? left : right;
      if (this.#isStale(next)) {
        pending.push(next);
        below = -1;
        continue;
      }
      if (below < 0) below = this.#slotBelow(node);
      this.#rehashNode(node, left, right, below);
      pending.pop();
      if (++hashed % nodesPerTurn !== 0) continue;
      yield;
      invariant(changeCount === this.#changeCount, 'the map stays as it is while it is hashed');
    }
  }

  /** The caller's own copy. All changes must have been rehashed. */
  root(): Uint8Array {
    if (this.count === 0) return this.hash();
    invariant(!this.#isStale(this.#trie.root), 'the map was rehashed after its last change');
    return this.#hashOf(this.#trie.root);
  }

  /**
   * The way to the leaf that agrees with `target`, followed by zeros, in every bit tested on the
   * way: the key itself if it is there, the first key with that prefix if there is one, and else a
   * leaf that shows that there is none. Undefined if the map is empty.
   */
  prove(target: Uint8Array): LeafPath | undefined {
    if (this.count === 0) return undefined;
    const path: PathStep[] = [];
    const end = this.#walk(target, Number.POSITIVE_INFINITY, path);
    return { path, ...this.#leaf(~end) };
  }

  /** The way to all leaves whose keys begin with `prefix`; undefined if there are none. */
  proveListing(prefix: Uint8Array): SubtreePath | undefined {
    if (this.#trie.firstWithPrefix(prefix) < 0) return undefined;
    const path: PathStep[] = [];
    this.#walk(prefix, 8 * prefix.length, path);
    const leaves: MapLeaf[] = [];
    this.#trie.scan(prefix, (slot) => {
      if (!this.#trie.startsWith(slot, prefix)) return false;
      leaves.push(this.#leaf(slot));
      return true;
    });
    return { path, leaves };
  }

  /** Nodes on the way to `key`, which is there. */
  depthOf(key: Uint8Array): number {
    const path: number[] = [];
    this.#walkNodes(key, key.length, Number.POSITIVE_INFINITY, (node) => path.push(node));
    return path.length;
  }

  #walk(target: Uint8Array, bitMax: number, path: PathStep[]): number {
    invariant(!this.#isStale(this.#trie.root), 'the map was rehashed after its last change');
    return this.#walkNodes(target, target.length, bitMax, (node, side) => {
      const other = side === 0 ? this.#trie.rightOf(node) : this.#trie.leftOf(node);
      path.push({ bit: this.#trie.bitOf(node), sibling: this.#hashOf(other) });
    });
  }

  /** Down as long as nodes test a bit before `bitMax`; the reference reached. */
  #walkNodes(
    target: Uint8Array,
    length: number,
    bitMax: number,
    visit: (node: number, side: number) => void,
  ): number {
    let reference = this.#trie.root;
    while (reference >= 0) {
      const bit = this.#trie.bitOf(reference);
      if (bit >= bitMax) break;
      const side = bit < 8 * length ? bitAt(target, bit) : 0;
      visit(reference, side);
      reference = side === 0 ? this.#trie.leftOf(reference) : this.#trie.rightOf(reference);
    }
    return reference;
  }

  #markPath(key: Uint8Array, length: number): void {
    const stale = this.#stale;
    this.#walkNodes(key, length, Number.POSITIVE_INFINITY, (node) => {
      stale[node] = 1;
    });
  }

  #isStale(reference: number): boolean {
    return reference >= 0 && this.#stale[reference] === 1;
  }

  /** Nodes are always fewer than slots. */
  #reserve(slotLimit: number): void {
    this.#records.reserve(slotLimit);
    this.#nodes.reserve(slotLimit);
    if (this.#stale.length >= slotLimit) return;
    const grown = new Uint8Array(this.#stale.length * 2);
    grown.set(this.#stale);
    this.#stale = grown;
  }

  /** `below` is the slot of any leaf under the node: it lends the bits that all of them share. */
  #rehashNode(node: number, left: number, right: number, below: number): void {
    const scratch = this.#nodeScratch;
    const bit = this.#trie.bitOf(node);
    const prefixEnd = 3 + ((bit + 7) >> 3);
    this.#trie.copyKey(below, scratch, 3);
    scratch[0] = 1;
    scratch[1] = bit >> 8;
    scratch[2] = bit;
    if (bit % 8 !== 0) {
      scratch[prefixEnd - 1] = (scratch[prefixEnd - 1] as number) & (0xff << (8 - (bit % 8)));
    }
    this.#copyHash(left, scratch, prefixEnd);
    this.#copyHash(right, scratch, prefixEnd + 32);
    this.#nodes.set(node, this.hash(scratch.subarray(0, prefixEnd + 64)));
    this.#stale[node] = 0;
  }

  #copyHash(reference: number, into: Uint8Array, at: number): void {
    if (reference >= 0) this.#nodes.copy(reference, into, at);
    else into.set(this.#leafHash(~reference), at);
  }

  #hashOf(reference: number): Uint8Array {
    if (reference >= 0) return this.#nodes.view(reference).slice();
    return this.#leafHash(~reference);
  }

  /** Not kept: a leaf's record hash serves proofs of its neighbours too, and this is one hash. */
  #leafHash(slot: number): Uint8Array {
    const scratch = this.#leafScratch;
    const length = this.#trie.copyKey(slot, scratch, 5);
    scratch[1] = 0;
    scratch[2] = 0;
    scratch[3] = length >> 8;
    scratch[4] = length;
    this.#records.copy(slot, scratch, 5 + length);
    return this.hash(scratch.subarray(0, 5 + length + 32));
  }

  #leaf(slot: number): MapLeaf {
    return { key: this.#trie.key(slot), recordHash: this.#records.view(slot).slice() };
  }

  #slotBelow(node: number): number {
    let reference = node;
    while (reference >= 0) reference = this.#trie.leftOf(reference);
    return ~reference;
  }
}
