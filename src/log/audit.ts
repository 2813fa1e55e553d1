import { LogStoreError } from '../base/errors.js';
import type { Disk, DiskFile } from '../base/host.js';
import { decodeCommit } from '../format/commit.js';
import {
  footerPath,
  logDirectory,
  manifestFiles,
  parseLogName,
  segmentPath,
} from '../format/file-names.js';
import type { ManifestFile, ManifestState } from '../format/manifest-frame.js';
import { segmentHeaderOffsets } from '../format/segment-header.js';
import { FooterFile } from './footer-file.js';
import { checkRanges } from './log-directory.js';
import { tableOfKind } from './log-files.js';
import { chooseManifestCopy, type ManifestCopy, readManifestCopy } from './manifest-copies.js';
import type { RecordTable } from './record-table.js';
import { headerProblem, readSegmentHeaders } from './segment-file.js';
import { fillTable, knownKind } from './segment-replay.js';
import { type ScanDamage, type ScanVisitor, SegmentScan, scannedPayload } from './segment-scan.js';

/** One thing that is not as it was written, or that somebody should know. */
export interface Finding {
  /** A note changes nothing: a tail cut short by a crash, a file that is no part of the store. */
  readonly is: 'damage' | 'note';
  /** Relative to the data directory. */
  readonly file: string;
  readonly offset?: number | undefined;
  readonly sequence?: number | undefined;
  readonly what: string;
  /** Of damage in a segment or its files: whether all of it can be made good. */
  readonly recoverable?: boolean | undefined;
}

export interface LogAudit {
  readonly state: ManifestState | undefined;
  /** Numbers of records that are damaged or lost. */
  readonly damagedRecords: ReadonlySet<number>;
  readonly recordCount: number;
}

/** Who listens to an audit. */
export interface AuditWatcher {
  found(finding: Finding): void;
  /** Bytes checked so far, of all that there are. */
  progress(doneBytes: number, totalBytes: number): void;
}

/**
 * Reads manifest, segments and footers whole, and changes nothing; also of a store that does not
 * open (faults 110). Memory is bounded by one record and one table.
 */
export async function auditLog(disk: Disk, watcher: AuditWatcher): Promise<LogAudit> {
  const state = await auditManifest(disk, watcher);
  if (state === undefined) return { state, damagedRecords: new Set(), recordCount: 0 };
  await noteStrangers(disk, state, watcher);
  const totalBytes = await sizeOf(disk, state);
  const audit = new SegmentAudit(disk, state, watcher, totalBytes);
  for (const file of state.files) await audit.segment(file);
  return { state, damagedRecords: audit.damagedRecords, recordCount: audit.recordCount };
}

async function auditManifest(
  disk: Disk,
  watcher: AuditWatcher,
): Promise<ManifestState | undefined> {
  const copies: ManifestCopy[] = [];
  for (const file of manifestFiles) {
    const copy = await readManifestCopy(disk, file);
    copies.push(copy);
    if (!copy.present) watcher.found({ is: 'damage', file, what: 'the copy is missing' });
    else if (copy.torn) {
      const offset = copy.bytes.length;
      watcher.found({ is: 'damage', file, offset, what: 'what stands here is no whole frame' });
    }
  }
  const [a, b] = copies;
  if (a === undefined || b === undefined) return undefined;
  try {
    const chosen = chooseManifestCopy(a, b);
    if (chosen === undefined) throw new LogStoreError('STORE_DAMAGED', 'no copy holds a frame');
    if (a.last !== b.last) {
      const file = a.last < b.last ? manifestFiles[0] : manifestFiles[1];
      watcher.found({ is: 'note', file, what: 'the copy is behind the other one' });
    }
    if (chosen.state !== undefined) checkRanges(chosen.state);
    return chosen.state;
  } catch (error) {
    if (!(error instanceof LogStoreError)) throw error;
    watcher.found({ is: 'damage', file: 'manifest', what: error.message });
    return undefined;
  }
}

/** Files in the log's directory that the manifest does not name. */
async function noteStrangers(
  disk: Disk,
  state: ManifestState,
  watcher: AuditWatcher,
): Promise<void> {
  const named = new Set(state.files.map((file) => file.fileId));
  const protectedIds = new Set(state.parityGroups.map(({ fileId }) => fileId));
  for (const name of await disk.list(logDirectory)) {
    const parsed = parseLogName(name);
    const known = parsed?.is === 'parity' ? protectedIds : named;
    if (parsed !== undefined && known.has(parsed.fileId)) continue;
    watcher.found({ is: 'note', file: `${logDirectory}/${name}`, what: 'no part of the store' });
  }
}

async function sizeOf(disk: Disk, state: ManifestState): Promise<number> {
  let totalBytes = 0;
  for (const file of state.files) {
    totalBytes += file.position?.offset ?? (await disk.sizeBytes(segmentPath(file.fileId))) ?? 0;
  }
  return totalBytes;
}

