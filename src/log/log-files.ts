import { LogStoreError } from '../base/errors.js';
import type { Disk, DiskFile } from '../base/host.js';
import { invariant } from '../base/invariant.js';
import { footerPath, logDirectory, segmentPath } from '../format/file-names.js';
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

/** The segments as they are between two swaps, and who still reads them. */
interface Epoch {
  readonly segments: ReadableSegment[];
  pins: number;
  /** What the swap after this epoch replaced: unlinked once nobody reads it any more. */
  replaced: readonly ManifestFile[];
}

/** Holds the segments of one moment: what they hold stays readable until `release`. */
export interface SegmentsPin {
  readonly segments: readonly ReadableSegment[];
  /** Harmless when called again. */
  release(): void;
}

/** The segments of the log by number, their tables, and a bounded number of open files. */
export class LogFiles implements AsyncDisposable {
  /** The present one last; the others have readers, or one before them has. */
  readonly #epochs: Epoch[] = [{ segments: [], pins: 0, replaced: [] }];
  readonly #open = new Map<number, OpenFile>();
  #unlinking: Promise<void> = Promise.resolve();

  constructor(
    private readonly disk: Disk,
    private readonly storeId: Uint8Array,
  ) {}

  get count(): number {
    return this.segments.length;
  }

  /** Those that are now, in order. */
  get segments(): readonly ReadableSegment[] {
    return this.#now.segments;
  }

  get #now(): Epoch {
    const now = this.#epochs[this.#epochs.length - 1];
    invariant(now !== undefined, 'there is an epoch');
    return now;
  }

  pin(): SegmentsPin {
    const epoch = this.#now;
    epoch.pins++;
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      epoch.pins--;
      this.#unlinkUnread();
    };
    return { segments: epoch.segments, release };
  }

  /** Puts one segment into the place of several; the manifest says so already, durably. */
  swap(fileIds: readonly number[], named: ManifestFile, table: RecordTable): void {
    const epoch = this.#now;
    const at = epoch.segments.findIndex((one) => one.named.fileId === fileIds[0]);
    epoch.replaced = epoch.segments.slice(at, at + fileIds.length).map((one) => one.named);
    const swapped = { named, table, loading: undefined };
    const segments = epoch.segments.toSpliced(at, fileIds.length, swapped);
    this.#epochs.push({ segments, pins: 0, replaced: [] });
    this.#unlinkUnread();
  }

  #unlinkUnread(): void {
    for (let oldest = this.#epochs[0]; oldest !== this.#now; oldest = this.#epochs[0]) {
      if (oldest === undefined || oldest.pins > 0) return;
      this.#epochs.shift();
      const { replaced } = oldest;
      this.#unlinking = this.#unlinking.then(() => this.#unlink(replaced));
    }
  }

  /** A file that stays for a failure is an orphan: the next opening removes it (SPEC.md §5). */
  async #unlink(replaced: readonly ManifestFile[]): Promise<void> {
    for (const { fileId } of replaced) {
      const held = this.#open.get(fileId);
      this.#open.delete(fileId);
      const file = await held?.opened.catch(() => undefined);
      await file?.close();
      for (const path of [segmentPath(fileId), footerPath(fileId)]) {
        await this.disk.unlink(path).catch(() => undefined);
      }
    }
    await this.disk.syncDirectory(logDirectory).catch(() => undefined);
  }

  add(named: ManifestFile, table: RecordTable | undefined): void {
    this.#now.segments.push({ named, table, loading: undefined });
  }

  /** The range of the last segment has ended, or its footer was written. */
  replace(named: ManifestFile): void {
    const segment = this.segments.find((one) => one.named.fileId === named.fileId);
    if (segment !== undefined) segment.named = named;
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
    await this.#unlinking;
    for (const held of this.#open.values()) {
      invariant(held.users === 0, 'readers end before the log closes');
      const file = await held.opened.catch(() => undefined);
      await file?.close();
    }
    this.#open.clear();
  }
}

/** The segment in whose range a record is. */
export function segmentOf(
  segments: readonly ReadableSegment[],
  sequence: number,
): ReadableSegment | undefined {
  let [low, high] = [0, segments.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((segments[middle]?.named.first ?? Infinity) <= sequence) low = middle;
    else high = middle - 1;
  }
  return segments[low];
}

/** An empty table for a segment's records. */
export function tableOfKind({ first, generation }: ManifestFile): RecordTable {
  return generation > 0 ? RecordTable.sparse(first) : new RecordTable(first);
}

/** Makes the table of an ended segment from its records; what is lost has no place. */
async function tableFromSegment(file: DiskFile, named: ManifestFile): Promise<RecordTable> {
  const table = tableOfKind(named);
  if (named.position === undefined) {
    throw new LogStoreError('STORE_DAMAGED', 'an open segment has no table of its own');
  }
  const scan = new SegmentScan(file, named);
  await scan.proven(named.end, named.position.offset, fillTable(table));
  return table;
}
