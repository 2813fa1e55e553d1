import { invariant } from '../base/invariant.js';

const itemsFirst = 64;

/**
 * Items of a few 32-bit words each, by number, in chunks: growth adds a chunk and never copies
 * what is there (only the first chunk is copied, while it is small), so no insert ever stalls.
 * Hot loops index `chunks` themselves. New items are zero; pages never touched take no memory.
 */
export class WordTable {
  readonly chunks: Int32Array[] = [];
  #itemCapacity = 0;

  constructor(
    readonly wordsPerItem: number,
    readonly chunkShift: number, // log2 of the items in a full chunk
  ) {}

  /** Makes items 0 to itemCount - 1 exist. */
  reserve(itemCount: number): void {
    if (itemCount > this.#itemCapacity) this.#grow(itemCount);
  }

  /** The bytes of items 0 to itemCount - 1, in order: views, not copies. */
  parts(itemCount: number): Uint8Array[] {
    this.reserve(itemCount);
    const itemsPerChunk = 2 ** this.chunkShift;
    const parts: Uint8Array[] = [];
    for (const [index, { buffer, length }] of this.chunks.entries()) {
      const items = Math.min(itemCount - index * itemsPerChunk, length / this.wordsPerItem);
      if (items > 0) parts.push(new Uint8Array(buffer, 0, items * this.wordsPerItem * 4));
    }
    return parts;
  }

  #grow(itemCount: number): void {
    invariant(itemCount <= 2 ** 31 - 1, 'item numbers fit 31 bits');
    const itemsPerChunk = 2 ** this.chunkShift;
    const first = this.chunks[0];
    const itemsFirstNow = first === undefined ? 0 : first.length / this.wordsPerItem;
    if (itemsFirstNow < itemsPerChunk) {
      let items = Math.max(itemsFirst, itemsFirstNow * 2);
      while (items < itemCount && items < itemsPerChunk) items *= 2;
      const grown = new Int32Array(Math.min(items, itemsPerChunk) * this.wordsPerItem);
      if (first !== undefined) grown.set(first);
      this.chunks[0] = grown;
      this.#itemCapacity = grown.length / this.wordsPerItem;
    }
    while (this.#itemCapacity < itemCount) {
      this.chunks.push(new Int32Array(itemsPerChunk * this.wordsPerItem));
      this.#itemCapacity += itemsPerChunk;
    }
  }
}
