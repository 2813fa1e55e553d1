import { LogStoreError } from '../base/errors.js';
import type { Disk } from '../base/host.js';
import { getU32 } from '../format/byte-order.js';
import { segmentPath } from '../format/file-names.js';
import type { ManifestFile, ManifestState, Position } from '../format/manifest-frame.js';
import { subjectOf } from '../format/record.js';
import { batchesStart } from '../format/segment-header.js';
import type { Numbered } from './active-segment.js';
import { FooterFile } from './footer-file.js';
import { type LogFiles, type ReadableSegment, tableOfKind } from './log-files.js';
import { CommitsArea, RecordTable } from './record-table.js';
import type { LogFollower } from './record-types.js';
import { openSegment } from './segment-file.js';
import { knownKind, SegmentReplay, strayStub } from './segment-replay.js';
import {
  type BatchPlace,
  type ScannedRecord,
  SegmentScan,
  scannedPayload,
} from './segment-scan.js';
import type { LogPosition } from './types.js';

/** Where a position of a snapshot lies in the log, if it lies in it. */
export async function snapshotFits(
  disk: Disk,
  state: ManifestState,
  position: LogPosition,
): Promise<boolean> {
  // A removal below it may be gone by now: what it removed would stand in the snapshot for ever.
  if (position.sequence <= state.removalDroppedMax) return false;
  const named = state.files.find((file) => file.fileId === position.fileId);
  if (named === undefined || position.sequence < named.first) return false;
  if (named.end !== 0 && position.sequence > named.end) return false;
  const { batchNumber, batchChecksum } = position;
  for (const known of [named.position, named.closed?.position]) {
    if (known?.batchNumber === batchNumber) return known.batchChecksum === batchChecksum;
  }
  if (batchNumber === named.batchFirst - 1) {
    return batchChecksum === named.batchBeforeChecksum && position.sequence === named.first;
  }
  const file = await openSegment(disk, state.storeId, named);
  try {
    let found: BatchPlace | undefined;
    await new SegmentScan(file, named).lastBatch(batchesStart, (batch) => {
      if (batch.number === batchNumber) found = batch;
    });
    if (found === undefined) return false;
    const sequence = found.sequenceFirst + found.recordCount;
    return found.checksum === batchChecksum && sequence === position.sequence;
  } finally {
    await file.close();
  }
}

/**
 * Follows the commits of an ended segment from number `from` on: from its footer, or from its
 * records, past damage that parity makes good, where that does not serve.
 * @returns what a new footer is made of, if there was none and every record is whole, and the
 *   numbers of the records that may have been commits and are lost
 */
export async function followEnded(
  disk: Disk,
  files: LogFiles,
  segment: ReadableSegment,
  from: number,
  follower: LogFollower,
): Promise<{
  remade?: { table: RecordTable; commits: CommitsArea } | undefined;
  lost: readonly number[];
}> {
  const { named } = segment;
  const footer = await FooterFile.open(disk, files.storeId, named);
  if (footer instanceof FooterFile) {
    await using held = footer;
    if (await held.verify()) {
      await held.commits(from, (sequence, meta, flags) => follower.commit(sequence, meta, flags));
      return { lost: [] };
    }
  }
  const [table, commits] = [tableOfKind(named), new CommitsArea()];
  const replay = new SegmentReplay(from, follower, table, commits);
  const endOffset = named.position?.offset ?? batchesStart;
  await files.useRestored(segment, (file) =>
    new SegmentScan(file, named).proven(named.end, endOffset, replay),
  );
  return { remade: replay.whole ? { table, commits } : undefined, lost: replay.lost };
}

/** A record above what is proven, and where it stands in the segment that holds it now. */
export interface TailRecord extends Numbered {
  readonly offset: number;
}

/** What was found in the segment whose range is open. */
export interface OpenSegmentContents {
  readonly table: RecordTable;
  readonly commits: CommitsArea;
  readonly lost: readonly number[];
  readonly whole: boolean;
  /** The end of what is proven. */
  readonly provenEnd: number;
  readonly position: Position;
  /** The marks of a clean close hold: the segment may be written on. */
  readonly closed: boolean;
  /** What goes on above the proven part, copied out of the segment; in order, without gaps. */
  readonly tail: readonly TailRecord[];
}

