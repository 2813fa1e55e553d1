/** CRC-32C (Castagnoli), reflected, as in RFC 3720 §12.1; slicing by 16. */

const polynomial = 0x82f63b78;

/** `tables[256 * n + b]`: what byte b does to the register n bytes later. */
const tables = new Int32Array(16 * 256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
  tables[byte] = crc;
}
for (let at = 256; at < tables.length; at++) {
  const before = at256(at - 256);
  tables[at] = (before >>> 8) ^ at256(before & 255);
}

/**
 * Goes on from `crc`, the CRC-32C of all bytes before (0 of none), over `bytes`.
 * @returns the CRC-32C of all of them, unsigned
 */
export function crc32c(bytes: Uint8Array, crc = 0): number {
  let state = ~crc;
  let at = 0;
  for (const end = bytes.length - 15; at < end; at += 16)
    state =
      at256(3840 + ((state ^ byteAt(bytes, at)) & 255)) ^
      at256(3584 + (((state >>> 8) ^ byteAt(bytes, at + 1)) & 255)) ^
      at256(3328 + (((state >>> 16) ^ byteAt(bytes, at + 2)) & 255)) ^
      at256(3072 + ((state >>> 24) ^ byteAt(bytes, at + 3))) ^
      at256(2816 + byteAt(bytes, at + 4)) ^
      at256(2560 + byteAt(bytes, at + 5)) ^
      at256(2304 + byteAt(bytes, at + 6)) ^
      at256(2048 + byteAt(bytes, at + 7)) ^
      at256(1792 + byteAt(bytes, at + 8)) ^
      at256(1536 + byteAt(bytes, at + 9)) ^
      at256(1280 + byteAt(bytes, at + 10)) ^
      at256(1024 + byteAt(bytes, at + 11)) ^
      at256(768 + byteAt(bytes, at + 12)) ^
      at256(512 + byteAt(bytes, at + 13)) ^
      at256(256 + byteAt(bytes, at + 14)) ^
      at256(byteAt(bytes, at + 15));
  for (; at < bytes.length; at++) state = (state >>> 8) ^ at256((state ^ byteAt(bytes, at)) & 255);
  return ~state >>> 0;
}

// Every index is inside by construction; `| 0` costs nothing and satisfies the compiler.
function at256(index: number): number {
  return (tables[index] as number) | 0;
}

function byteAt(bytes: Uint8Array, index: number): number {
  return (bytes[index] as number) | 0;
}
