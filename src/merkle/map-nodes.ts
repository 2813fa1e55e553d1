import { DigestTable } from './digest-table.js';
import { bitAt, KeyArena } from './key-arena.js';
import { type Restated, RestatedTable } from './restated-table.js';
import type { Hash } from './rfc6962.js';
import { WordTable } from './word-table.js';

const chunkShift = 18; // 3 MiB of nodes, 1 MiB of slots a chunk
const chunkMask = 2 ** chunkShift - 1;
const keyBytesMax = 8 * 1024;

export interface MapLeaf {
  readonly key: Uint8Array;
  readonly recordHash: Uint8Array;
}

/**
 * The memory of maps that share most of their nodes: a node is (bit, left, right) and a hash; a
 * leaf is a slot with its key and the hash of its record. A reference is a node's number, or ~slot.
 * Beside the keys it takes 49 bytes a node and 40 a leaf.
 */
export class MapNodes {
  readonly #nodes = new WordTable(3, chunkShift);
  readonly #births = new WordTable(1, chunkShift); // by node, in which generation it was made
  readonly #hashes = new DigestTable(); // by node
  readonly #slots = new WordTable(1, chunkShift); // a live slot's key address, a free one's next
  readonly #records = new DigestTable(); // by slot
  readonly #restatedItems = new WordTable(1, chunkShift); // by slot: 1 + its item, mostly 0
  readonly #restated = new RestatedTable();
  readonly #keys = new KeyArena();
  #stale = new Uint8Array(64); // by node: 1 until it is hashed; then those above it are 1 as well
  #nodeLimit = 0;
  #nodeFree = 0; // 1 + the first free node, 0 if none; its left word holds the next likewise
  #slotLimit = 0;
  #slotFree = 0;
  readonly #nodeScratch = new Uint8Array(3 + keyBytesMax + 64);
  readonly #leafScratch = new Uint8Array(5 + keyBytesMax + 32);

  constructor(readonly hash: Hash) {}

  bitOf(node: number): number {
    return this.#word(node, 0);
  }

  /** @param side 0 left, 1 right */
  childOf(node: number, side: number): number {
    return this.#word(node, 1 + side);
  }

  setChild(node: number, side: number, reference: number): void {
    this.#setWord(node, 1 + side, reference);
  }