/**
 * Reads the segment whose range is open: its proven part is followed, its tail is collected
 * (SPEC.md §7).
 * @param provenElsewhere the number below which a snapshot or ledger proves everything durable
 * @throws LogStoreError `STORE_DAMAGED` if the log ends below it
 */
export async function readOpenSegment(
  disk: Disk,
  storeId: Uint8Array,
  named: ManifestFile,
  follow: { from: number; provenElsewhere: number; follower: LogFollower },
): Promise<OpenSegmentContents> {
  const file = await openSegment(disk, storeId, named);
  try {
    const [table, commits] = [new RecordTable(named.first), new CommitsArea()];
    const replay = new SegmentReplay(follow.from, follow.follower, table, commits);
    const scan = new SegmentScan(file, named);
    const last = await scan.lastBatch();
    const proven = provenPart(named, last);
    await scan.proven(proven.end, proven.position.offset, replay);
    const { lost, whole } = replay;
    const found = { table, commits, lost, whole, provenEnd: proven.end, position: proven.position };
    if (proven.closed) return { ...found, closed: closedHolds(named, last), tail: [] };

    const tail = await readTail(scan, proven);
    const reached = proven.end + tail.length;
    if (reached < follow.provenElsewhere) {
      throw new LogStoreError(
        'STORE_DAMAGED',
        `${segmentPath(named.fileId)} ends after record ${reached - 1}, but record ` +
          `${follow.provenElsewhere - 1} was durable: the disk lost what it had acknowledged. ` +
          'Run `logstore verify`; nothing was changed',
      );
    }
    return { ...found, closed: false, tail };
  } finally {
    await file.close();
  }
}

function provenPart(
  named: ManifestFile,
  last: BatchPlace | undefined,
): { end: number; position: Position; closed: boolean } {
  if (named.closed !== undefined) return { ...named.closed, closed: true };
  const versionNext = 0; // what is proven is counted from the commits themselves
  if (last === undefined) {
    const before = { batchNumber: named.batchFirst - 1, batchChecksum: named.batchBeforeChecksum };
    const position = { offset: batchesStart, ...before, versionNext };
    return { end: named.first, position, closed: false };
  }
  const before = { batchNumber: last.number - 1, batchChecksum: last.checksumBefore };
  const position = { offset: last.offset, ...before, versionNext };
  return { end: last.sequenceFirst, position, closed: false };
}

function closedHolds(named: ManifestFile, last: BatchPlace | undefined): boolean {
  const expected = named.closed?.position;
  if (expected === undefined) return false;
  if (last === undefined) return expected.batchNumber === named.batchFirst - 1;
  return last.number === expected.batchNumber && last.checksum === expected.batchChecksum;
}

async function readTail(scan: SegmentScan, proven: { end: number; position: Position }) {
  const tail: TailRecord[] = [];
  await scan.tail(proven.position.offset, proven.end, (record) => {
    tail.push(copyOut(record));
  });
  return tail;
}

/** A record taken over verbatim: its payload, and the checksum that it came with. */
function copyOut(record: ScannedRecord): TailRecord {
  const { flags, sequence, payloadChecksum, payloadBytes } = record.header;
  const subject = subjectOf(record.bytes, record.headerStart);
  const payload = [Uint8Array.from(scannedPayload(record))];
  const kind = knownKind(record.header);
  if (kind === 'stub') throw strayStub(sequence);
  const append = {
    kind,
    flags,
    subject,
    payload,
    payloadChecksum,
  } as const;
  return { append, sequence, payloadBytes, versionNext: 0, offset: record.offset };
}

/** Hands the commits among these records to a follower. */
export function followRecords(
  records: readonly Numbered[],
  from: number,
  follower: LogFollower,
): void {
  for (const { append, sequence } of records) {
    const payload = append.payload[0];
    if (append.kind !== 'commit' || sequence < from || payload === undefined) continue;
    follower.commit(sequence, payload.subarray(4, 4 + getU32(payload, 0)), append.flags);
  }
}
