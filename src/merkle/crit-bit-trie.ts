import { invariant } from '../base/invariant.js';
import { bitAt, KeyArena } from './key-arena.js';
import { WordTable } from './word-table.js';

const chunkShift = 18; // 3 MiB of nodes, 1 MiB of slots a chunk
const chunkMask = 2 ** chunkShift - 1;

/** What a trie is beside the bytes of its arrays; all numbers whole. SPEC.md "Index snapshot". */
export interface TrieShape {
  count: number; // keys present
  keyBytes: number; // their lengths together
  root: number; // a reference: a node's number, or ~slot of a leaf; 0 when empty
  slotLimit: number; // slots ever used
  slotFree: number; // 1 + the first free slot, 0 if none; each free slot holds the next likewise
  nodeLimit: number; // nodes ever used
  nodeFree: number; // 1 + the first free node, 0 if none; its left word holds the next likewise
  arenaLimit: number; // granules of the key arena ever used
}

/**
 * An ordered set of byte strings, none the beginning of another, each under a slot number that it
 * keeps until it is removed. A node is (bit, left, right): the first bit in which the keys below
 * differ, and a reference to either side: a node's number, or ~slot of a leaf. The shape is a
 * function of the set of keys alone. No walk recurses, however deep crafted keys make the trie.
 *
 * Keys are given as `key[0, length)`, so that callers can use one scratch for all of them.
 */
export class CritBitTrie {
  readonly #nodes = new WordTable(3, chunkShift);
  readonly #slots = new WordTable(1, chunkShift); // a live slot's key address, a free one's next
  readonly #keys = new KeyArena();
  #count = 0;
  #keyBytes = 0;
  #root = 0;
  #slotLimit = 0;
  #slotFree = 0;
  #nodeLimit = 0;
  #nodeFree = 0;
  /** The nodes from the root along the right edge; kept from one append() to the next only. */
  #rightEdge: number[] | undefined;

  get count(): number {
    return this.#count;
  }

  get keyBytes(): number {
    return this.#keyBytes;
  }

  /** Slots in use are below this. */
  get slotLimit(): number {
    return this.#slotLimit;
  }

  /** The root's reference; meaningless when the trie is empty. */
  get root(): number {
    return this.#root;
  }

  bitOf(node: number): number {
    return this.#word(node, 0);
  }

  leftOf(node: number): number {
    return this.#word(node, 1);
  }

  rightOf(node: number): number {
    return this.#word(node, 2);
  }

