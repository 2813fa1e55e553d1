import { crc32 } from 'node:zlib';

const table = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  table[byte] = value;
}

/** Below this many bytes a loop here is faster than the call into zlib. */
const nativeBytesMin = 96;

/**
 * CRC-32 (SPEC.md §1), continued from `before`, the checksum of the bytes that came before.
 * @returns an unsigned 32-bit integer
 */
export function checksum(bytes: Uint8Array, before = 0): number {
  if (bytes.length >= nativeBytesMin) return crc32(bytes, before);
  return checksumRange(bytes, 0, bytes.length, before);
}

/** The same for `bytes[start, end)`, without a view of its own: for headers. */
export function checksumRange(
  bytes: Uint8Array,
  start: number,
  end: number,
  before: number,
): number {
  let state = ~before;
  for (let at = start; at < end; at++) {
    state = (state >>> 8) ^ (table[(state ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  }
  return ~state >>> 0;
}

/** FNV-1a of 32 bits over `bytes[0, length)`, the second half of a key hash (SPEC.md §3.3). */
export function fnv1a(bytes: Uint8Array, length = bytes.length): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < length; at++) {
    hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  }
  return hash >>> 0;
}
