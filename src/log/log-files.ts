import { LogStoreError } from '../base/errors.js';
import type { Disk, DiskFile } from '../base/host.js';
import { invariant } from '../base/invariant.js';
import type { ManifestFile } from '../format/manifest-frame.js';
import { FooterFile } from './footer-file.js';
import { RecordTable } from './record-table.js';
import { openSegment } from './segment-file.js';
import { fillTable } from './segment-replay.js';
import { SegmentScan } from './segment-scan.js';

const openFilesMax = 128;

interface OpenFile {
  readonly opened: Promise<DiskFile>;
  users: number;
}

/** One segment as readers see it. */
export interface ReadableSegment {
  named: ManifestFile;
  /** Of the segment that is being written: shared with the writer. Loaded when first needed. */
  table: RecordTable | undefined;
  loading: Promise<RecordTable> | undefined;
}

/** The segments of the log by number, their tables, and a bounded number of open files. */
export class LogFiles implements AsyncDisposable {
  readonly #segments: ReadableSegment[] = [];
  readonly #open = new Map<number, OpenFile>();

  constructor(
    private readonly disk: Disk,
    private readonly storeId: Uint8Array,
  ) {}

  get count(): number {
    return this.#segments.length;
  }

  add(named: ManifestFile, table: RecordTable | undefined): void {
    this.#segments.push({ named, table, loading: undefined });
  }

  /** The range of the last segment has ended, or its footer was written. */
  replace(named: ManifestFile): void {
    const segment = this.#segments.find((one) => one.named.fileId === named.fileId);
    if (segment !== undefined) segment.named = named;
  }

  /** The segment in whose range a record is. */
  segmentOf(sequence: number): ReadableSegment | undefined {
    let [low, high] = [0, this.#segments.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#segments[middle]?.named.first ?? Infinity) <= sequence) low = middle;
      else high = middle - 1;
    }
    return this.#segments[low];
  }

  /** The table of a segment: from its footer, or from its own bytes where that is damaged. */
  async tableOf(segment: ReadableSegment): Promise<RecordTable> {
    if (segment.table !== undefined) return segment.table;
    segment.loading ??= this.#load(segment.named);
    try {
      segment.table = await segment.loading;
      return segment.table;
    } finally {
      segment.loading = undefined;
    }
  }

  async #load(named: ManifestFile): Promise<RecordTable> {
    const footer = await FooterFile.open(this.disk, this.storeId, named);
    if (footer instanceof FooterFile) {
      await using held = footer;
      const table = await held.table();
      if (table !== undefined) return table;
    }
    return this.use(named, (file) => tableFromSegment(file, named));
  }

  /** Runs `action` with the segment's file open; the file stays open for later ones. */
  async use<T>(named: ManifestFile, action: (file: DiskFile) => Promise<T>): Promise<T> {
    let held = this.#open.get(named.fileId);
    if (held === undefined) {
      held = { opened: openSegment(this.disk, this.storeId, named), users: 0 };
      this.#evict();
    } else this.#open.delete(named.fileId);
    this.#open.set(named.fileId, held); // last in the map: used last
    held.users++;
    try {
      return await action(await held.opened);
    } catch (error) {
      if (held.users === 1) this.#forgetIfUnopened(named.fileId, held);
      throw error;
    } finally {
      held.users--;
    }
  }

  #forgetIfUnopened(fileId: number, held: OpenFile): void {
    held.opened.catch(() => {
      if (this.#open.get(fileId) === held) this.#open.delete(fileId);
    });
  }

  #evict(): void {
    if (this.#open.size < openFilesMax) return;
    for (const [fileId, held] of this.#open) {
      if (held.users > 0) continue;
      this.#open.delete(fileId);
      // Nobody reads it, and a failure to close a file for reading loses nothing.
      held.opened.then((file) => file.close()).catch(() => undefined);
      return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const held of this.#open.values()) {
      invariant(held.users === 0, 'readers end before the log closes');
      const file = await held.opened.catch(() => undefined);
      await file?.close();
    }
    this.#open.clear();
  }
}

/** Makes the table of an ended segment from its records; what is lost has no place. */
async function tableFromSegment(file: DiskFile, named: ManifestFile): Promise<RecordTable> {
  const table = new RecordTable(named.first);
  if (named.position === undefined) {
    throw new LogStoreError('STORE_DAMAGED', 'an open segment has no table of its own');
  }
  const scan = new SegmentScan(file, named);
  await scan.proven(named.end, named.position.offset, fillTable(table));
  return table;
}
