import { invariant } from '../base/invariant.js';
import {
  encodeFooterEntryHead,
  footerEntryBytes,
  footerEntryHeadBytes,
  footerUnitBytes,
} from '../format/footer.js';

/** Where each record of one segment stands, by number; typed arrays, no object per record. */
export class RecordTable {
  #units: Uint32Array;
  #count = 0;
  #endUnits = 0;

  constructor(
    readonly first: number,
    units: Uint32Array = new Uint32Array(256),
    count = 0,
    endOffset = 0,
  ) {
    this.#units = units;
    this.#count = count;
    this.#endUnits = endOffset / footerUnitBytes;
  }

  get count(): number {
    return this.#count;
  }

  /** The number behind the last record. */
  get end(): number {
    return this.first + this.#count;
  }

  /** Where the last record ends. */
  get endOffset(): number {
    return this.#endUnits * footerUnitBytes;
  }

  /** The offsets, divided by 8. */
  get units(): Uint32Array {
    return this.#units.subarray(0, this.#count);
  }

  add(sequence: number, offset: number, sizeBytes: number): void {
    invariant(sequence === this.end, 'a table takes records in order, without gaps');
    if (this.#count === this.#units.length) {
      const grown = new Uint32Array(2 * this.#count);
      grown.set(this.#units);
      this.#units = grown;
    }
    this.#units[this.#count++] = offset / footerUnitBytes;
    this.#endUnits = (offset + sizeBytes) / footerUnitBytes;
  }

  /** A record that no longer stands anywhere; offset 0 is never a record's. */
  addLost(sequence: number): void {
    const endOffset = this.endOffset;
    this.add(sequence, 0, 0);
    this.#endUnits = endOffset / footerUnitBytes;
  }

  /**
   * The place of a record, and how far it may reach at most: up to the next one, across the
   * padding and header of a batch that may lie between. Undefined: not here, or lost.
   */
  locate(sequence: number): { offset: number; reachBytes: number } | undefined {
    const index = sequence - this.first;
    if (index < 0 || index >= this.#count) return undefined;
    const unit = this.#units[index] ?? 0;
    if (unit === 0) return undefined;
    let next = this.#endUnits;
    for (let after = index + 1; after < this.#count; after++) {
      const found = this.#units[after] ?? 0;
      if (found === 0) continue;
      next = found;
      break;
    }
    return { offset: unit * footerUnitBytes, reachBytes: (next - unit) * footerUnitBytes };
  }
}

/** The commits area of a footer in the making (SPEC.md §6); filled while its segment is. */
export class CommitsArea {
  readonly #chunks: Uint8Array[] = [];
  #last = new Uint8Array(0);
  #used = 0;
  #count = 0;
  #sizeBytes = 0;

  get count(): number {
    return this.#count;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  add(sequence: number, flags: number, meta: Uint8Array): void {
    const sizeBytes = footerEntryBytes(meta.length);
    if (this.#used + sizeBytes > this.#last.length) this.#grow(sizeBytes);
    encodeFooterEntryHead(this.#last, this.#used, { sequence, metaBytes: meta.length, flags });
    this.#last.set(meta, this.#used + footerEntryHeadBytes);
    this.#used += sizeBytes;
    this.#sizeBytes += sizeBytes;
    this.#count++;
  }

  chunks(): readonly Uint8Array[] {
    return [...this.#chunks, this.#last.subarray(0, this.#used)];
  }

  #grow(sizeBytes: number): void {
    if (this.#used > 0) this.#chunks.push(this.#last.subarray(0, this.#used));
    this.#last = new Uint8Array(Math.max(256 * 1024, sizeBytes));
    this.#used = 0;
  }
}
