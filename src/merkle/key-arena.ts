import { invariant } from '../base/invariant.js';

const granuleBytes = 8;
const chunkShift = 20; // granules in a full chunk, as a power of two: 8 MiB
const chunkMask = 2 ** chunkShift - 1;
const chunkFirstBytes = 4096;
const blockGranulesMax = 1024;
const granulesMax = 2 ** 32; // 32 GiB of keys

export const keyBytesMax = blockGranulesMax * granuleBytes - 2;

/**
 * Byte strings in blocks of whole granules: length u16le, bytes, zeros up to the granule. A freed
 * block goes to the list of its own size and the next key of that size takes it, so replacing
 * keys never grows the arena. Addresses are granule numbers and never move.
 *
 * A free block is zero (names that were removed do not linger in snapshots), but for its first
 * word: the next free block's address, which ends the list by pointing at itself.
 */
export class KeyArena {
  readonly #chunks: Uint8Array[] = [];
  readonly #words: Uint32Array[] = []; // the same bytes, for the links of free blocks
  #limit = 0; // granules ever used: the next new block begins here or in the next chunk
  /** By size in granules, free blocks: [head address, count of blocks]. */
  readonly #free = new Uint32Array(2 * (blockGranulesMax + 1));

  get limitGranules(): number {
    return this.#limit;
  }

  /** Stores `key[0, length)`; returns its address. */
  add(key: Uint8Array, length: number): number {
    invariant(length <= keyBytesMax, 'a key fits a block');
    const granules = (length + 2 + granuleBytes - 1) >>> 3;
    const address = this.#takeFree(granules) ?? this.#extend(granules);
    const bytes = this.#chunks[address >>> chunkShift] as Uint8Array;
    const at = (address & chunkMask) * granuleBytes;
    bytes[at] = length;
    bytes[at + 1] = length >>> 8;
    for (let i = 0; i < length; i++) bytes[at + 2 + i] = key[i] as number;
    return address;
  }

  remove(address: number): void {
    const granules = (this.lengthAt(address) + 2 + granuleBytes - 1) >>> 3;
    this.#giveFree(address, granules);
  }

  lengthAt(address: number): number {
    const bytes = this.#chunks[address >>> chunkShift] as Uint8Array;
    const at = (address & chunkMask) * granuleBytes;
    return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  }

  /** A view of the key at `address`, valid until it is removed. */
  viewAt(address: number): Uint8Array {
    const bytes = this.#chunks[address >>> chunkShift] as Uint8Array;
    const at = (address & chunkMask) * granuleBytes + 2;
    return bytes.subarray(at, at + this.lengthAt(address));
  }

  /** Copies the key at `address` to `into[at, ...)`; returns its length. */
  copy(address: number, into: Uint8Array, at: number): number {
    const bytes = this.#chunks[address >>> chunkShift] as Uint8Array;
    const from = (address & chunkMask) * granuleBytes + 2;
    const length = this.lengthAt(address);
    invariant(at + length <= into.length, 'the key fits');
    for (let i = 0; i < length; i++) into[at + i] = bytes[from + i] as number;
    return length;
  }

  /**
   * The first bit in which the key at `address` and `key[0, length)` differ: 8 x the byte + the
   * bit from the top. If one begins with the other, 8 x the shorter length; if equal, -1.
   */
  firstDifference(address: number, key: Uint8Array, length: number): number {
    const bytes = this.#chunks[address >>> chunkShift] as Uint8Array;
    const at = (address & chunkMask) * granuleBytes;
    const stored = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    const shorter = Math.min(stored, length);
    for (let i = 0; i < shorter; i++) {
      const difference = (bytes[at + 2 + i] as number) ^ (key[i] as number);
      if (difference !== 0) return i * 8 + Math.clz32(difference) - 24;
    }
    return stored === length ? -1 : shorter * 8;
  }

  /** For snapshots: the blocks, and the lists of free ones. Views, not copies. */
  parts(): { blocks: Uint8Array[]; free: Uint8Array } {
    const blocks: Uint8Array[] = [];
    let bytesLeft = this.#limit * granuleBytes;
    for (const chunk of this.#chunks) {
      if (bytesLeft > 0) blocks.push(chunk.subarray(0, Math.min(bytesLeft, chunk.length)));
      bytesLeft -= chunk.length;
    }
    return { blocks, free: new Uint8Array(this.#free.buffer) };
  }

  /** Makes room for the parts of an arena of `limitGranules`, for a snapshot to be read into. */
  resize(limitGranules: number): void {
    invariant(this.#limit === 0, 'only an empty arena is filled from outside');
    while (this.#capacity() < limitGranules) this.#addCapacity(limitGranules);
    this.#limit = limitGranules;
  }

  #takeFree(granules: number): number | undefined {
    const count = this.#free[granules * 2 + 1] as number;
    if (count === 0) return undefined;
    const address = this.#free[granules * 2] as number;
    const words = this.#words[address >>> chunkShift] as Uint32Array;
    const at = (address & chunkMask) * 2;
    this.#free[granules * 2] = words[at] as number;
    this.#free[granules * 2 + 1] = count - 1;
    words[at] = 0;
    return address;
  }

  #giveFree(address: number, granules: number): void {
    const words = this.#words[address >>> chunkShift] as Uint32Array;
    const at = (address & chunkMask) * 2;
    words.fill(0, at, at + granules * 2);
    const count = this.#free[granules * 2 + 1] as number;
    words[at] = count === 0 ? address : (this.#free[granules * 2] as number);
    this.#free[granules * 2] = address;
    this.#free[granules * 2 + 1] = count + 1;
  }

  #extend(granules: number): number {
    const chunkLeft = (chunkMask + 1 - (this.#limit & chunkMask)) & chunkMask;
    if (chunkLeft > 0 && chunkLeft < granules) {
      this.#giveFree(this.#limit, chunkLeft); // a block never straddles chunks
      this.#limit += chunkLeft;
    }
    const address = this.#limit;
    while (this.#capacity() < address + granules) this.#addCapacity(address + granules);
    this.#limit = address + granules;
    return address;
  }

  #capacity(): number {
    if (this.#chunks.length > 1) return this.#chunks.length * (chunkMask + 1);
    return (this.#chunks[0]?.length ?? 0) / granuleBytes;
  }

  /** Doubles the first chunk until it is full, then adds chunks and copies nothing. */
  #addCapacity(granulesWanted: number): void {
    invariant(granulesWanted <= granulesMax, 'addresses fit 32 bits');
    const chunkBytes = (chunkMask + 1) * granuleBytes;
    const first = this.#chunks[0];
    if (first === undefined || first.length < chunkBytes) {
      let sizeBytes = Math.max(chunkFirstBytes, (first?.length ?? 0) * 2);
      while (sizeBytes < granulesWanted * granuleBytes && sizeBytes < chunkBytes) sizeBytes *= 2;
      const grown = new Uint8Array(sizeBytes);
      if (first !== undefined) grown.set(first);
      this.#chunks[0] = grown;
      this.#words[0] = new Uint32Array(grown.buffer);
      return;
    }
    const chunk = new Uint8Array(chunkBytes);
    this.#chunks.push(chunk);
    this.#words.push(new Uint32Array(chunk.buffer));
  }
}

/** Bits are counted from the top of byte 0; beyond the key's end they are 0. */
export function bitAt(key: Uint8Array, length: number, bit: number): number {
  const byte = bit >>> 3;
  return byte < length ? ((key[byte] as number) >>> (7 - (bit & 7))) & 1 : 0;
}
