import { invariant } from '../base/invariant.js';
import { entryRow } from '../format/index-snapshot.js';

const chunkShift = 17; // 11 MiB of rows a chunk
const rowsPerChunk = 2 ** chunkShift;
const chunkMask = rowsPerChunk - 1;
const rowsFirst = 64;
const rowBytes = entryRow.sizeOf;
const hashWords = 8;

/** What an index knows of one version, without its key. */
export interface EntryFields {
  sequence: number; // of the record that holds the mutation
  mutation: number; // its index within that record, u16
  sizeBytes: number;
  timeMs: number;
  expiresMs: number; // 0 = never
  flags: number; // u16, the caller's own
  partCount: number; // u16
  checksumKind: number; // u16; 0 none
  etag: Uint8Array; // 16 bytes
  sha256: Uint8Array | undefined; // 32 bytes, not all zero
}

/** One chunk of rows under the views that its fields need; all share one buffer. */
interface Chunk {
  floats: Float64Array;
  words: Uint32Array;
  halves: Uint16Array;
  bytes: Uint8Array;
}

/**
 * Rows of 88 bytes by slot (SPEC.md "Index snapshot"). A row is one or two cache lines, where a
 * column each would be nine. Growth adds chunks and copies only the first, while it is small.
 */
export class EntryTable {
  readonly #chunks: Chunk[] = [];
  #capacity = 0;

  reserve(rowCount: number): void {
    while (this.#capacity < rowCount) this.#grow(rowCount);
  }

  set(slot: number, entry: EntryFields): void {
    invariant(entry.etag.length === 16, 'an etag is 16 bytes');
    invariant(entry.sha256 === undefined || entry.sha256.length === 32, 'a SHA-256 is 32 bytes');
    this.reserve(slot + 1);
    const { floats, halves, bytes } = this.#chunkOf(slot);
    const at = (slot & chunkMask) * rowBytes;
    const float = at >>> 3;
    floats[float] = entry.sequence;
    floats[float + 1] = entry.sizeBytes;
    floats[float + 2] = entry.timeMs;
    floats[float + 3] = entry.expiresMs;
    for (let i = 0; i < 16; i++) bytes[at + entryRow.etag + i] = entry.etag[i] as number;
    const { sha256 } = entry;
    for (let i = 0; i < 32; i++)
      bytes[at + entryRow.sha256 + i] = sha256 === undefined ? 0 : (sha256[i] as number);
    const half = (at + entryRow.mutation) >>> 1;
    halves[half] = entry.mutation;
    halves[half + 1] = entry.flags;
    halves[half + 2] = entry.partCount;
    halves[half + 3] = entry.checksumKind;
  }

  clear(slot: number): void {
    const at = (slot & chunkMask) * rowBytes;
    this.#chunkOf(slot).bytes.fill(0, at, at + rowBytes);
  }

  get(slot: number): EntryFields {
    return {
      sequence: this.sequenceAt(slot),
      mutation: this.#half(slot, entryRow.mutation),
      sizeBytes: this.sizeAt(slot),
      timeMs: this.timeAt(slot),
      expiresMs: this.expiresAt(slot),
      flags: this.flagsAt(slot),
      partCount: this.#half(slot, entryRow.partCount),
      checksumKind: this.#half(slot, entryRow.checksumKind),
      etag: this.rowView(slot).slice(entryRow.etag, entryRow.etag + 16),
      sha256: this.hasContent(slot)
        ? this.rowView(slot).slice(entryRow.sha256, entryRow.sha256 + 32)
        : undefined,
    };
  }

  sequenceAt(slot: number): number {
    return this.#float(slot, entryRow.sequence);
  }

  mutationAt(slot: number): number {
    return this.#half(slot, entryRow.mutation);
  }

  sizeAt(slot: number): number {
    return this.#float(slot, entryRow.sizeBytes);
  }

  timeAt(slot: number): number {
    return this.#float(slot, entryRow.timeMs);
  }

  expiresAt(slot: number): number {
    return this.#float(slot, entryRow.expiresMs);
  }

  flagsAt(slot: number): number {
    return this.#half(slot, entryRow.flags);
  }

  hasContent(slot: number): boolean {
    const { words } = this.#chunkOf(slot);
    const at = this.#hashAt(slot);
    for (let i = 0; i < hashWords; i++) if (words[at + i] !== 0) return true;
    return false;
  }

  /** The first word of the content's hash. */
  hashWordAt(slot: number): number {
    return this.#chunkOf(slot).words[this.#hashAt(slot)] as number;
  }

  hasSameContent(slot: number, otherSlot: number): boolean {
    const other = this.#chunkOf(otherSlot).words;
    return this.#hashEquals(slot, other, this.#hashAt(otherSlot));
  }

  /** Whether the content's hash is `hash`: 32 bytes as 8 words of this machine. */
  contentIs(slot: number, hash: Uint32Array): boolean {
    return this.#hashEquals(slot, hash, 0);
  }

  /** The row where it lies: valid until the slot changes, never to be written. */
  rowView(slot: number): Uint8Array {
    const at = (slot & chunkMask) * rowBytes;
    return this.#chunkOf(slot).bytes.subarray(at, at + rowBytes);
  }

  /** The bytes of the first `rowCount` rows; views, not copies. */
  parts(rowCount: number): Uint8Array[] {
    this.reserve(rowCount);
    const parts: Uint8Array[] = [];
    for (const [index, { bytes }] of this.#chunks.entries()) {
      const rowsLeft = rowCount - index * rowsPerChunk;
      if (rowsLeft > 0) parts.push(bytes.subarray(0, rowsLeft * rowBytes));
    }
    return parts;
  }

  #hashEquals(slot: number, hash: Uint32Array, from: number): boolean {
    const { words } = this.#chunkOf(slot);
    const at = this.#hashAt(slot);
    for (let i = 0; i < hashWords; i++) if (words[at + i] !== hash[from + i]) return false;
    return true;
  }

  #hashAt(slot: number): number {
    return ((slot & chunkMask) * rowBytes + entryRow.sha256) >>> 2;
  }

  #float(slot: number, field: number): number {
    return this.#chunkOf(slot).floats[((slot & chunkMask) * rowBytes + field) >>> 3] as number;
  }

  #half(slot: number, field: number): number {
    return this.#chunkOf(slot).halves[((slot & chunkMask) * rowBytes + field) >>> 1] as number;
  }

  #chunkOf(slot: number): Chunk {
    return this.#chunks[slot >>> chunkShift] as Chunk;
  }

  #grow(rowCount: number): void {
    const first = this.#chunks[0];
    if (this.#capacity < rowsPerChunk) {
      let rows = Math.max(rowsFirst, this.#capacity * 2);
      while (rows < rowCount && rows < rowsPerChunk) rows *= 2;
      const grown = newChunk(rows);
      if (first !== undefined) grown.bytes.set(first.bytes);
      this.#chunks[0] = grown;
      this.#capacity = rows;
    } else {
      this.#chunks.push(newChunk(rowsPerChunk));
      this.#capacity += rowsPerChunk;
    }
  }
}

function newChunk(rows: number): Chunk {
  const buffer = new ArrayBuffer(rows * rowBytes);
  return {
    floats: new Float64Array(buffer),
    words: new Uint32Array(buffer),
    halves: new Uint16Array(buffer),
    bytes: new Uint8Array(buffer),
  };
}
