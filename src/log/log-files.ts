import { errnoOf, isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Disk, DiskFile } from '../base/host.js';
import { invariant } from '../base/invariant.js';
import { footerPath, logDirectory, parityPath, segmentPath } from '../format/file-names.js';
import type { ManifestFile } from '../format/manifest-frame.js';
import type { ParityFacts } from '../format/parity.js';
import { FooterFile } from './footer-file.js';
import { ParityAccess } from './parity-access.js';
import { RecordTable } from './record-table.js';
import { RestoredFile } from './restored-file.js';
import { openSegment } from './segment-file.js';
import { fillTable } from './segment-replay.js';
import { SegmentScan } from './segment-scan.js';
import type { ByteSource } from './window-reader.js';

const openFilesMax = 128;

interface OpenFile {
  readonly opened: Promise<DiskFile>;
  users: number;
  /** Another file has the name by now: closed when the last user has done. */
  isRetired: boolean;
}

/** Who wants to know what becomes of segments. Must not throw. */
export interface SegmentWatcher {
  /** Damage was met in a segment that has parity. */
  damaged(fileId: number): void;
  /** There may be a segment that has ended and has no parity yet. */
  ended(): void;
}

/** One segment as readers see it. */
export interface ReadableSegment {
  named: ManifestFile;
  /** Of the segment that is being written: shared with the writer. Loaded when first needed. */
  table: RecordTable | undefined;
  loading: Promise<RecordTable> | undefined;
  parity: ParityFacts | undefined;
}

/** The segments as they are between two swaps, and who still reads them. */
interface Epoch {
  readonly segments: ReadableSegment[];
  pins: number;
  /** What the swap after this epoch replaced: unlinked once nobody reads it any more. */
  replaced: readonly ReadableSegment[];
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
  readonly #access: ParityAccess;
  /** Met before anybody watched. */
  readonly #damagedEarly = new Set<number>();
  #watcher: SegmentWatcher | undefined;

  constructor(
    private readonly disk: Disk,
    readonly storeId: Uint8Array,
  ) {
    this.#access = new ParityAccess(disk, storeId);
  }

  get access(): ParityAccess {
    return this.#access;
  }

  /** Tells also of what was met before. */
  watch(watcher: SegmentWatcher): void {
    this.#watcher = watcher;
    for (const fileId of this.#damagedEarly) watcher.damaged(fileId);
    this.#damagedEarly.clear();
  }

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
    epoch.replaced = epoch.segments.slice(at, at + fileIds.length);
    const swapped = { named, table, loading: undefined, parity: undefined };
    const segments = epoch.segments.toSpliced(at, fileIds.length, swapped);
    this.#epochs.push({ segments, pins: 0, replaced: [] });
    this.#unlinkUnread();
    this.#watcher?.ended();
  }

  /** Resolves when the files that nobody reads any more are gone. */
  unlinked(): Promise<void> {
    return this.#unlinking;
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
  async #unlink(replaced: readonly ReadableSegment[]): Promise<void> {
    for (const { named, parity } of replaced) {
      const { fileId } = named;
      const held = this.#open.get(fileId);
      this.#open.delete(fileId);
      const file = await held?.opened.catch(() => undefined);
      await file?.close().catch(() => undefined); // of a file for reading: nothing is lost
      const paths = [segmentPath(fileId), footerPath(fileId)];
      if (parity !== undefined) paths.push(parityPath(fileId, 0), parityPath(fileId, 1));
      for (const path of paths) {
        await this.disk.unlink(path).catch(() => undefined);
      }
    }
    await this.disk.syncDirectory(logDirectory).catch(() => undefined);
  }

  add(named: ManifestFile, table: RecordTable | undefined, parity?: ParityFacts): ReadableSegment {
    const segment = { named, table, loading: undefined, parity };
    this.#now.segments.push(segment);
    return segment;
  }

  segment(fileId: number): ReadableSegment | undefined {
    return this.segments.find(({ named }) => named.fileId === fileId);
  }

  /** The range of the last segment has ended, or its footer was written. */
  replace(named: ManifestFile): void {
    const segment = this.segment(named.fileId);
    if (segment === undefined) return;
    segment.named = named;
    if (named.footer !== undefined) this.#watcher?.ended();
  }

