import type { Compactor } from './compactor.js';
import type { Append, StoredRecord } from './record-types.js';
import type { SegmentCare } from './segment-care.js';

/** A place in the log: everything below `sequence` is in what it describes. */
export interface LogPosition {
  readonly sequence: number;
  readonly fileId: number;
  readonly batchNumber: number;
  readonly batchChecksum: number;
  readonly versionNext: number;
}

/** Reads records as they were when it was taken; compaction removes none until `release`. */
export interface LogPin {
  /** As Log.read. */
  read(sequence: number): Promise<StoredRecord>;
  /** Harmless when called again. */
  release(): void;
}

/** What the log takes and leaves of its volume. */
export interface LogSpace {
  /** Of all segments, as far as they are written. */
  readonly sizeBytes: number;
  readonly parityBytes: number;
  readonly freeBytes: number;
  readonly reserveBytes: number;
}

/** The face of src/log for the folders above it. */
export interface Log extends AsyncDisposable {
  readonly storeId: Uint8Array;
  /** The writer's state; anything but `ok` refuses every append, for the stated reason. */
  readonly state: {
    readonly is: 'ok' | 'failed' | 'read-only';
    readonly reason: string | undefined;
  };
  /** Sequence number of the next append. */
  readonly sequenceNext: number;
  /**
   * Admits a record at once and gives its sequence number. The order of calls is the log's order.
   * @throws LogStoreError `BUSY` when the queue is full, `WRITER_FAILED`, `READ_ONLY`, `LOW_SPACE`,
   *   `NO_SPACE`, `CLOSED`
   */
  append(record: Append): number;
  /** Resolves when the queue has room for a data record again; rejects as `append` does. */
  room(): Promise<void>;
  /** Takes `count` versions for the commit that is appended next, in the same turn. */
  takeVersions(count: number): number;
  /** Resolves when everything appended so far is durable; rejects if that fails. */
  settled(): Promise<void>;
  /** What batches took lately, p99 in milliseconds; 0 before the first. */
  foregroundP99Ms(): number;
  /** How long the batch under way has taken so far, in milliseconds; 0 while there is none. */
  writingMs(): number;
  /** Resolves when everything appended so far is proven durable (SPEC.md §7). */
  prove(): Promise<void>;
  /** None where nothing may be written. Its work ends before the log is closed. */
  readonly compactor: Compactor | undefined;
  /** Of the segments that have ended; it writes nothing where the log only reads. */
  readonly care: SegmentCare;
  /**
   * Reads and verifies one record.
   * @throws LogStoreError `RECORD_CORRUPT`, naming file and offset; `IO`
   */
  read(sequence: number): Promise<StoredRecord>;
  /** Holds all records of this moment readable, whatever is removed meanwhile, until released. */
  pin(): LogPin;
  /** Where the durable log ends now: position of an index that holds every durable record. */
  position(): LogPosition;
  segmentCount(): number;
  space(): LogSpace;
  /** @param makesRoom asked where space is low: whether waiting for room helps */
  whenSpaceIsLow(makesRoom: () => boolean): void;
  /**
   * Ends in order: waits for the queue, writes a marking batch, calls `snapshot` with the final
   * position (its failure does no harm), then marks the manifest closed. Idempotent.
   */
  close(snapshot?: (position: LogPosition) => Promise<void>): Promise<void>;
}

export interface OpenLogOptions {
  /** `read` takes no lock and changes nothing: for tools beside a store that is open or broken. */
  readonly mode: 'write' | 'read';
  /** What the lock file says of the one who has the store open. */
  readonly holder?: string | undefined;
  readonly segmentBytes?: number | undefined;
  readonly boundaryBytes?: 512 | 4096 | undefined;
  /** Refuse appends of data when less than this is free on the volume. */
  readonly reserveBytes?: number | undefined;
  /**
   * What a snapshot says it holds, and of which store. When it fits this log, following starts
   * there; otherwise from the beginning. A log that ends below it has lost something:
   * refused. `use` is told which, before the first record.
   */
  readonly snapshot?: (LogPosition & { readonly storeId: Uint8Array }) | undefined;
  readonly use?: ((snapshotFits: boolean) => void) | undefined;
  /** Told after each segment how much of what is to be followed has been. */
  readonly progress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
  /** Told of what costs time but no data. */
  readonly warn?: ((message: string, error: unknown) => void) | undefined;
}
