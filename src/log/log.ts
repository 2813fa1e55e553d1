import { errnoOf, LogStoreError } from '../base/errors.js';
import type { Disk, DiskLock, Host } from '../base/host.js';
import { limits } from '../base/limits.js';
import type { ManifestFile, ManifestState, Position } from '../format/manifest-frame.js';
import { parityFileBytes } from '../format/parity.js';
import { batchesStart } from '../format/segment-header.js';
import type { ActiveSegment, Numbered } from './active-segment.js';
import { Compactor } from './compactor.js';
import { writeFooter } from './footer-file.js';
import { type BatchSink, GroupCommit } from './group-commit.js';
import type { LogFiles } from './log-files.js';
import type { Manifest } from './manifest.js';
import { readRecord } from './record-reader.js';
import type { Append, StoredRecord } from './record-types.js';
import { rollOver } from './roll-over.js';
import { SegmentCare } from './segment-care.js';
import type { SpaceGuard } from './space-guard.js';
import type { Log, LogPin, LogPosition, LogSpace, OpenLogOptions } from './types.js';
import { WriteLatency } from './write-latency.js';

/** A segment that is at least so full ends when the log is closed. */
const openRatioAtClose = 1 / 4;

/** What opening a log hands over to whoever writes it. */
export interface WritableLog {
  readonly manifest: Manifest;
  readonly active: ActiveSegment;
  readonly lock: DiskLock;
  readonly space: SpaceGuard;
  readonly versionNext: number;
  readonly segmentBytes: number;
  readonly warn: OpenLogOptions['warn'];
}

/** A log open for reading and writing. Owns lock, manifest, segments and their files. */
export class WritingLog implements Log, BatchSink {
  readonly storeId: Uint8Array;
  readonly #commit: GroupCommit;
  #active: ActiveSegment;
  /** Footers in the making; awaited before the log closes. */
  #footers: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;
  readonly compactor: Compactor;
  readonly care: SegmentCare;
  readonly #latency = new WriteLatency();
  #writingFromMs: number | undefined;

  constructor(
    private readonly host: Host,
    private readonly files: LogFiles,
    private readonly parts: WritableLog,
  ) {
    this.storeId = parts.manifest.state.storeId;
    this.#active = parts.active;
    const start = { sequence: parts.active.table.end, version: parts.versionNext };
    this.#commit = new GroupCommit(host.clock, this, start);
    const hasRoomFor = (sizeBytes: number) => parts.space.canSpare(sizeBytes);
    this.care = new SegmentCare(host.disk, files, parts.manifest, hasRoomFor);
    this.compactor = new Compactor({
      ...{ host, files, manifest: parts.manifest },
      heal: (fileId, pace) => this.care.healRecords(fileId, pace),
      activeCommits: () => this.#active.commits,
      refreshSpace: () => parts.space.refresh(),
      sealed: () => this.#footers,
    });
  }

  get state(): Log['state'] {
    const failure = this.#commit.failure;
    if (failure === undefined) return { is: 'ok', reason: undefined };
    const cause = failure.cause instanceof Error ? `: ${failure.cause.message}` : '';
    return { is: 'failed', reason: `${failure.message}${cause}` };
  }

  get sequenceNext(): number {
    return this.#commit.sequenceNext;
  }

  append(record: Append): number {
    if (this.#closing !== undefined) throw new LogStoreError('CLOSED', 'the log is closed');
    let sizeBytes = 0;
    for (const part of record.payload) sizeBytes += part.length;
    if (this.#commit.failure === undefined) {
      this.parts.space.admit(sizeBytes, record.removes === true);
    }
    return this.#commit.append(record);
  }

  room(): Promise<void> {
    return this.#commit.room();
  }

  takeVersions(count: number): number {
    return this.#commit.takeVersions(count);
  }

  foregroundP99Ms(): number {
    return this.#latency.p99Ms();
  }

  writingMs(): number {
    const fromMs = this.#writingFromMs;
    return fromMs === undefined ? 0 : this.host.clock.monotonicMs() - fromMs;
  }

  prove(): Promise<void> {
    return this.#commit.prove();
  }

  settled(): Promise<void> {
    return this.#commit.settled();
  }

  read(sequence: number): Promise<StoredRecord> {
    return readPinned(this.files, sequence);
  }

  pin(): LogPin {
    return pinOf(this.files);
  }

  segmentCount(): number {
    return this.files.count;
  }

  space(): LogSpace {
    const { freeBytes, reserveBytes } = this.parts.space;
    const openBytes = this.#active.offset - batchesStart;
    const sizeBytes = endedBytes(this.files) + openBytes;
    return { sizeBytes, parityBytes: parityBytes(this.files), freeBytes, reserveBytes };
  }

  whenSpaceIsLow(makesRoom: () => boolean): void {
    this.parts.space.whenLow(makesRoom);
  }

  position(): LogPosition {
    const { sequence, version } = this.#commit.durable;
    return { ...this.#active.position(version), sequence, fileId: this.#active.named.fileId };
  }

  async write(records: readonly Numbered[], recordsBytes: number, next: number): Promise<void> {
    const { clock } = this.host;
    this.#writingFromMs = clock.monotonicMs();
    try {
      const sizeBytes = this.#active.batchBytes(recordsBytes);
      const { segmentBytes } = this.parts;
      const full = this.#active.offset + sizeBytes > segmentBytes;
      // A batch larger than a whole segment still has a segment of its own.
      if (full && this.#active.table.count > 0) await this.startAnew();
      // Zeros ahead make syncs fast; where space is short they would take what removals need.
      const spare = this.parts.space.canSpare(limits.zeroFillBytes);
      const startedAtMs = clock.monotonicMs();
      await this.#active.write(records, next, spare ? segmentBytes : 0);
      this.#latency.note(clock.monotonicMs() - startedAtMs);
    } finally {
      this.#writingFromMs = undefined;
    }
  }

  async startAnew(): Promise<void> {
    const ending = this.#active;
    const { sequence, version } = this.#commit.durable;
    const { manifest } = this.parts;
    const position = ending.position(version);
    const { active, ended } = await rollOver(this.host, manifest, ending.named, sequence, position);
    this.files.replace(ended);
    this.files.add(active.named, active.table);
    this.#active = active;
    this.#footers = this.#footers.then(() => this.#seal(ending, ended));
  }

  /** Writes the footer of a segment that has ended. Without it opening is slower, no more. */
  async #seal(ending: ActiveSegment, ended: ManifestFile): Promise<void> {
    try {
      await ending.close();
      const { storeId } = this;
      const footer = await writeFooter(
        this.host.disk,
        storeId,
        ended,
        ending.table,
        ending.commits,
      );
      await this.parts.manifest.append({ is: 'footer', fileId: ended.fileId, ...footer });
      this.files.replace({ ...ended, footer });
    } catch (error) {
      this.parts.warn?.(`no footer for segment ${ended.fileId}; the next opening makes it`, error);
    }
  }

  close(snapshot?: (position: LogPosition) => Promise<void>): Promise<void> {
    this.#closing ??= this.#close(snapshot);
    return this.#closing;
  }

  async #close(snapshot?: (position: LogPosition) => Promise<void>): Promise<void> {
    try {
      await this.#commit.close();
      await this.#footers;
      if (this.#commit.isClean) {
        await this.#endLargeSegment();
        await snapshot?.(this.position()).catch((error: unknown) => {
          this.parts.warn?.('no index snapshot: the next opening takes longer', error);
        });
        await this.#markClosed();
      }
    } finally {
      await this.#letGo();
    }
  }

  /** Whatever fails to close, the lock is not kept: what counts is synced, or told as failed. */
  async #letGo(): Promise<void> {
    const { manifest, lock } = this.parts;
    try {
      await this.#active.close().catch(() => undefined); // what counts of it is synced
      await this.files[Symbol.asyncDispose]();
      await manifest[Symbol.asyncDispose]();
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      throw new LogStoreError('IO', `the manifest cannot be closed: ${errno}`, { cause: error });
    } finally {
      await lock.release();
    }
  }

