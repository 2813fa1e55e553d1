import { invariant } from '../base/invariant.js';
import { entryRow, type IndexShape } from '../format/index-snapshot.js';
import { versionOf } from '../format/key-encoding.js';
import { CritBitTrie } from '../merkle/crit-bit-trie.js';
import { keyBytesMax } from '../merkle/key-arena.js';
import { ContentIndex } from './content-index.js';
import { type EntryFields, EntryTable } from './entry-table.js';

export interface IndexEntry extends EntryFields {
  version: number; // as the last 8 bytes of the key say
}

/**
 * Versions of keys in order, newest first, each with what the log says of it; and the slots by
 * content. Keys are those of src/format/key-encoding.ts, or any others of which none begins
 * another and whose last 8 bytes are u64be(~version). No JavaScript object per entry.
 *
 * A slot stands for its entry until that is removed; then it may be given to another. Every `key`
 * can be the first `length` bytes of a scratch.
 */
export class ObjectIndex {
  readonly #trie = new CritBitTrie();
  readonly #entries = new EntryTable();
  readonly #contents = new ContentIndex(this.#entries);
  #changeCount = 0;
  /** Counted when first asked for: what comes from a snapshot was not seen to come. */
  #sizeBytes: number | undefined;

  get count(): number {
    return this.#trie.count;
  }

  /** The lengths of all keys together. */
  get keyBytes(): number {
    return this.#trie.keyBytes;
  }

  /** The sizes of all entries together. */
  get sizeBytes(): number {
    if (this.#sizeBytes === undefined) {
      let sum = 0;
      for (let slot = 0; slot < this.slotLimit; slot++) sum += this.sizeAt(slot); // 0: free
      this.#sizeBytes = sum;
    }
    return this.#sizeBytes;
  }

  /** All slots ever used are below it; `sequenceAt` of one that is free is 0. */
  get slotLimit(): number {
    return this.#trie.slotLimit;
  }

  /** Grows with every change: whoever reads over some time can see that nothing changed. */
  get changeCount(): number {
    return this.#changeCount;
  }

  /** Adds a version that is not there. */
  insert(key: Uint8Array, entry: EntryFields, length = key.length): number {
    return this.#set(this.#trie.insert(key, length), entry);
  }

  /** Adds a version whose key is above all others: far cheaper than insert() in a run of calls. */
  append(key: Uint8Array, entry: EntryFields, length = key.length): number {
    return this.#set(this.#trie.append(key, length), entry);
  }

