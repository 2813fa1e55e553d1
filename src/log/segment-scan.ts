import {
  type BatchHeader,
  batchHeaderBytes,
  decodeBatchHeader,
  saltSeed,
} from '../format/batch.js';
import { align } from '../format/byte-order.js';
import { checksum } from '../format/checksum.js';
import {
  decodeRecordHeader,
  type RecordHeader,
  recordAlignment,
  recordBytes,
  recordHeaderBytes,
  subjectOf,
} from '../format/record.js';
import { batchesStart } from '../format/segment-header.js';
import { mendRecordHeader } from './mend-header.js';
import { type ByteSource, WindowReader } from './window-reader.js';

/** What reading a segment from its own bytes needs to know; the manifest states it. */
export interface SegmentFacts {
  readonly salt: Uint8Array;
  readonly boundaryBytes: number;
  readonly first: number;
  readonly batchFirst: number;
  readonly batchBeforeChecksum: number;
  /** Above 0: numbers may have gaps, and each batch tells how many records it has. */
  readonly generation: number;
  /** Where its batches end, if that is known. */
  readonly position?: { readonly offset: number } | undefined;
}

export interface BatchPlace extends BatchHeader {
  readonly checksum: number;
  readonly offset: number;
}

/** A whole record during a scan. `bytes` is a window: valid during the call only. */
export interface ScannedRecord {
  readonly header: RecordHeader;
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly headerStart: number;
}

/** Something that is not as it was written. */
export interface ScanDamage {
  readonly what: 'batch header' | 'batch chain' | 'record header' | 'payload' | 'missing';
  readonly offset: number;
  /** The record concerned, where that is known. */
  readonly sequence?: number;
  /** Of a damaged record whose header is whole. */
  readonly kind?: number;
  readonly subject?: Uint8Array;
}

export interface ScanVisitor {
  batch?(batch: BatchPlace): void;
  record(record: ScannedRecord): void;
  damage(damage: ScanDamage): void;
  /** Asked now and then between records: a promise makes the scan wait for it. */
  between?(): Promise<void> | undefined;
}

const windowBytes = 2 * 1024 ** 2; // grows for the few records that are larger
const hopBytes = 64 * 1024;
/** So many small records, or so many bytes of large ones, take about a millisecond. */
const betweenRecords = 256;
const betweenBytes = 1024 ** 2;

/** Reads one segment from its own bytes; never believes a length before its checksum held. */
export class SegmentScan {
  readonly #seed: number;
  readonly #window: WindowReader;
  readonly #isSparse: boolean;

  constructor(
    private readonly file: ByteSource,
    private readonly facts: SegmentFacts,
  ) {
    this.#seed = saltSeed(facts.salt);
    this.#isSparse = facts.generation > 0;
    const endOffset = facts.position?.offset ?? windowBytes;
    this.#window = new WindowReader(file, Math.min(windowBytes, endOffset));
  }

  /** Gives its memory back; nothing may be asked of it afterwards. */
  release(): void {
    this.#window.release();
  }

  /**
   * Goes from batch header to batch header, over damaged ones, to the last valid one
   * (SPEC.md §7): everything before it is proven. Undefined if there is none from `from` on.
   */
  async lastBatch(
    from: number = batchesStart,
    visit?: (batch: BatchPlace) => void,
  ): Promise<BatchPlace | undefined> {
    const window = new WindowReader(this.file, hopBytes);
    let last: BatchPlace | undefined;
    let offset = from;
    for (;;) {
      const found = await this.#nextHeader(window, offset, last?.number ?? 0);
      if (found === undefined) return last;
      last = found;
      visit?.(found);
      offset = this.#behind(found);
    }
  }