  /** The manifest states parity of a segment. */
  protect(facts: ParityFacts): void {
    const segment = this.segment(facts.fileId);
    if (segment !== undefined) segment.parity = facts;
  }

  /** The table of a segment: from its footer, or from its own bytes where that is damaged. */
  async tableOf(segment: ReadableSegment): Promise<RecordTable> {
    if (segment.table !== undefined) return segment.table;
    segment.loading ??= this.#load(segment);
    try {
      segment.table = await segment.loading;
      return segment.table;
    } finally {
      segment.loading = undefined;
    }
  }

  async #load(segment: ReadableSegment): Promise<RecordTable> {
    const { named } = segment;
    const footer = await FooterFile.open(this.disk, this.storeId, named);
    if (footer instanceof FooterFile) {
      await using held = footer;
      const table = await held.table();
      if (table !== undefined) return table;
    }
    return this.useRestored(segment, (file) => tableFromSegment(file, named));
  }

  /**
   * Runs `action` on the segment as it must be: what is damaged is rebuilt, where there is parity.
   */
  async useRestored<T>(
    segment: ReadableSegment,
    action: (file: ByteSource) => Promise<T>,
  ): Promise<T> {
    const { named, parity } = segment;
    if (parity === undefined) return this.use(named, action);
    let restored: RestoredFile | undefined;
    try {
      return await this.#access.use(named, parity, (open) => {
        restored = new RestoredFile(open);
        return action(restored);
      });
    } catch (error) {
      if (restored !== undefined || !isRefusal(error)) throw error;
    } finally {
      if (restored === undefined || restored.metLoss || restored.rebuilt.length > 0)
        this.#tellDamaged(named.fileId);
    }
    return this.use(named, action); // parity does not serve: what there is must do
  }

  /**
   * Bytes of a segment, rebuilt as far as parity makes them good: what is in them must verify.
   * @returns undefined if there is no parity, or none that serves
   */
  async readRestored(
    { named, parity }: ReadableSegment,
    offset: number,
    lengthBytes: number,
  ): Promise<Uint8Array | undefined> {
    if (parity === undefined) return undefined;
    this.#tellDamaged(named.fileId);
    try {
      return await this.#access.use(named, parity, async (open) => {
        const bytes = new Uint8Array(lengthBytes);
        const count = await new RestoredFile(open).read(bytes, offset);
        return bytes.subarray(0, count);
      });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return undefined;
    }
  }

  #tellDamaged(fileId: number): void {
    if (this.#watcher === undefined) this.#damagedEarly.add(fileId);
    else this.#watcher.damaged(fileId);
  }

  /** The segment's file was written anew: who reads the old one goes on, others open the new. */
  reopen(fileId: number): void {
    const held = this.#open.get(fileId);
    if (held === undefined) return;
    this.#open.delete(fileId);
    held.isRetired = true;
    if (held.users === 0) closeQuietly(held);
  }

  /** Runs `action` with the segment's file open; the file stays open for later ones. */
  async use<T>(named: ManifestFile, action: (file: DiskFile) => Promise<T>): Promise<T> {
    let held = this.#open.get(named.fileId);
    if (held === undefined) {
      held = { opened: openSegment(this.disk, this.storeId, named), users: 0, isRetired: false };
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
      if (held.isRetired && held.users === 0) closeQuietly(held);
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
      closeQuietly(held);
      return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#unlinking;
    for (const held of this.#open.values()) {
      invariant(held.users === 0, 'readers end before the log closes');
      const file = await held.opened.catch(() => undefined);
      await file?.close().catch(() => undefined); // of a file for reading: nothing is lost
    }
    this.#open.clear();
  }
}

/** Nobody reads it, and a failure to close a file for reading loses nothing. */
function closeQuietly(held: OpenFile): void {
  held.opened.then((file) => file.close()).catch(() => undefined);
}

/** Of the disk or of what stands there, and no mistake of ours. */
function isRefusal(error: unknown): boolean {
  return isLogStoreError(error) || errnoOf(error) !== undefined;
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
async function tableFromSegment(file: ByteSource, named: ManifestFile): Promise<RecordTable> {
  const table = tableOfKind(named);
  if (named.position === undefined) {
    throw new LogStoreError('STORE_DAMAGED', 'an open segment has no table of its own');
  }
  const scan = new SegmentScan(file, named);
  await scan.proven(named.end, named.position.offset, fillTable(table));
  return table;
}
