/**
 * CRC-64/NVME, reflected (polynomial 0xAD93D23594C93659), as in NVM Express §4.1.4; slicing by 8
 * over two 32-bit halves, since BigInt arithmetic would be a hundred times slower.
 */

/** The high and the low half of a CRC-64, unsigned. */
export interface Crc64 {
  readonly high: number;
  readonly low: number;
}

/** The CRC of no bytes. */
export const crc64Empty: Crc64 = Object.freeze({ high: 0, low: 0 });

/** The polynomial, bits reversed. */
export const crc64Polynomial: Crc64 = Object.freeze({ high: 0x9a6c9329, low: 0xac4bc9b5 });

/** `[256 * n + b]`: the halves of what byte b does to the register n bytes later. */
const highs = new Int32Array(8 * 256);
const lows = new Int32Array(8 * 256);
for (let byte = 0; byte < 256; byte++) {
  let high = 0;
  let low = byte;
  for (let bit = 0; bit < 8; bit++) {
    const odd = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (odd) {
      low ^= crc64Polynomial.low;
      high ^= crc64Polynomial.high;
    }
  }
  highs[byte] = high;
  lows[byte] = low;
}
for (let at = 256; at < highs.length; at++) {
  const high = highAt(at - 256);
  const low = lowAt(at - 256);
  highs[at] = (high >>> 8) ^ highAt(low & 255);
  lows[at] = ((low >>> 8) | (high << 24)) ^ lowAt(low & 255);
}

/** Goes on from `crc`, the CRC of all bytes before, over `bytes`. */
export function crc64Nvme(bytes: Uint8Array, crc: Crc64 = crc64Empty): Crc64 {
  let high = ~crc.high;
  let low = ~crc.low;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) {
    const a = 1792 + ((low ^ byteAt(bytes, at)) & 255);
    const b = 1536 + (((low >>> 8) ^ byteAt(bytes, at + 1)) & 255);
    const c = 1280 + (((low >>> 16) ^ byteAt(bytes, at + 2)) & 255);
    const d = 1024 + ((low >>> 24) ^ byteAt(bytes, at + 3));
    const e = 768 + ((high ^ byteAt(bytes, at + 4)) & 255);
    const f = 512 + (((high >>> 8) ^ byteAt(bytes, at + 5)) & 255);
    const g = 256 + (((high >>> 16) ^ byteAt(bytes, at + 6)) & 255);
    const h = (high >>> 24) ^ byteAt(bytes, at + 7);
    low = lowAt(a) ^ lowAt(b) ^ lowAt(c) ^ lowAt(d) ^ lowAt(e) ^ lowAt(f) ^ lowAt(g) ^ lowAt(h);
    high =
      highAt(a) ^ highAt(b) ^ highAt(c) ^ highAt(d) ^ highAt(e) ^ highAt(f) ^ highAt(g) ^ highAt(h);
  }
  for (; at < bytes.length; at++) {
    const index = (low ^ byteAt(bytes, at)) & 255;
    low = ((low >>> 8) | (high << 24)) ^ lowAt(index);
    high = (high >>> 8) ^ highAt(index);
  }
  return { high: ~high >>> 0, low: ~low >>> 0 };
}

// Every index is inside by construction; `| 0` costs nothing and satisfies the compiler.
function highAt(index: number): number {
  return (highs[index] as number) | 0;
}

function lowAt(index: number): number {
  return (lows[index] as number) | 0;
}

function byteAt(bytes: Uint8Array, index: number): number {
  return (bytes[index] as number) | 0;
}