/** Goes over one segment after another and keeps count. */
class SegmentAudit {
  readonly damagedRecords = new Set<number>();
  recordCount = 0;
  #doneBytes = 0;

  constructor(
    private readonly disk: Disk,
    private readonly state: ManifestState,
    private readonly watcher: AuditWatcher,
    private readonly totalBytes: number,
  ) {}

  async segment(named: ManifestFile): Promise<void> {
    const path = segmentPath(named.fileId);
    const sizeBytes = await this.disk.sizeBytes(path);
    if (sizeBytes === undefined) {
      this.watcher.found({ is: 'damage', file: path, what: 'the file is missing' });
      const end = named.end === 0 ? named.first : named.end;
      for (let sequence = named.first; sequence < end; sequence++) {
        this.damagedRecords.add(sequence);
      }
      return;
    }
    const file = await this.disk.open(path, 'read');
    try {
      await this.#headers(file, named, path);
      const table = tableOfKind(named);
      await this.#records(file, named, path, table);
      if (named.footer !== undefined) await this.#footer(named, table);
    } finally {
      await file.close();
    }
    this.#doneBytes += named.position?.offset ?? sizeBytes;
    this.watcher.progress(this.#doneBytes, this.totalBytes);
  }

  async #headers(file: DiskFile, named: ManifestFile, path: string): Promise<void> {
    for (const [copy, header] of (await readSegmentHeaders(file)).entries()) {
      const offset = segmentHeaderOffsets[copy];
      const problem =
        header === undefined
          ? `copy ${copy} of the header is damaged`
          : headerProblem(header, this.state.storeId, named)?.message;
      if (problem !== undefined) {
        this.watcher.found({ is: 'damage', file: path, offset, what: problem });
      }
    }
  }

  async #records(
    file: DiskFile,
    named: ManifestFile,
    path: string,
    table: RecordTable,
  ): Promise<void> {
    const scan = new SegmentScan(file, named);
    const visitor = this.#visitor(path, table);
    if (named.position !== undefined) {
      await scan.proven(named.end, named.position.offset, visitor);
      return;
    }
    const last = await scan.lastBatch();
    const proven = named.closed ?? {
      end: last?.sequenceFirst ?? named.first,
      position: { offset: last?.offset ?? 0 },
    };
    await scan.proven(proven.end, proven.position.offset, visitor);
    if (named.closed !== undefined || last === undefined) return;
    const reached = await scan.tail(last.offset, proven.end, (record) => visitor.record(record));
    const promised = last.sequenceFirst + last.recordCount;
    if (reached >= promised) return;
    const what = `the last batch is cut short: ${promised - reached} records were not acknowledged`;
    this.watcher.found({ is: 'note', file: path, offset: last.offset, sequence: reached, what });
  }

  #visitor(path: string, table: RecordTable): ScanVisitor {
    const filler = fillTable(table);
    return {
      batch: ({ offset }) => this.watcher.progress(this.#doneBytes + offset, this.totalBytes),
      record: (record) => {
        this.recordCount++;
        filler.record(record);
        const { sequence } = record.header;
        try {
          if (knownKind(record.header) !== 'data') decodeCommit(scannedPayload(record));
        } catch (error) {
          if (!(error instanceof LogStoreError)) throw error;
          const { offset } = record;
          this.watcher.found({ is: 'damage', file: path, offset, sequence, what: error.message });
        }
      },
      damage: (damage) => {
        filler.damage(damage);
        const { offset, sequence } = damage;
        if (sequence !== undefined) this.damagedRecords.add(sequence);
        this.watcher.found({
          is: 'damage',
          file: path,
          offset,
          sequence,
          what: words[damage.what],
        });
      },
    };
  }

  async #footer(named: ManifestFile, table: RecordTable): Promise<void> {
    const path = footerPath(named.fileId);
    const footer = await FooterFile.open(this.disk, this.state.storeId, named);
    const found = (what: string) => this.watcher.found({ is: 'damage', file: path, what });
    if (!(footer instanceof FooterFile)) {
      found(footer.unusable);
      return;
    }
    await using held = footer;
    if (!(await held.verify())) {
      found('a block is damaged');
      return;
    }
    const stored = await held.table();
    const whole = !table.units.includes(0); // a lost record has no place to compare
    if (whole && !(stored !== undefined && samePlaces(stored, table))) {
      found('it places records elsewhere than the segment does');
    }
  }
}

function samePlaces(stored: RecordTable, own: RecordTable): boolean {
  return sameWords(stored.units, own.units) && sameWords(stored.numbers, own.numbers);
}

function sameWords(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index]);
}

const words: Record<ScanDamage['what'], string> = {
  'batch header': 'a batch header is damaged',
  'batch chain': 'a batch does not follow the one before it',
  'record header': 'a record header is damaged',
  payload: 'the payload of a record is damaged',
  missing: 'a record is lost',
};