  /** Whether `key` was there. */
  remove(key: Uint8Array, length = key.length): boolean {
    const slot = this.#trie.remove(key, length);
    if (slot < 0) return false;
    this.#changeCount++;
    if (this.#sizeBytes !== undefined) this.#sizeBytes -= this.#entries.sizeAt(slot);
    if (this.#entries.hasContent(slot)) this.#contents.remove(slot);
    this.#entries.clear(slot);
    return true;
  }

  /** The slot of exactly this version, or -1. */
  find(key: Uint8Array, length = key.length): number {
    return this.#trie.find(key, length);
  }

  /** The slot of the newest version under a keyPrefix(), or -1. */
  current(prefix: Uint8Array, length = prefix.length): number {
    return this.#trie.firstWithPrefix(prefix, length);
  }

  /** The slot of the first key >= `key`, or -1. */
  firstAtOrAfter(key: Uint8Array, length = key.length): number {
    return this.#trie.firstAtOrAfter(key, length);
  }

  /** Visits slots in key order until `visit` says false. The index must not change meanwhile. */
  scan(from: Uint8Array, visit: (slot: number) => boolean, length = from.length): void {
    this.#trie.scan(from, visit, length);
  }

  /** The caller's own copy. */
  entry(slot: number): IndexEntry {
    return { ...this.#entries.get(slot), version: this.versionAt(slot) };
  }

  /** The caller's own copy. */
  key(slot: number): Uint8Array {
    return this.#trie.key(slot);
  }

  /** The key where it lies: valid until the index changes, never to be written. */
  keyView(slot: number): Uint8Array {
    return this.#trie.keyView(slot);
  }

  /** Copies the key to `into[0, ...)`; returns its length. */
  copyKey(slot: number, into: Uint8Array): number {
    return this.#trie.copyKey(slot, into);
  }

  /** Negative, 0 or positive as the key of `slot` is before, equal to or after `key`. */
  compareKey(slot: number, key: Uint8Array, length = key.length): number {
    return this.#trie.compareKey(slot, key, length);
  }

  keyStartsWith(slot: number, prefix: Uint8Array, length = prefix.length): boolean {
    return this.#trie.startsWith(slot, prefix, length);
  }

  versionAt(slot: number): number {
    return versionOf(this.#trie.keyView(slot));
  }

  sequenceAt(slot: number): number {
    return this.#entries.sequenceAt(slot);
  }

  mutationAt(slot: number): number {
    return this.#entries.mutationAt(slot);
  }

  sizeAt(slot: number): number {
    return this.#entries.sizeAt(slot);
  }

  timeAt(slot: number): number {
    return this.#entries.timeAt(slot);
  }

  expiresAt(slot: number): number {
    return this.#entries.expiresAt(slot);
  }

  flagsAt(slot: number): number {
    return this.#entries.flagsAt(slot);
  }

  /** The slots of all entries with this content, in no promised order: there may be millions. */
  withContent(sha256: Uint8Array): number[] {
    const slots: number[] = [];
    this.scanContent(sha256, (slot) => {
      slots.push(slot);
      return true;
    });
    return slots;
  }

  /** The same, one at a time until `visit` says false. The index must not change meanwhile. */
  scanContent(sha256: Uint8Array, visit: (slot: number) => boolean): void {
    this.#contents.scan(sha256, visit);
  }

  /**
   * Everything that the index holds, in key order: u16le length, key, row (SPEC.md §8.2) of each
   * entry. The same for the same entries, whatever was there before them.
   * @param update takes bytes that are valid until it returns
   */
  digest(update: (bytes: Uint8Array) => void): void {
    const buffer = new Uint8Array(64 * 1024);
    let filled = 0;
    this.scan(new Uint8Array(0), (slot) => {
      if (filled + 2 + keyBytesMax + entryRow.sizeOf > buffer.length) {
        update(buffer.subarray(0, filled));
        filled = 0;
      }
      const length = this.#trie.copyKey(slot, buffer, filled + 2);
      buffer[filled] = length;
      buffer[filled + 1] = length >>> 8;
      const row = filled + 2 + length;
      buffer.set(this.#entries.rowView(slot), row);
      buffer.fill(0, row + entryRow.checksumKind, row + entryRow.sizeOf); // the snapshot's alone
      filled += 2 + length + entryRow.sizeOf;
      return true;
    });
    if (filled > 0) update(buffer.subarray(0, filled));
  }

  get shape(): IndexShape {
    const { contentCount, bucketCount } = this.#contents;
    return { ...this.#trie.shape, contentCount, bucketCount };
  }

  /** All of the index's memory: views, not copies, in the order of the snapshot's sections. */
  sections(): { name: string; parts: Uint8Array[] }[] {
    const slotLimit = this.#trie.slotLimit;
    const { nodes, slots, blocks, free } = this.#trie.parts();
    const { links, buckets } = this.#contents.parts(slotLimit);
    return [
      { name: 'nodes', parts: nodes },
      { name: 'slots', parts: slots },
      { name: 'keys', parts: blocks },
      { name: 'free-keys', parts: [free] },
      { name: 'entries', parts: this.#entries.parts(slotLimit) },
      { name: 'links', parts: links },
      { name: 'buckets', parts: buckets },
    ];
  }

  /** An index of this shape whose sections() are to be filled before anything else is asked. */
  static ofShape(shape: IndexShape): ObjectIndex {
    const index = new ObjectIndex();
    index.#trie.resize(shape);
    index.#contents.resize(shape.bucketCount, shape.contentCount);
    return index;
  }

  #set(slot: number, entry: EntryFields): number {
    this.#changeCount++;
    if (this.#sizeBytes !== undefined) this.#sizeBytes += entry.sizeBytes;
    this.#entries.set(slot, entry);
    if (this.#entries.hasContent(slot)) this.#contents.insert(slot);
    else invariant(entry.sha256 === undefined, 'no content has a hash of zeros');
    return slot;
  }
}
