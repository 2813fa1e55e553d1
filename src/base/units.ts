import { invariant } from './invariant.js';

declare const unit: unique symbol;
type Brand<T, Name extends string> = T & { readonly [unit]: Name };

/** 1-based, dense, never reused: a record's address for ever. */
export type Sequence = Brand<number, 'Sequence'>;
/** 1-based; the commit order of the store. Every mutation has its own. */
export type Version = Brand<number, 'Version'>;
/** 1-based, never reused: names one file of the store. */
export type FileId = Brand<number, 'FileId'>;
/** From byte 0 of one file. */
export type OffsetBytes = Brand<number, 'OffsetBytes'>;
/** Milliseconds since 1970-01-01T00:00:00Z. */
export type UnixMs = Brand<number, 'UnixMs'>;

export function sequence(value: number): Sequence {
  invariant(Number.isSafeInteger(value) && value >= 1, 'sequence numbers start at 1');
  return value as Sequence;
}

export function version(value: number): Version {
  invariant(Number.isSafeInteger(value) && value >= 1, 'versions start at 1');
  return value as Version;
}

export function fileId(value: number): FileId {
  invariant(Number.isSafeInteger(value) && value >= 1, 'file ids start at 1');
  return value as FileId;
}

export function offsetBytes(value: number): OffsetBytes {
  invariant(Number.isSafeInteger(value) && value >= 0, 'offsets start at 0');
  return value as OffsetBytes;
}

export function unixMs(value: number): UnixMs {
  invariant(Number.isSafeInteger(value), 'times are whole milliseconds');
  return value as UnixMs;
}
