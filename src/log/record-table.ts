import { invariant } from '../base/invariant.js';
import {
  decodeFooterEntryHead,
  encodeFooterEntryHead,
  footerEntryBytes,
  footerEntryHeadBytes,
  footerStubUnit,
  footerUnitBytes,
} from '../format/footer.js';

/**
 * Where each record of one segment stands, by number; typed arrays, no object per record. Numbers
 * are dense in a segment as first written; one that was rewritten lists them.
 */
export class RecordTable {
  #units: Uint32Array;
  /** Less `first`; none where they are dense. */
  #numbers: Uint32Array | undefined;
  #count: number;
  #endUnits: number;

  constructor(
    readonly first: number,
    stored: {
      readonly units?: Uint32Array;
      readonly numbers?: Uint32Array | undefined;
      readonly endOffset?: number;
    } = {},
  ) {
    const { units, numbers, endOffset = 0 } = stored;
    this.#units = units ?? new Uint32Array(256);
    this.#numbers = numbers;
    this.#count = units?.length ?? 0;
    this.#endUnits = endOffset / footerUnitBytes;
  }

  /** An empty table whose numbers may have gaps. */
  static sparse(first: number): RecordTable {
    const table = new RecordTable(first);
    table.#numbers = new Uint32Array(table.#units.length);
    return table;
  }

  get count(): number {
    return this.#count;
  }

  /** Whether its numbers may have gaps. */
  get isSparse(): boolean {
    return this.#numbers !== undefined;
  }

  /** The number behind the last record. */
  get end(): number {
    if (this.#numbers === undefined || this.#count === 0) return this.first + this.#count;
    return this.first + (this.#numbers[this.#count - 1] ?? 0) + 1;
  }

  /** Where the last record ends. */
  get endOffset(): number {
    return this.#endUnits * footerUnitBytes;
  }

  /** The offsets, divided by 8; of a stub with the highest bit set. */
  get units(): Uint32Array {
    return this.#units.subarray(0, this.#count);
  }

  /** The numbers less `first`; empty where they are dense. */
  get numbers(): Uint32Array {
    return this.#numbers?.subarray(0, this.#count) ?? new Uint32Array(0);
  }

  add(sequence: number, offset: number, sizeBytes: number, isStub = false): void {
    const inOrder = this.#numbers === undefined ? sequence === this.end : sequence >= this.end;
    invariant(inOrder, 'a table takes records in order');
    invariant(!isStub || this.#numbers !== undefined, 'only a rewritten segment holds stubs');
    if (this.#count === this.#units.length) this.#grow();
    if (this.#numbers !== undefined) this.#numbers[this.#count] = sequence - this.first;
    this.#units[this.#count++] = offset / footerUnitBytes + (isStub ? footerStubUnit : 0);
    this.#endUnits = (offset + sizeBytes) / footerUnitBytes;
  }

  #grow(): void {
    const length = 2 * this.#count;
    const units = new Uint32Array(length);
    units.set(this.#units);
    this.#units = units;
    if (this.#numbers === undefined) return;
    const numbers = new Uint32Array(length);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }

  /** A record that no longer stands anywhere; offset 0 is never a record's. */
  addLost(sequence: number): void {
    if (this.#numbers !== undefined) return; // what is not listed is not there
    const endUnits = this.#endUnits;
    this.add(sequence, 0, 0);
    this.#endUnits = endUnits;
  }

  /**
   * The place of a record, and how far it may reach at most: up to the next one, across the
   * padding and header of a batch that may lie between. Undefined: not here, or lost.
   */
  locate(sequence: number): RecordPlace | undefined {
    const index = this.#indexOf(sequence);
    const word = this.#units[index] ?? 0;
    const unit = word % footerStubUnit;
    if (index < 0 || unit === 0) return undefined;
    let next = this.#endUnits;
    for (let after = index + 1; after < this.#count; after++) {
      const found = (this.#units[after] ?? 0) % footerStubUnit;
      if (found === 0) continue;
      next = found;
      break;
    }
    const offset = unit * footerUnitBytes;
    const reachBytes = (next - unit) * footerUnitBytes;
    return { offset, reachBytes, isStub: word >= footerStubUnit };
  }

  /** -1: not here. */
  #indexOf(sequence: number): number {
    const wanted = sequence - this.first;
    const numbers = this.#numbers;
    if (numbers === undefined) return wanted >= 0 && wanted < this.#count ? wanted : -1;
    let [low, high] = [0, this.#count - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = numbers[middle] ?? 0;
      if (found === wanted) return middle;
      if (found < wanted) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** Visits the records at the places `[from, to)` of the table that are not lost, in order. */
  each(from: number, to: number, visit: (sequence: number, reachBytes: number) => void): void {
    let lastUnit = 0;
    let lastSequence = 0;
    for (let index = from; index < this.#count; index++) {
      const unit = (this.#units[index] ?? 0) % footerStubUnit;
      if (unit === 0) continue;
      if (lastUnit > 0) visit(lastSequence, (unit - lastUnit) * footerUnitBytes);
      if (index >= to) return;
      lastUnit = unit;
      lastSequence =
        this.first + (this.#numbers === undefined ? index : (this.#numbers[index] ?? 0));
    }
    if (lastUnit > 0) visit(lastSequence, (this.#endUnits - lastUnit) * footerUnitBytes);
  }
}

export interface RecordPlace {
  readonly offset: number;
  readonly reachBytes: number;
  readonly isStub: boolean;
}

/** So many commits take about a millisecond to decode. */
export const betweenCommits = 256;

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

  /** Visits the commits that are in it at the call, in order. */
  async each(
    visit: (sequence: number, meta: Uint8Array, flags: number) => void,
    between: () => Promise<void>,
  ): Promise<void> {
    let count = 0;
    for (const chunk of this.chunks()) {
      for (let at = 0; at < chunk.length; ) {
        const { sequence, metaBytes, flags } = decodeFooterEntryHead(chunk, at);
        const start = at + footerEntryHeadBytes;
        visit(sequence, chunk.subarray(start, start + metaBytes), flags);
        at += footerEntryBytes(metaBytes);
        if (++count % betweenCommits === 0) await between();
      }
    }
  }

  #grow(sizeBytes: number): void {
    if (this.#used > 0) this.#chunks.push(this.#last.subarray(0, this.#used));
    this.#last = new Uint8Array(Math.max(256 * 1024, sizeBytes));
    this.#used = 0;
  }
}
