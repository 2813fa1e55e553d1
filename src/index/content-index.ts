import { invariant } from '../base/invariant.js';
import { WordTable } from '../merkle/word-table.js';
import type { EntryTable } from './entry-table.js';

const linkShift = 17; // 1 MiB of links a chunk
const linkMask = 2 ** linkShift - 1;
const bucketShift = 18; // 1 MiB of buckets a chunk
const bucketMask = 2 ** bucketShift - 1;
const bucketsFirst = 64;

/**
 * From a content's SHA-256 to the slots that have it. Buckets, by linear hashing on the hash's
 * first word, hold chains of heads, one for each distinct content; behind each head hangs the
 * chain of its duplicates, linked both ways. One insert splits at most one bucket, so growth
 * never stalls, and a million slots of one content cost no more to enter or leave than one.
 *
 * Links by slot are two words. next: 1 + the next duplicate's slot, 0 at the end. previous: 1 + the
 * slot before among duplicates; of a head -(1 + the next head's slot of the bucket), or 0.
 * Slots without content are not in here, and their links are 0.
 */
export class ContentIndex {
  readonly #links = new WordTable(2, linkShift);
  readonly #buckets = new WordTable(1, bucketShift); // 1 + the first head's slot, 0 when empty
  #bucketCount = 0;
  #contentCount = 0;
  readonly #hash = new Uint8Array(32); // of a look-up, aligned as the rows are
  readonly #hashWords = new Uint32Array(this.#hash.buffer);

  constructor(private readonly entries: EntryTable) {}

  get contentCount(): number {
    return this.#contentCount;
  }

  get bucketCount(): number {
    return this.#bucketCount;
  }

  /** Enters `slot`, whose row is set and has a content. */
  insert(slot: number): void {
    this.#links.reserve(slot + 1);
    const bucket = this.#bucketOf(this.entries.hashWordAt(slot));
    for (let head = this.#first(bucket); head >= 0; head = this.#nextHead(head)) {
      if (!this.entries.hasSameContent(head, slot)) continue;
      const second = this.#link(head, 0);
      this.#setLinks(slot, second, head + 1);
      if (second > 0) this.#setLink(second - 1, 1, slot + 1);
      this.#setLink(head, 0, slot + 1);
      return;
    }
    this.#pushHead(bucket, slot);
    this.#contentCount++;
    if (this.#contentCount > this.#bucketCount) this.#split();
  }

  /** Takes out `slot`, whose row still is what it was at insert. */
  remove(slot: number): void {
    const next = this.#link(slot, 0);
    const previous = this.#link(slot, 1);
    if (previous > 0) {
      this.#setLink(previous - 1, 0, next);
      if (next > 0) this.#setLink(next - 1, 1, previous);
    } else if (next > 0) {
      this.#replaceHead(slot, next); // the second becomes the head in its place
      this.#setLink(next - 1, 1, previous);
    } else {
      this.#replaceHead(slot, -previous);
      this.#contentCount--;
    }
    this.#setLinks(slot, 0, 0);
  }

  /** Visits the slots that have this content, in no promised order, until `visit` says false. */
  scan(sha256: Uint8Array, visit: (slot: number) => boolean): void {
    invariant(sha256.length === 32, 'a SHA-256 is 32 bytes');
    if (this.#bucketCount === 0) return;
    this.#hash.set(sha256);
    const bucket = this.#bucketOf(this.#hashWords[0] as number);
    let slot = this.#first(bucket);
    while (slot >= 0 && !this.entries.contentIs(slot, this.#hashWords)) slot = this.#nextHead(slot);
    while (slot >= 0 && visit(slot)) slot = this.#link(slot, 0) - 1;
  }

  /** An empty table takes these counts; its parts are then to be filled from a snapshot. */
  resize(bucketCount: number, contentCount: number): void {
    invariant(this.#bucketCount === 0, 'only an empty table is filled from outside');
    this.#bucketCount = bucketCount;
    this.#contentCount = contentCount;
  }

  /** Links of the first `slotCount` slots, and all buckets; views, not copies. */
  parts(slotCount: number): { links: Uint8Array[]; buckets: Uint8Array[] } {
    const links = this.#links.parts(slotCount);
    return { links, buckets: this.#buckets.parts(this.#bucketCount) };
  }

  #bucketOf(hashWord: number): number {
    if (this.#bucketCount === 0) {
      this.#buckets.reserve(bucketsFirst);
      this.#bucketCount = bucketsFirst;
    }
    const half = 2 ** (31 - Math.clz32(this.#bucketCount)); // buckets from here on are split ones
    const bucket = (hashWord & (2 * half - 1)) >>> 0;
    return bucket < this.#bucketCount ? bucket : bucket - half;
  }

  /** Adds a bucket and moves into it what now belongs there, all from one other bucket. */
  #split(): void {
    const added = this.#bucketCount;
    const from = added - 2 ** (31 - Math.clz32(added));
    this.#buckets.reserve(added + 1);
    this.#bucketCount = added + 1;
    let head = this.#first(from);
    this.#setFirst(from, 0);
    this.#setFirst(added, 0);
    while (head >= 0) {
      const next = this.#nextHead(head);
      this.#pushHead(this.#bucketOf(this.entries.hashWordAt(head)), head);
      head = next;
    }
  }

  #pushHead(bucket: number, slot: number): void {
    this.#setLink(slot, 1, -(this.#first(bucket) + 1));
    this.#setFirst(bucket, slot + 1);
  }

  /** What pointed at the head `slot` points at `replacement` (1 + a slot, or 0) instead. */
  #replaceHead(slot: number, replacement: number): void {
    const bucket = this.#bucketOf(this.entries.hashWordAt(slot));
    let head = this.#first(bucket);
    if (head === slot) {
      this.#setFirst(bucket, replacement);
      return;
    }
    while (this.#nextHead(head) !== slot) {
      head = this.#nextHead(head);
      invariant(head >= 0, 'a head is in its bucket');
    }
    this.#setLink(head, 1, -replacement);
  }

  #nextHead(head: number): number {
    return -this.#link(head, 1) - 1;
  }

  #first(bucket: number): number {
    const words = this.#buckets.chunks[bucket >>> bucketShift] as Int32Array;
    return (words[bucket & bucketMask] as number) - 1;
  }

  #setFirst(bucket: number, value: number): void {
    (this.#buckets.chunks[bucket >>> bucketShift] as Int32Array)[bucket & bucketMask] = value;
  }

  #link(slot: number, which: 0 | 1): number {
    const words = this.#links.chunks[slot >>> linkShift] as Int32Array;
    return words[(slot & linkMask) * 2 + which] as number;
  }

  #setLink(slot: number, which: 0 | 1, value: number): void {
    const words = this.#links.chunks[slot >>> linkShift] as Int32Array;
    words[(slot & linkMask) * 2 + which] = value;
  }

  #setLinks(slot: number, next: number, previous: number): void {
    this.#setLink(slot, 0, next);
    this.#setLink(slot, 1, previous);
  }
}
