import { invariant } from '../base/invariant.js';
import { type Crc64, crc64Polynomial } from './crc64-nvme.js';

/**
 * The CRC of two runs of bytes from the CRCs of each: crc(A‖B) = crc(A)·x^(8·|B|) + crc(B) modulo
 * the polynomial, as zlib's crc32_combine. It holds for every reflected CRC whose register starts
 * and ends inverted. A power costs some 20 products; equal lengths in a row share theirs.
 */

/** x^(2^n) for n below 48: lengths up to 32 TiB in bits. */
const squaresCountMax = 48;

class Crc32Combiner {
  readonly #squares: number[] = [0x40000000]; // x^1; bit 31 is x^0
  #lengthBytes = 0;
  #power = 0x80000000 | 0; // x^(8 * #lengthBytes)

  constructor(private readonly polynomial: number) {
    for (let n = 1; n < squaresCountMax; n++) {
      const before = this.#squares[n - 1] ?? 0;
      this.#squares.push(this.#product(before, before));
    }
  }

  combine(crcA: number, crcB: number, lengthBytesOfB: number): number {
    if (lengthBytesOfB !== this.#lengthBytes) {
      this.#power = this.#powerOf(lengthBytesOfB);
      this.#lengthBytes = lengthBytesOfB;
    }
    return (this.#product(this.#power, crcA) ^ crcB) >>> 0;
  }

  #powerOf(lengthBytes: number): number {
    let power = 0x80000000 | 0;
    for (const n of bitsOf(lengthBytes)) power = this.#product(this.#squares[n + 3] ?? 0, power);
    return power;
  }

  #product(a: number, b: number): number {
    let sum = 0;
    for (let bit = 31; bit >= 0; bit--) {
      if ((a >>> bit) & 1) sum ^= b;
      b = b & 1 ? (b >>> 1) ^ this.polynomial : b >>> 1;
    }
    return sum;
  }
}

const crc32Combiner = new Crc32Combiner(0xedb88320);
const crc32cCombiner = new Crc32Combiner(0x82f63b78);

/** The CRC-32 of A‖B, from those of A and of B and B's length. */
export function combineCrc32(crcA: number, crcB: number, lengthBytesOfB: number): number {
  return crc32Combiner.combine(crcA, crcB, lengthBytesOfB);
}

/** The CRC-32C of A‖B, from those of A and of B and B's length. */
export function combineCrc32c(crcA: number, crcB: number, lengthBytesOfB: number): number {
  return crc32cCombiner.combine(crcA, crcB, lengthBytesOfB);
}

const one64: Crc64 = { high: 0x80000000, low: 0 };
const squares64: Crc64[] = [{ high: 0x40000000, low: 0 }];
for (let n = 1; n < squaresCountMax; n++) {
  const before = squares64[n - 1] ?? one64;
  squares64.push(product64(before, before));
}
let lengthBytes64 = 0;
let power64 = one64; // x^(8 * lengthBytes64)

/** The CRC-64/NVME of A‖B, from those of A and of B and B's length. */
export function combineCrc64Nvme(crcA: Crc64, crcB: Crc64, lengthBytesOfB: number): Crc64 {
  if (lengthBytesOfB !== lengthBytes64) {
    power64 = one64;
    for (const n of bitsOf(lengthBytesOfB)) power64 = product64(squares64[n + 3] ?? one64, power64);
    lengthBytes64 = lengthBytesOfB;
  }
  const { high, low } = product64(power64, crcA);
  return { high: (high ^ crcB.high) >>> 0, low: (low ^ crcB.low) >>> 0 };
}

function product64(a: Crc64, b: Crc64): Crc64 {
  let { high, low } = b;
  let sumHigh = 0;
  let sumLow = 0;
  for (let bit = 63; bit >= 0; bit--) {
    if (((bit >= 32 ? a.high >>> (bit - 32) : a.low >>> bit) & 1) !== 0) {
      sumHigh ^= high;
      sumLow ^= low;
    }
    const odd = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (odd) {
      low ^= crc64Polynomial.low;
      high ^= crc64Polynomial.high;
    }
  }
  return { high: sumHigh >>> 0, low: sumLow >>> 0 };
}

/** The positions of the ones in `value`, which may pass 2^32. */
function* bitsOf(value: number): Generator<number> {
  invariant(Number.isSafeInteger(value) && value >= 0, 'lengths are whole numbers');
  invariant(value < 2 ** (squaresCountMax - 3), 'lengths stay below 32 TiB');
  for (let n = 0; value > 0; n++) {
    if (value % 2 === 1) yield n;
    value = Math.floor(value / 2);
  }
}
