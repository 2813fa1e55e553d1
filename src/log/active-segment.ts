import { errnoOf, LogStoreError } from '../base/errors.js';
import type { Clock, DiskFile } from '../base/host.js';
import { limits } from '../base/limits.js';
import { batchHeaderBytes, encodeBatchHeader, saltSeed } from '../format/batch.js';
import { align, getU32, setU32 } from '../format/byte-order.js';
import { checksum } from '../format/checksum.js';
import { footerStubFlag } from '../format/footer.js';
import type { ManifestFile, Position } from '../format/manifest-frame.js';
import {
  encodeRecordHeader,
  type RecordKind,
  recordAlignment,
  recordBytes,
  recordHeaderBytes,
  recordKinds,
} from '../format/record.js';
import { batchesStart } from '../format/segment-header.js';
import { CommitsArea, RecordTable } from './record-table.js';
import type { Append } from './record-types.js';
import { spaceErrors } from './segment-file.js';

/** A record with its number, ready to be written. */
export interface Numbered {
  readonly append: Append;
  readonly sequence: number;
  readonly payloadBytes: number;
  /** The next version once this record counts. */
  readonly versionNext: number;
}

/** Payload parts up to this size are copied together: one long write beats many short ones. */
const copyBytesMax = 16 * 1024;
/** A batch of this size needs no zeros ahead: its sync moves metadata anyway. */
const streamBytesMin = 1024 ** 2;
const zeros = new Uint8Array(1024 ** 2);

/** The one segment that is being written. Owns its file; one `write` at a time. */
export class ActiveSegment {
  readonly #seed: number;
  #scratch = new Uint8Array(0);
  #zeroedTo: number;
  #offset: number;
  #batchNumber: number;
  #batchChecksum: number;

  constructor(
    private readonly clock: Clock,
    private readonly file: DiskFile,
    readonly named: ManifestFile,
    readonly table: RecordTable = new RecordTable(named.first),
    readonly commits: CommitsArea = new CommitsArea(),
    at?: Position,
  ) {
    this.#seed = saltSeed(named.salt);
    this.#offset = at?.offset ?? batchesStart;
    this.#zeroedTo = this.#offset;
    this.#batchNumber = at?.batchNumber ?? named.batchFirst - 1;
    this.#batchChecksum = at?.batchChecksum ?? named.batchBeforeChecksum;
  }

  /** Where the next batch goes. */
  get offset(): number {
    return this.#offset;
  }