  /** The slot of `key`, or -1. */
  find(key: Uint8Array, length = key.length): number {
    if (this.#count === 0) return -1;
    const slot = this.#nearest(key, length);
    return this.#keys.firstDifference(this.#addressOf(slot), key, length) === -1 ? slot : -1;
  }

  /** The slot of the first key that begins with `prefix`, or -1. */
  firstWithPrefix(prefix: Uint8Array, length = prefix.length): number {
    if (this.#count === 0) return -1;
    // Beyond the prefix the walk turns left, so it ends at the first key that has the prefix.
    const slot = this.#nearest(prefix, length);
    return this.startsWith(slot, prefix, length) ? slot : -1;
  }

  /** Adds a key that is not there, and neither begins nor continues one that is. */
  insert(key: Uint8Array, length = key.length): number {
    this.#rightEdge = undefined;
    if (this.#count === 0) return this.#addFirst(key, length);
    const bit = this.#firstDifference(this.#nearest(key, length), key, length);
    const slot = this.#addLeaf(key, length);
    // Down to the edge that the new node cuts: the first whose lower end differs below `bit`.
    let parent = -1;
    let side = 0;
    let below = this.#root;
    while (below >= 0 && this.#word(below, 0) < bit) {
      parent = below;
      side = 1 + bitAt(key, length, this.#word(below, 0));
      below = this.#word(below, side);
    }
    const right = bitAt(key, length, bit) === 1;
    const node = right ? this.#addNode(bit, below, ~slot) : this.#addNode(bit, ~slot, below);
    this.#attach(parent, side, node);
    return slot;
  }

  /**
   * Adds a key greater than all there are, in O(1) on average over a run of such calls: built
   * from sorted keys, a trie takes O(n).
   */
  append(key: Uint8Array, length = key.length): number {
    if (this.#count === 0) {
      this.#rightEdge = [];
      return this.#addFirst(key, length);
    }
    const edge = this.#rightEdge ?? this.#walkRightEdge();
    this.#rightEdge = edge;
    const edgeEnd = edge.at(-1);
    const last = ~(edgeEnd === undefined ? this.#root : this.#word(edgeEnd, 2));
    const bit = this.#firstDifference(last, key, length);
    invariant(bitAt(key, length, bit) === 1, 'appended keys are in order');
    const slot = this.#addLeaf(key, length);
    let below = ~last;
    while (edge.length > 0) {
      const node = edge[edge.length - 1] as number;
      if (this.#word(node, 0) < bit) break;
      below = node;
      edge.pop();
    }
    const node = this.#addNode(bit, below, ~slot);
    this.#attach(edge.at(-1) ?? -1, 2, node);
    edge.push(node);
    return slot;
  }

  /** Removes a key; returns the slot that it had, or -1. The slot is free for the next insert. */
  remove(key: Uint8Array, length = key.length): number {
    if (this.#count === 0) return -1;
    let grandparent = -1;
    let grandparentSide = 0;
    let parent = -1;
    let side = 0;
    let below = this.#root;
    while (below >= 0) {
      grandparent = parent;
      grandparentSide = side;
      parent = below;
      side = 1 + bitAt(key, length, this.#word(below, 0));
      below = this.#word(below, side);
    }
    const slot = ~below;
    if (this.#keys.firstDifference(this.#addressOf(slot), key, length) !== -1) return -1;
    this.#rightEdge = undefined;
    if (parent >= 0) {
      this.#attach(grandparent, grandparentSide, this.#word(parent, 3 - side));
      this.#setWord(parent, 0, 0);
      this.#setWord(parent, 1, this.#nodeFree);
      this.#setWord(parent, 2, 0);
      this.#nodeFree = parent + 1;
    } else {
      this.#root = 0;
    }
    this.#removeLeaf(slot);
    return slot;
  }

  /** The slot of the first key >= `key`, which need not be like the keys that are there; or -1. */
  firstAtOrAfter(key: Uint8Array, length = key.length): number {
    let found = -1;
    this.scan(
      key,
      (slot) => {
        found = slot;
        return false;
      },
      length,
    );
    return found;
  }

  /**
   * Visits the slots of all keys >= `from` in order, until `visit` returns false. The trie must
   * not change meanwhile.
   */
  scan(from: Uint8Array, visit: (slot: number) => boolean, length = from.length): void {
    if (this.#count === 0) return;
    const pending = this.#seek(from, length); // subtrees not yet visited, the next one last
    for (;;) {
      let reference = pending.pop();
      if (reference === undefined) return;
      while (reference >= 0) {
        pending.push(this.#word(reference, 2));
        reference = this.#word(reference, 1);
      }
      if (!visit(~reference)) return;
    }
  }

  keyLength(slot: number): number {
    return this.#keys.lengthAt(this.#addressOf(slot));
  }

  /** The caller's own copy. */
  key(slot: number): Uint8Array {
    return this.keyView(slot).slice();
  }

  /** The key where it lies: valid until the trie changes, never to be written. */
  keyView(slot: number): Uint8Array {
    return this.#keys.viewAt(this.#addressOf(slot));
  }

  /** Copies the key of `slot` to `into[at, ...)`; returns its length. */
  copyKey(slot: number, into: Uint8Array, at = 0): number {
    return this.#keys.copy(this.#addressOf(slot), into, at);
  }

  /** Negative, 0 or positive as the key of `slot` is before, equal to or after `key`. */
  compareKey(slot: number, key: Uint8Array, length = key.length): number {
    const bit = this.#keys.firstDifference(this.#addressOf(slot), key, length);
    if (bit === -1) return 0;
    const shorter = Math.min(length, this.keyLength(slot));
    if (bit === shorter * 8) return this.keyLength(slot) - length;
    return bitAt(key, length, bit) === 1 ? -1 : 1;
  }

  startsWith(slot: number, prefix: Uint8Array, length = prefix.length): boolean {
    const bit = this.#keys.firstDifference(this.#addressOf(slot), prefix, length);
    return bit === -1 || bit === length * 8;
  }

  get shape(): TrieShape {
    return {
      count: this.#count,
      keyBytes: this.#keyBytes,
      root: this.#root,
      slotLimit: this.#slotLimit,
      slotFree: this.#slotFree,
      nodeLimit: this.#nodeLimit,
      nodeFree: this.#nodeFree,
      arenaLimit: this.#keys.limitGranules,
    };
  }

  /** An empty trie takes this shape; its parts are then to be filled from a snapshot. */
  resize(shape: TrieShape): void {
    invariant(this.#slotLimit === 0, 'only an empty trie is filled from outside');
    this.#keys.resize(shape.arenaLimit);
    this.#nodes.reserve(shape.nodeLimit);
    this.#slots.reserve(shape.slotLimit);
    this.#count = shape.count;
    this.#keyBytes = shape.keyBytes;
    this.#root = shape.root;
    this.#slotLimit = shape.slotLimit;
    this.#slotFree = shape.slotFree;
    this.#nodeLimit = shape.nodeLimit;
    this.#nodeFree = shape.nodeFree;
  }

  /** All of the trie's memory in the order of the snapshot's sections; views, not copies. */
  parts(): { nodes: Uint8Array[]; slots: Uint8Array[]; blocks: Uint8Array[]; free: Uint8Array } {
    const nodes = this.#nodes.parts(this.#nodeLimit);
    const slots = this.#slots.parts(this.#slotLimit);
    return { nodes, slots, ...this.#keys.parts() };
  }

  /** The leaf that agrees with `key` in every bit that the walk to it tests. */
  #nearest(key: Uint8Array, length: number): number {
    const chunks = this.#nodes.chunks;
    let reference = this.#root;
    while (reference >= 0) {
      const words = chunks[reference >>> chunkShift] as Int32Array;
      const at = (reference & chunkMask) * 3;
      reference = words[at + 1 + bitAt(key, length, words[at] as number)] as number;
    }
    return ~reference;
  }

  /** Of a key that is being added and one that is there. */
  #firstDifference(slot: number, key: Uint8Array, length: number): number {
    const bit = this.#keys.firstDifference(this.#addressOf(slot), key, length);
    const shorter = Math.min(length, this.keyLength(slot));
    invariant(bit !== -1 && bit < shorter * 8, 'no key is there already or begins another');
    return bit;
  }

  /** The subtrees of all keys >= `key`, the first one last. */
  #seek(key: Uint8Array, length: number): number[] {
    const nearest = this.#nearest(key, length);
    const pending: number[] = [];
    const bit = this.#keys.firstDifference(this.#addressOf(nearest), key, length);
    const isBefore = this.compareKey(nearest, key, length) < 0;
    let below = this.#root;
    while (below >= 0 && (bit === -1 || this.#word(below, 0) < bit)) {
      const side = bitAt(key, length, this.#word(below, 0));
      if (side === 0) pending.push(this.#word(below, 2));
      below = this.#word(below, 1 + side);
    }
    // All that is below agrees with `nearest` up to `bit`, so it lies on the same side of `key`.
    if (!isBefore) pending.push(below);
    return pending;
  }

  #walkRightEdge(): number[] {
    const edge: number[] = [];
    for (let below = this.#root; below >= 0; below = this.#word(below, 2)) edge.push(below);
    return edge;
  }

  #addFirst(key: Uint8Array, length: number): number {
    const slot = this.#addLeaf(key, length);
    this.#root = ~slot;
    return slot;
  }

  #addLeaf(key: Uint8Array, length: number): number {
    const address = this.#keys.add(key, length);
    let slot = this.#slotFree - 1;
    if (slot >= 0) {
      this.#slotFree = this.#slotWord(slot);
    } else {
      slot = this.#slotLimit;
      this.#slots.reserve(slot + 1);
      this.#slotLimit = slot + 1;
    }
    this.#setSlotWord(slot, address);
    this.#count++;
    this.#keyBytes += length;
    return slot;
  }

  #removeLeaf(slot: number): void {
    this.#count--;
    this.#keyBytes -= this.keyLength(slot);
    this.#keys.remove(this.#addressOf(slot));
    this.#setSlotWord(slot, this.#slotFree);
    this.#slotFree = slot + 1;
  }

  #addNode(bit: number, left: number, right: number): number {
    let node = this.#nodeFree - 1;
    if (node >= 0) {
      this.#nodeFree = this.#word(node, 1);
    } else {
      node = this.#nodeLimit;
      this.#nodes.reserve(node + 1);
      this.#nodeLimit = node + 1;
    }
    this.#setWord(node, 0, bit);
    this.#setWord(node, 1, left);
    this.#setWord(node, 2, right);
    return node;
  }

  #attach(parent: number, side: number, reference: number): void {
    if (parent < 0) this.#root = reference;
    else this.#setWord(parent, side, reference);
  }

  #word(node: number, word: number): number {
    const words = this.#nodes.chunks[node >>> chunkShift] as Int32Array;
    return words[(node & chunkMask) * 3 + word] as number;
  }

  #setWord(node: number, word: number, value: number): void {
    const words = this.#nodes.chunks[node >>> chunkShift] as Int32Array;
    words[(node & chunkMask) * 3 + word] = value;
  }

  #addressOf(slot: number): number {
    return this.#slotWord(slot) >>> 0;
  }

  #slotWord(slot: number): number {
    return (this.#slots.chunks[slot >>> chunkShift] as Int32Array)[slot & chunkMask] as number;
  }

  #setSlotWord(slot: number, value: number): void {
    (this.#slots.chunks[slot >>> chunkShift] as Int32Array)[slot & chunkMask] = value;
  }
}
