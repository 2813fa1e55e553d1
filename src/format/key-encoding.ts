import { LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';

/**
 * Order-preserving keys of the index and of the ledger's object map.
 *
 *     K = bucket || 00 || esc(key) || 00 01 || u64be(~version)        esc: 00 -> 00 FF
 *
 * The bytes of K sort by bucket, then by the key's UTF-8 bytes, then newest version first, and no
 * K is the beginning of another. No Node imports: a verifier in a browser builds the same keys.
 *
 * The `encode...Into` forms write from the start of the caller's scratch and return the length in
 * bytes; a scratch of `encodedBytesMax` always suffices. All throw LogStoreError
 * `INVALID_ARGUMENT` for strings that are not well-formed UTF-16: two of them would share a K.
 */

/** A bucket of 63 bytes, a key of 1,024 that is all 00, terminators and version. */
export const encodedBytesMax = 63 + 1 + 2 * 1024 + 2 + 8;

const escapedZero = 0xff;
const keyEnd = 0x01;
const loneSurrogate = /\p{Surrogate}/u;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** bucket || 00: the beginning of every K of a bucket. */
export function bucketPrefix(bucket: string): Uint8Array {
  return listingKey(bucket, '');
}

/** bucket || 00 || esc(prefix): the beginning of every K whose key begins with `prefix`. */
export function listingKey(bucket: string, prefix: string): Uint8Array {
  const scratch = scratchFor(bucket, prefix);
  return scratch.slice(0, encodeListingKeyInto(scratch, bucket, prefix));
}

export function encodeListingKeyInto(scratch: Uint8Array, bucket: string, prefix: string): number {
  return encode(scratch, bucket, prefix, '');
}

/** bucket || 00 || esc(key) || 00 01: the beginning of every version of one key. */
export function keyPrefix(bucket: string, key: string): Uint8Array {
  const scratch = scratchFor(bucket, key);
  return scratch.slice(0, encodeKeyPrefixInto(scratch, bucket, key));
}

export function encodeKeyPrefixInto(scratch: Uint8Array, bucket: string, key: string): number {
  return encode(scratch, bucket, key, '\u0000\u0001');
}

/** The K of one version. */
export function versionKey(bucket: string, key: string, version: number): Uint8Array {
  const scratch = scratchFor(bucket, key);
  return scratch.slice(0, encodeVersionKeyInto(scratch, bucket, key, version));
}

export function encodeVersionKeyInto(
  scratch: Uint8Array,
  bucket: string,
  key: string,
  version: number,
): number {
  const prefixBytes = encodeKeyPrefixInto(scratch, bucket, key);
  return writeVersion(scratch, prefixBytes, version);
}

/** Puts u64be(~version) behind a key prefix of `prefixBytes` bytes; returns the whole length. */
export function writeVersion(scratch: Uint8Array, prefixBytes: number, version: number): number {
  invariant(Number.isSafeInteger(version) && version >= 0, 'versions are whole and exact');
  invariant(prefixBytes + 8 <= scratch.length, 'the scratch holds a version key');
  const high = ~Math.floor(version / 2 ** 32);
  const low = ~version;
  scratch[prefixBytes] = high >>> 24;
  scratch[prefixBytes + 1] = high >>> 16;
  scratch[prefixBytes + 2] = high >>> 8;
  scratch[prefixBytes + 3] = high;
  scratch[prefixBytes + 4] = low >>> 24;
  scratch[prefixBytes + 5] = low >>> 16;
  scratch[prefixBytes + 6] = low >>> 8;
  scratch[prefixBytes + 7] = low;
  return prefixBytes + 8;
}

/** The version in the last 8 bytes of a K. */
export function versionOf(versionKey: Uint8Array): number {
  const at = versionKey.length - 8;
  invariant(at >= 0, 'a version key ends with its version');
  const view = new DataView(versionKey.buffer, versionKey.byteOffset + at, 8);
  return (~view.getUint32(0) >>> 0) * 2 ** 32 + (~view.getUint32(4) >>> 0);
}

/** The smallest bytes above every version of a key. */
export function afterKey(bucket: string, key: string): Uint8Array {
  const prefix = keyPrefix(bucket, key);
  prefix[prefix.length - 1] = keyEnd + 1;
  return prefix;
}

/** The smallest bytes above everything that begins with `prefix`; undefined if nothing is. */
export function afterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  let end = prefix.length;
  while (end > 0 && prefix[end - 1] === 0xff) end--;
  if (end === 0) return undefined;
  const after = Uint8Array.from(prefix.subarray(0, end)); // slice() of a Buffer would be a view
  after[end - 1] = (prefix[end - 1] ?? 0) + 1;
  return after;
}

