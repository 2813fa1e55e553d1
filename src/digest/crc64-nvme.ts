import { compileModule, instantiate, sharedMemory } from '../base/web-assembly.js';
import { crc64Module, dataAt, registerAt, tablesAt, turnBytes } from './crc64-module.js';

/**
 * CRC-64/NVME, reflected (polynomial 0xAD93D23594C93659), as in NVM Express §4.1.4: in WebAssembly,
 * which has integers of 64 bits; over two 32-bit halves it took twice as long. Some 1.3 GB/s on one
 * core, where MD5 comes to 0.5.
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
const highs = new Int32Array(turnBytes * 256);
const lows = new Int32Array(turnBytes * 256);
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

/** Bytes come into the module's memory so many at a time, and stay in the processor's cache. */
const pieceBytes = 64 * 1024;
const memory = sharedMemory(dataAt + pieceBytes);
const view = new DataView(memory.buffer);
const pieces = new Uint8Array(memory.buffer, dataAt, pieceBytes);
for (let at = 0; at < highs.length; at++) {
  view.setInt32(tablesAt + 8 * at, lowAt(at), true);
  view.setInt32(tablesAt + 8 * at + 4, highAt(at), true);
}
const run = instantiate(compileModule(crc64Module()), memory);

/** Goes on from `crc`, the CRC of all bytes before, over `bytes`. */
export function crc64Nvme(bytes: Uint8Array, crc: Crc64 = crc64Empty): Crc64 {
  let high = ~crc.high;
  let low = ~crc.low;
  const turnsEnd = bytes.length - (bytes.length % turnBytes);
  if (turnsEnd > 0) {
    view.setInt32(registerAt, low, true);
    view.setInt32(registerAt + 4, high, true);
    for (let at = 0; at < turnsEnd; at += pieceBytes) {
      const end = Math.min(turnsEnd, at + pieceBytes);
      pieces.set(bytes.subarray(at, end));
      run(dataAt, dataAt + end - at);
    }
    low = view.getInt32(registerAt, true);
    high = view.getInt32(registerAt + 4, true);
  }
  for (let at = turnsEnd; at < bytes.length; at++) {
    const index = (low ^ ((bytes[at] as number) | 0)) & 255;
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