  birthOf(node: number): number {
    return (this.#births.chunks[node >>> chunkShift] as Int32Array)[node & chunkMask] as number;
  }

  addNode(bit: number, left: number, right: number, birth: number): number {
    let node = this.#nodeFree - 1;
    if (node >= 0) this.#nodeFree = this.#word(node, 1);
    else {
      node = this.#nodeLimit++;
      this.#nodes.reserve(node + 1);
      this.#births.reserve(node + 1);
      this.#hashes.reserve(node + 1);
      this.#reserveStale(node + 1);
    }
    this.#setWord(node, 0, bit);
    this.#setWord(node, 1, left);
    this.#setWord(node, 2, right);
    (this.#births.chunks[node >>> chunkShift] as Int32Array)[node & chunkMask] = birth;
    this.#stale[node] = 1;
    return node;
  }

  freeNode(node: number): void {
    this.#setWord(node, 1, this.#nodeFree);
    this.#nodeFree = node + 1;
    this.#stale[node] = 0;
  }

  addLeaf(key: Uint8Array, recordHash: Uint8Array, restated: Restated | undefined): number {
    const address = this.#keys.add(key, key.length);
    let slot = this.#slotFree - 1;
    if (slot >= 0) this.#slotFree = this.#slotWord(slot);
    else {
      slot = this.#slotLimit++;
      this.#slots.reserve(slot + 1);
      this.#records.reserve(slot + 1);
      this.#restatedItems.reserve(slot + 1);
    }
    this.#setSlotWord(slot, address);
    this.#records.set(slot, recordHash);
    this.#setItem(slot, restated === undefined ? 0 : 1 + this.#restated.add(restated));
    return slot;
  }

  freeLeaf(slot: number): void {
    this.#keys.remove(this.#addressOf(slot));
    const item = this.#itemOf(slot);
    if (item > 0) this.#restated.free(item - 1);
    this.#setSlotWord(slot, this.#slotFree);
    this.#slotFree = slot + 1;
  }

  isStale(reference: number): boolean {
    return reference >= 0 && this.#stale[reference] === 1;
  }

  markStale(node: number): void {
    this.#stale[node] = 1;
  }

  /** The leaf of the subtree that agrees with `key` in every bit that the walk to it tests. */
  nearest(root: number, key: Uint8Array, length: number): number {
    const { chunks } = this.#nodes;
    let reference = root;
    while (reference >= 0) {
      const words = chunks[reference >>> chunkShift] as Int32Array;
      const at = (reference & chunkMask) * 3;
      reference = words[at + 1 + bitAt(key, length, words[at] as number)] as number;
    }
    return ~reference;
  }

  /** As KeyArena has it: -1 if the key of `slot` is `key`. */
  firstDifference(slot: number, key: Uint8Array, length: number): number {
    return this.#keys.firstDifference(this.#addressOf(slot), key, length);
  }

  keyLength(slot: number): number {
    return this.#keys.lengthAt(this.#addressOf(slot));
  }

  /** The caller's own copies. */
  leaf(slot: number): MapLeaf {
    return { key: this.#keys.viewAt(this.#addressOf(slot)).slice(), recordHash: this.record(slot) };
  }

  /** Where it lies: valid until the map changes. */
  leafView(slot: number): MapLeaf {
    const key = this.#keys.viewAt(this.#addressOf(slot));
    return { key, recordHash: this.#records.view(slot) };
  }

  record(slot: number): Uint8Array {
    return this.#records.view(slot).slice();
  }

  /** Of a leaf whose record was replaced. */
  restated(slot: number): Restated | undefined {
    const item = this.#itemOf(slot);
    return item === 0 ? undefined : this.#restated.at(item - 1);
  }

  hashOf(reference: number): Uint8Array {
    return reference >= 0 ? this.#hashes.view(reference).slice() : this.#leafHash(~reference);
  }

  /** Of a node, where it lies. */
  hashView(node: number): Uint8Array {
    return this.#hashes.view(node);
  }

  /** For a node whose hash is known from elsewhere. */
  setHash(node: number, hash: Uint8Array): void {
    this.#hashes.set(node, hash);
    this.#stale[node] = 0;
  }

  /** `below` is the slot of any leaf under the node: it lends the bits that all of them share. */
  rehash(node: number, below: number): void {
    const scratch = this.#nodeScratch;
    const bit = this.bitOf(node);
    const prefixEnd = 3 + ((bit + 7) >> 3);
    this.#keys.copy(this.#addressOf(below), scratch, 3);
    scratch[0] = 1;
    scratch[1] = bit >> 8;
    scratch[2] = bit;
    if (bit % 8 !== 0) {
      scratch[prefixEnd - 1] = (scratch[prefixEnd - 1] as number) & (0xff << (8 - (bit % 8)));
    }
    this.#copyHash(this.childOf(node, 0), scratch, prefixEnd);
    this.#copyHash(this.childOf(node, 1), scratch, prefixEnd + 32);
    this.#hashes.set(node, this.hash(scratch.subarray(0, prefixEnd + 64)));
    this.#stale[node] = 0;
  }

  /** The first leaf of the subtree. */
  slotBelow(reference: number): number {
    let below = reference;
    while (below >= 0) below = this.childOf(below, 0);
    return ~below;
  }

  #copyHash(reference: number, into: Uint8Array, at: number): void {
    if (reference >= 0) this.#hashes.copy(reference, into, at);
    else into.set(this.#leafHash(~reference), at);
  }

  /** Not kept: a leaf's record hash serves proofs of its neighbours too, and this is one hash. */
  #leafHash(slot: number): Uint8Array {
    const scratch = this.#leafScratch;
    const length = this.#keys.copy(this.#addressOf(slot), scratch, 5);
    scratch[1] = 0;
    scratch[2] = 0;
    scratch[3] = length >> 8;
    scratch[4] = length;
    this.#records.copy(slot, scratch, 5 + length);
    return this.hash(scratch.subarray(0, 5 + length + 32));
  }

  #reserveStale(nodeLimit: number): void {
    if (this.#stale.length >= nodeLimit) return;
    const grown = new Uint8Array(this.#stale.length * 2);
    grown.set(this.#stale);
    this.#stale = grown;
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

  #itemOf(slot: number): number {
    return (this.#restatedItems.chunks[slot >>> chunkShift] as Int32Array)[
      slot & chunkMask
    ] as number;
  }

  #setItem(slot: number, item: number): void {
    (this.#restatedItems.chunks[slot >>> chunkShift] as Int32Array)[slot & chunkMask] = item;
  }

  #slotWord(slot: number): number {
    return (this.#slots.chunks[slot >>> chunkShift] as Int32Array)[slot & chunkMask] as number;
  }

  #setSlotWord(slot: number, value: number): void {
    (this.#slots.chunks[slot >>> chunkShift] as Int32Array)[slot & chunkMask] = value;
  }
}
