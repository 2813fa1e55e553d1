import { LogStoreError } from '../base/errors.js';

/** Little-endian integers of SPEC.md §1, without a DataView for each. */
export function getU32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24)) >>>
    0
  );
}

export function setU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** @throws LogStoreError `RECORD_CORRUPT` above 2^53 - 1 */
export function getU64(bytes: Uint8Array, at: number): number {
  const high = getU32(bytes, at + 4);
  if (high > 0x1fffff) throw new LogStoreError('RECORD_CORRUPT', 'an integer above 2^53 - 1');
  return high * 0x1_0000_0000 + getU32(bytes, at);
}

export function setU64(bytes: Uint8Array, at: number, value: number): void {
  setU32(bytes, at, value >>> 0);
  setU32(bytes, at + 4, Math.floor(value / 0x1_0000_0000));
}

/** The least multiple of `unit` that is not below `value`. */
export function align(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