  /** What is open is scanned at the next opening; of what has ended the footer is read alone. */
  async #endLargeSegment(): Promise<void> {
    const openBytes = this.#active.offset - batchesStart;
    if (openBytes < this.parts.segmentBytes * openRatioAtClose) return;
    try {
      await this.startAnew();
      await this.#footers;
    } catch (error) {
      this.parts.warn?.('the open segment goes on: the next opening takes longer', error);
    }
  }

  async #markClosed(): Promise<void> {
    const { sequence, version } = this.#commit.durable;
    const { fileId } = this.#active.named;
    const position: Position = this.#active.position(version);
    await this.parts.manifest.append({ is: 'closed', fileId, end: sequence, position });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function endedBytes({ segments }: LogFiles): number {
  let sum = 0;
  for (const { named } of segments)
    sum += Math.max(0, (named.position?.offset ?? 0) - batchesStart);
  return sum;
}

function parityBytes({ segments }: LogFiles): number {
  let sum = 0;
  for (const { parity } of segments) {
    if (parity !== undefined) sum += parity.parityCount * parityFileBytes(parity);
  }
  return sum;
}

async function readPinned(files: LogFiles, sequence: number): Promise<StoredRecord> {
  const { segments, release } = files.pin();
  try {
    return await readRecord(files, segments, sequence);
  } finally {
    release();
  }
}

function pinOf(files: LogFiles): LogPin {
  const { segments, release } = files.pin();
  return { read: (sequence) => readRecord(files, segments, sequence), release };
}

/** A log that only reads: damage was found, or nothing else was asked for. */
export class ReadingLog implements Log {
  readonly storeId: Uint8Array;
  readonly state: Log['state'];

  constructor(
    state: ManifestState,
    private readonly files: LogFiles,
    private readonly end: LogPosition,
    reason: string,
    private readonly lock: DiskLock | undefined,
    disk: Disk,
  ) {
    this.storeId = state.storeId;
    this.state = { is: 'read-only', reason };
    this.care = new SegmentCare(disk, files, undefined);
  }

  get sequenceNext(): number {
    return this.end.sequence;
  }

  append(): number {
    throw this.#refusal();
  }

  room(): Promise<void> {
    return Promise.reject(this.#refusal());
  }

  takeVersions(): number {
    throw this.#refusal();
  }

  readonly compactor = undefined;
  readonly care: SegmentCare;

  foregroundP99Ms(): number {
    return 0;
  }

  writingMs(): number {
    return 0;
  }

  prove(): Promise<void> {
    return Promise.resolve();
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  read(sequence: number): Promise<StoredRecord> {
    return readPinned(this.files, sequence);
  }

  pin(): LogPin {
    return pinOf(this.files);
  }

  space(): LogSpace {
    const own = { sizeBytes: endedBytes(this.files), parityBytes: parityBytes(this.files) };
    return { ...own, freeBytes: 0, reserveBytes: 0 };
  }

  whenSpaceIsLow(): void {
    // Nothing is written here.
  }

  position(): LogPosition {
    return this.end;
  }

  segmentCount(): number {
    return this.files.count;
  }

  async close(): Promise<void> {
    await this.files[Symbol.asyncDispose]();
    await this.lock?.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #refusal(): LogStoreError {
    return new LogStoreError('READ_ONLY', `the store is read-only: ${this.state.reason}`);
  }
}