  /** The next valid batch header at or behind `offset`, numbered above `after`. */
  async #nextHeader(
    window: WindowReader,
    offset: number,
    after: number,
  ): Promise<BatchPlace | undefined> {
    for (let at = offset; ; at += this.facts.boundaryBytes) {
      if (!window.holds(at, batchHeaderBytes)) {
        if (!(await window.load(at, batchHeaderBytes))) return undefined;
      }
      const header = decodeBatchHeader(window.bytes, at - window.start, this.#seed, at);
      if (header !== undefined && header.number > after) return { ...header, offset: at };
    }
  }

  #behind(batch: BatchPlace): number {
    return align(batch.offset + batchHeaderBytes + batch.recordsBytes, this.facts.boundaryBytes);
  }

  /**
   * Visits the records `[first of the file, end)`, all of which must stand before `endOffset`:
   * the proven part of a segment. What is not whole is damage.
   */
  async proven(end: number, endOffset: number, visitor: ScanVisitor): Promise<void> {
    let [offset, batchNumber] = [batchesStart, this.facts.batchFirst - 1];
    let before: number | undefined = this.facts.batchBeforeChecksum;
    let sequence = this.facts.first;
    while (offset < endOffset) {
      const header = await this.#headerAt(offset);
      let [until, next, whole] = [0, 0, true];
      if (header !== undefined && header.number > batchNumber) {
        if (before !== undefined && header.checksumBefore !== before) {
          visitor.damage({ what: 'batch chain', offset });
        }
        visitor.batch?.(header);
        [batchNumber, before] = [header.number, header.checksum];
        until = Math.min(offset + batchHeaderBytes + header.recordsBytes, endOffset);
        next = this.#behind(header);
      } else {
        visitor.damage({ what: 'batch header', offset });
        whole = false;
        const window = new WindowReader(this.file, hopBytes);
        const found = await this.#nextHeader(
          window,
          offset + this.facts.boundaryBytes,
          batchNumber,
        );
        next = until = Math.min(found?.offset ?? endOffset, endOffset);
        before = undefined; // what the lost header's checksum was, nobody knows
      }
      const range = { from: offset + batchHeaderBytes, until, whole };
      const walked = await this.#walk(range, sequence, end, visitor);
      sequence = walked.next;
      // Where gaps are legal, the batches tell whether anything is gone; of what, nobody knows.
      const lacks = !whole || walked.found < (header?.recordCount ?? 0);
      if (this.#isSparse && lacks) visitor.damage({ what: 'missing', offset, sequence: end - 1 });
      offset = next;
    }
    if (this.#isSparse) return;
    for (; sequence < end; sequence++) visitor.damage({ what: 'missing', offset, sequence });
  }

  /**
   * Visits the longest unbroken run of whole records from the batch at `offset` on: what may have
   * been acknowledged above the last proven record (SPEC.md §7).
   * @returns the number behind its last record
   */
  async tail(offset: number, sequence: number, visit: ScanVisitor['record']): Promise<number> {
    let next = sequence;
    for (let at = offset; ; at = align(at, this.facts.boundaryBytes)) {
      const [start, batchStart] = [next, at];
      at += batchHeaderBytes;
      for (;;) {
        const record = await this.#recordAt(at, Number.MAX_SAFE_INTEGER);
        if (record === undefined || record.header.sequence !== next) break;
        if (!payloadHolds(record)) return next;
        visit(record);
        next++;
        at += recordBytes(record.header.payloadBytes);
      }
      // Behind a batch the run may go on in one whose header alone is damaged.
      if (next === start && batchStart > offset) return next;
    }
  }

  async #headerAt(offset: number): Promise<BatchPlace | undefined> {
    const window = this.#window;
    if (!window.holds(offset, batchHeaderBytes)) await window.load(offset, batchHeaderBytes);
    const header = decodeBatchHeader(window.bytes, offset - window.start, this.#seed, offset);
    return header === undefined ? undefined : { ...header, offset };
  }

  /** The record at `offset`, whole in the window, its payload not yet checked. */
  async #recordAt(offset: number, until: number): Promise<ScannedRecord | undefined> {
    const window = this.#window;
    if (!window.holds(offset, recordHeaderBytes)) {
      if (!(await window.load(offset, recordHeaderBytes))) return undefined;
    }
    const found = this.#recordInWindow(offset, until);
    if (found !== 'outside') return found;
    await window.load(offset, recordHeaderBytes);
    const again = this.#recordInWindow(offset, until);
    return again === 'outside' ? undefined : again;
  }

  /** `outside`: a header stands there, but its payload passes the window. */
  #recordInWindow(offset: number, until: number): ScannedRecord | undefined | 'outside' {
    const { bytes, start } = this.#window;
    const headerStart = offset - start;
    const header = decodeRecordHeader(bytes, headerStart, this.#seed, offset);
    if (header === undefined) return undefined;
    const sizeBytes = recordHeaderBytes + header.payloadBytes;
    if (offset + sizeBytes > until) return undefined;
    if (!this.#window.holds(offset, sizeBytes)) return 'outside';
    return { header, offset, bytes, headerStart };
  }

  /**
   * Visits the records in `[from, until)`; what stands between them is damage, which is not
   * reported again where the range is not `whole`.
   */
  async #walk(
    { from, until, whole }: { from: number; until: number; whole: boolean },
    sequence: number,
    end: number,
    visitor: ScanVisitor,
  ): Promise<{ next: number; found: number }> {
    let [next, found] = [sequence, 0];
    let askedAt = from;
    let inDamage = !whole;
    for (let at = from; at + recordHeaderBytes <= until && next < end; ) {
      if (!this.#window.holds(at, recordHeaderBytes)) {
        await this.#window.load(at, recordHeaderBytes);
      }
      let record = this.#recordInWindow(at, until);
      if (record === 'outside') record = await this.#recordAt(at, until);
      if (record === undefined && !inDamage && !this.#isSparse) {
        record = await this.#mended(at, until, next, visitor);
      }
      if (record === undefined || record.header.sequence < next || record.header.sequence >= end) {
        if (!inDamage) visitor.damage({ what: 'record header', offset: at });
        inDamage = true;
        at += recordAlignment;
        continue;
      }
      inDamage = !whole;
      for (; next < record.header.sequence && !this.#isSparse; next++) {
        visitor.damage({ what: 'missing', offset: at, sequence: next });
      }
      if (payloadHolds(record)) visitor.record(record);
      else visitor.damage(payloadDamage(record));
      next = record.header.sequence + 1;
      found++;
      at += recordBytes(record.header.payloadBytes);
      if (found % betweenRecords === 0 || at - askedAt >= betweenBytes) {
        askedAt = at;
        await visitor.between?.();
      }
    }
    await visitor.between?.();
    return { next, found };
  }

  /** A header with one bit flipped, told apart by what its record must be; still damage. */
  async #mended(
    offset: number,
    until: number,
    sequence: number,
    visitor: ScanVisitor,
  ): Promise<ScannedRecord | undefined> {
    const window = this.#window;
    await window.load(offset, recordHeaderBytes);
    const bytes = mendRecordHeader(window.bytes, this.#seed, offset, until, sequence);
    if (bytes === undefined) return undefined;
    visitor.damage({ what: 'record header', offset });
    const header = decodeRecordHeader(bytes, 0, this.#seed, offset);
    return header === undefined ? undefined : { header, offset, bytes, headerStart: 0 };
  }
}

/** The payload of a scanned record: a view, valid as long as the record is. */
export function scannedPayload({ header, bytes, headerStart }: ScannedRecord): Uint8Array {
  const start = headerStart + recordHeaderBytes;
  return bytes.subarray(start, start + header.payloadBytes);
}

function payloadHolds(record: ScannedRecord): boolean {
  return checksum(scannedPayload(record)) === record.header.payloadChecksum;
}

function payloadDamage({ header, offset, bytes, headerStart }: ScannedRecord): ScanDamage {
  const { sequence, kind } = header;
  return { what: 'payload', offset, sequence, kind, subject: subjectOf(bytes, headerStart) };
}