  /** The end of the last batch that was synced. */
  position(versionNext: number): Position {
    const [offset, batchNumber] = [this.#offset, this.#batchNumber];
    return { offset, batchNumber, batchChecksum: this.#batchChecksum, versionNext };
  }

  /** Bytes that a batch of these payload sizes takes. */
  batchBytes(recordsBytes: number): number {
    return align(batchHeaderBytes + recordsBytes, this.named.boundaryBytes);
  }

  /**
   * Writes one batch and syncs it; or leaves that to `sync`, where nothing counts before. Zeros
   * are written ahead up to `zeroToMax` in the file. On a throw nothing of it counts, and the
   * bytes behind `offset` are anything: whoever goes on does so in another segment.
   * @throws LogStoreError `NO_SPACE` when the write (not the sync) found no room, `BUSY` when a
   *   payload is not what it was; else the cause
   */
  async write(
    records: readonly Numbered[],
    sequenceNext: number,
    zeroToMax: number,
    durably = true,
  ): Promise<void> {
    const batch = this.#encode(records, sequenceNext);
    const end = this.#offset + batch.sizeBytes;
    const parts = batch.parts;
    let zeroedTo = Math.max(this.#zeroedTo, end);
    if (end > this.#zeroedTo && batch.sizeBytes < streamBytesMin) {
      zeroedTo = Math.max(end, Math.min(end + limits.zeroFillBytes, zeroToMax));
      for (let left = zeroedTo - end; left > 0; left -= zeros.length) {
        parts.push(left < zeros.length ? zeros.subarray(0, left) : zeros);
      }
    }
    await this.#writeParts(parts);
    if (durably) await this.file.sync();
    this.#zeroedTo = zeroedTo;
    for (let index = 0; index < records.length; index++)
      this.#keep(records[index], batch.offsets[index]);
    this.#offset = end;
    this.#batchNumber++;
    this.#batchChecksum = batch.checksum;
  }

  async #writeParts(parts: readonly Uint8Array[]): Promise<void> {
    try {
      await this.file.write(this.#offset, parts);
    } catch (error) {
      if (!spaceErrors.has(errnoOf(error) ?? '')) throw error;
      throw new LogStoreError('NO_SPACE', 'no room for the next batch', { cause: error });
    }
  }

  #keep(record: Numbered | undefined, offset: number | undefined): void {
    if (record === undefined || offset === undefined) return;
    const { sequence, payloadBytes } = record;
    const { kind, flags, payload } = record.append;
    this.table.add(sequence, offset, recordBytes(payloadBytes), kind === 'stub');
    if (kind !== 'data') addCommit(this.commits, sequence, entryFlags(kind, flags), payload[0]);
  }

  #encode(records: readonly Numbered[], sequenceNext: number) {
    const layout = this.#layout(records);
    if (layout.copiedBytes > this.#scratch.length) {
      this.#scratch = new Uint8Array(Math.max(layout.copiedBytes, 2 * this.#scratch.length));
    }
    const scratch = this.#scratch;
    const parts: Uint8Array[] = [];
    const offsets: number[] = [];
    const sums = new Uint8Array(4 * records.length);
    let [used, cut, place] = [batchHeaderBytes, 0, this.#offset + batchHeaderBytes];
    for (let index = 0; index < records.length; index++) {
      const record = records[index];
      if (record === undefined) break;
      offsets.push(place);
      const { payloadBytes, sequence } = record;
      const { payload, flags, subject } = record.append;
      const payloadChecksum = checksumOf(record.append);
      const kind = recordKinds[record.append.kind];
      const header = { payloadChecksum, payloadBytes, kind, flags, sequence, subject };
      setU32(sums, 4 * index, encodeRecordHeader(scratch, used, header, this.#seed, place));
      used += recordHeaderBytes;
      for (const part of payload) {
        if (part.length <= copyBytesMax) {
          scratch.set(part, used);
          used += part.length;
        } else {
          parts.push(scratch.subarray(cut, used), part);
          cut = used;
        }
      }
      const sizeBytes = recordBytes(payloadBytes);
      const padding = sizeBytes - recordHeaderBytes - payloadBytes;
      scratch.fill(0, used, used + padding);
      used += padding;
      place += sizeBytes;
    }
    const recordsBytes = place - this.#offset - batchHeaderBytes;
    const sizeBytes = this.batchBytes(recordsBytes);
    const padding = sizeBytes - batchHeaderBytes - recordsBytes;
    scratch.fill(0, used, used + padding);
    parts.push(scratch.subarray(cut, used + padding));
    const header = {
      ...{ number: this.#batchNumber + 1, checksumBefore: this.#batchChecksum },
      ...{ recordCount: records.length, recordsBytes },
      recordsChecksum: records.length === 0 ? 0 : checksum(sums),
      sequenceFirst: records[0]?.sequence ?? sequenceNext,
      timeUnixMs: this.clock.nowUnixMs(),
    };
    const own = encodeBatchHeader(scratch, 0, header, this.#seed, this.#offset);
    return { parts, offsets, sizeBytes, checksum: own };
  }

  /** An upper bound of what of a batch goes through the scratch buffer. */
  #layout(records: readonly Numbered[]): { copiedBytes: number } {
    let copiedBytes = batchHeaderBytes + this.named.boundaryBytes;
    for (const record of records) {
      copiedBytes += recordHeaderBytes + recordAlignment;
      for (const part of record.append.payload)
        if (part.length <= copyBytesMax) copiedBytes += part.length;
    }
    return { copiedBytes };
  }

  sync(): Promise<void> {
    return this.file.sync();
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/**
 * What everything rests upon is summed up once more where it is written: on the disk a commit that
 * memory has changed would be damage.
 * @throws LogStoreError `BUSY`
 */
function checksumOf({ kind, payload, payloadChecksum }: Append): number {
  if (kind === 'data' && payloadChecksum !== undefined) return payloadChecksum;
  let sum = 0;
  for (const part of payload) sum = checksum(part, sum);
  if (payloadChecksum === undefined || sum === payloadChecksum) return sum;
  throw new LogStoreError('BUSY', 'a body in memory is not what it was: send it again');
}

/** The flags of a commit or a stub in a footer (SPEC.md §6). */
export function entryFlags(kind: RecordKind, flags: number): number {
  return kind === 'stub' ? flags | footerStubFlag : flags;
}

/** Takes a commit's meta into the footer in the making; `payload` begins with the meta's size. */
export function addCommit(
  commits: CommitsArea,
  sequence: number,
  flags: number,
  payload: Uint8Array | undefined,
): void {
  if (payload === undefined) return;
  commits.add(sequence, flags, payload.subarray(4, 4 + getU32(payload, 0)));
}