/** @throws LogStoreError `RECORD_CORRUPT` unless `bytes` is exactly what versionKey() makes */
export function decodeVersionKey(bytes: Uint8Array): {
  bucket: string;
  key: string;
  version: number;
} {
  const bucketEnd = bytes.indexOf(0);
  const prefixEnd = bytes.length - 8;
  if (bucketEnd < 0 || bucketEnd + 3 > prefixEnd) throw malformed();
  if (bytes[prefixEnd - 2] !== 0 || bytes[prefixEnd - 1] !== keyEnd) throw malformed();
  const version = versionOf(bytes);
  if (!Number.isSafeInteger(version)) throw malformed();
  const bucket = decodeText(bytes.subarray(0, bucketEnd));
  const key = decodeText(unescaped(bytes.subarray(bucketEnd + 1, prefixEnd - 2)));
  return { bucket, key, version };
}

function malformed(cause?: unknown): LogStoreError {
  return new LogStoreError('RECORD_CORRUPT', 'not the encoding of a key and version', { cause });
}

/** Filled and copied from within one call; a fresh one each time costs more than all the rest. */
const sharedScratch = new Uint8Array(4096);

function scratchFor(bucket: string, key: string): Uint8Array {
  const sizeBytes = 3 * bucket.length + 3 * key.length + 16;
  return sizeBytes <= sharedScratch.length ? sharedScratch : new Uint8Array(sizeBytes);
}

function encode(scratch: Uint8Array, bucket: string, key: string, tail: string): number {
  invariant(bucket.indexOf('\u0000') < 0, 'bucket names hold no 00');
  if (key.indexOf('\u0000') >= 0) return encodeEscaped(scratch, bucket, key, tail);
  // One call for all of it: a write into the middle of the scratch would need a view each time.
  return writeText(scratch, `${bucket}\u0000${key}${tail}`);
}

function encodeEscaped(scratch: Uint8Array, bucket: string, key: string, tail: string): number {
  let at = writeText(scratch, `${bucket}\u0000`);
  for (const [index, piece] of key.split('\u0000').entries()) {
    if (index > 0) {
      invariant(at + 2 <= scratch.length, 'the scratch holds the key');
      scratch[at++] = 0;
      scratch[at++] = escapedZero;
    }
    at += writeText(scratch.subarray(at), piece);
  }
  return at + writeText(scratch.subarray(at), tail);
}

function writeText(into: Uint8Array, text: string): number {
  const { read, written } = encoder.encodeInto(text, into);
  invariant(read === text.length, 'the scratch holds the key');
  // Only text beyond ASCII is longer in bytes, and only such text can hold half a pair.
  if (written !== read && loneSurrogate.test(text))
    throw new LogStoreError('INVALID_ARGUMENT', 'the key is not well-formed Unicode text');
  return written;
}

function unescaped(bytes: Uint8Array): Uint8Array {
  let from = bytes.indexOf(0);
  if (from < 0) return bytes;
  const plain = new Uint8Array(bytes.length);
  plain.set(bytes.subarray(0, from));
  let length = from;
  for (; from < bytes.length; from++) {
    plain[length++] = bytes[from] ?? 0;
    if (bytes[from] === 0 && bytes[++from] !== escapedZero) throw malformed();
  }
  return plain.subarray(0, length);
}

function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw malformed(error);
  }
}
