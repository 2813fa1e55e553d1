import { LogStoreError } from '../base/errors.js';
import { getU32 } from '../format/byte-order.js';
import {
  type RecordHeader,
  type RecordKind,
  recordBytes,
  recordKind,
  recordKinds,
} from '../format/record.js';
import { addCommit, entryFlags } from './active-segment.js';
import type { CommitsArea, RecordTable } from './record-table.js';
import type { LogFollower } from './record-types.js';
import {
  type ScanDamage,
  type ScannedRecord,
  type ScanVisitor,
  scannedPayload,
} from './segment-scan.js';

/** @throws LogStoreError `UNSUPPORTED_VERSION`: nobody may go on after a record he does not know */
export function knownKind(header: RecordHeader): RecordKind {
  const known = recordKind(header);
  if (known !== undefined) return known;
  const { sequence, kind, flags } = header;
  const message = `record ${sequence} is of kind ${kind}, flags ${flags}: a later version's`;
  throw new LogStoreError('UNSUPPORTED_VERSION', message);
}

/** Stubs stand in rewritten segments alone. */
export function strayStub(sequence: number): LogStoreError {
  const message = `record ${sequence} is a removal stub in a segment as first written`;
  return new LogStoreError('UNSUPPORTED_VERSION', message);
}

/** A visitor that only notes where each record stands. */
export function fillTable(table: RecordTable): ScanVisitor {
  return {
    record: (record) => noteRecord(table, record),
    damage: (damage) => noteDamage(table, damage),
  };
}

function noteRecord(table: RecordTable, { header, offset }: ScannedRecord): void {
  const isStub = header.kind === recordKinds.stub;
  if (isStub && !table.isSparse) throw strayStub(header.sequence);
  table.add(header.sequence, offset, recordBytes(header.payloadBytes), isStub);
}

function noteDamage(table: RecordTable, damage: ScanDamage): void {
  if (damage.sequence !== undefined) table.addLost(damage.sequence);
}

/**
 * A visitor that hands each commit to a follower, and what may have been one and is lost. Fills a
 * table and, where given, the footer in the making.
 */
export class SegmentReplay implements ScanVisitor {
  /** Whether everything was whole: only then may a footer be made of it. */
  whole = true;
  /** The numbers of records that may have been commits and are lost. */
  readonly lost: number[] = [];

  constructor(
    private readonly from: number,
    private readonly follower: LogFollower,
    private readonly table: RecordTable,
    private readonly commits: CommitsArea | undefined,
  ) {}

  record(record: ScannedRecord): void {
    noteRecord(this.table, record);
    const { sequence, flags } = record.header;
    const kind = knownKind(record.header);
    if (kind === 'data') return;
    const payload = scannedPayload(record);
    const entry = entryFlags(kind, flags);
    if (this.commits !== undefined) addCommit(this.commits, sequence, entry, payload);
    if (sequence < this.from) return;
    this.follower.commit(sequence, payload.subarray(4, 4 + getU32(payload, 0)), entry);
  }

  damage(damage: ScanDamage): void {
    this.whole = false;
    noteDamage(this.table, damage);
    const { sequence, kind, subject } = damage;
    if (sequence === undefined || sequence < this.from || kind === recordKinds.data) return;
    this.lost.push(sequence);
    this.follower.lost(sequence, subject);
  }
}
