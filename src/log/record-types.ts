import type { LogStoreError } from '../base/errors.js';
import type { RecordKind } from '../format/record.js';

/** One record on its way into the log. The payload's parts must not change until it is durable. */
export interface Append {
  readonly kind: RecordKind;
  readonly flags: number;
  /** 8 bytes (SPEC.md §3.3). */
  readonly subject: Uint8Array;
  readonly payload: readonly Uint8Array[];
  /** It only removes: taken even where little space is left, as it leads to more. */
  readonly removes?: boolean | undefined;
  /** CRC-32 over the payload, where it is known already; computed here otherwise. */
  readonly payloadChecksum?: number | undefined;
  /** Called once, in log order, after the sync that covers the record; must not throw. */
  readonly onDurable?: (() => void) | undefined;
  /** Called once instead if that sync never came. Nothing of the record has happened. */
  readonly onFailed?: ((error: LogStoreError) => void) | undefined;
}

/** A verified record as read back. The payload is the caller's. */
export interface StoredRecord {
  readonly kind: RecordKind;
  readonly flags: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/**
 * What came out of opening, record by record, in log order; the catalog folds it.
 * `lost` is a record that proven space should hold and does not; its subject is known where its
 * header is whole.
 */
export interface LogFollower {
  /** The meta of one commit (SPEC.md §4); valid during the call only. */
  commit(sequence: number, meta: Uint8Array, flags: number): void;
  lost(sequence: number, subject: Uint8Array | undefined): void;
}
