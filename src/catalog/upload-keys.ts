import { invariant } from '../base/invariant.js';
import { decodeVersionKey, encodeKeyPrefixInto } from '../format/key-encoding.js';

/**
 * Keys of the indexes of uploads and parts (SPEC.md §8.1): an upload's is
 * `key prefix || u64be(version)`, so uploads of one key sort oldest first; a part's is
 * `u64be(uploadVersion) || u32be(partNumber)`. The `encode...Into` forms return the length.
 */
export function encodeUploadKeyInto(
  scratch: Uint8Array,
  bucket: string,
  key: string,
  version: number,
): number {
  const prefixBytes = encodeKeyPrefixInto(scratch, bucket, key);
  writeU64(scratch, prefixBytes, version);
  return prefixBytes + 8;
}

export function encodePartKeyInto(
  scratch: Uint8Array,
  uploadVersion: number,
  partNumber: number,
): number {
  writeU64(scratch, 0, uploadVersion);
  writeU32(scratch, 8, partNumber);
  return partKeyBytes;
}

export const partKeyBytes = 12;
/** The beginning of the keys of all parts of one upload. */
export const partPrefixBytes = 8;

/** @throws LogStoreError `RECORD_CORRUPT` */
export function decodeUploadKey(uploadKey: Uint8Array): {
  bucket: string;
  key: string;
  version: number;
} {
  // With its last 8 bytes turned over it is the key of a version.
  const versionKey = uploadKey.slice();
  for (let at = versionKey.length - 8; at < versionKey.length; at++) {
    versionKey[at] = ~(versionKey[at] ?? 0);
  }
  return decodeVersionKey(versionKey);
}

export function partNumberOf(partKey: Uint8Array): number {
  invariant(partKey.length === partKeyBytes, 'a part key has 12 bytes');
  return new DataView(partKey.buffer, partKey.byteOffset).getUint32(8);
}

function writeU64(into: Uint8Array, at: number, value: number): void {
  writeU32(into, at, Math.floor(value / 2 ** 32));
  writeU32(into, at + 4, value);
}

function writeU32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}
