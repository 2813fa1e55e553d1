/**
 * GF(2^8) with polynomial 0x11D and generator 2 (SPEC.md §13.1): the field that
 * Backblaze's, klauspost's and the Rust reed-solomon-erasure libraries share.
 */
export const reductionByte = 0x1d;

const exponentials = new Uint8Array(510); // twice around, so that a sum of two logarithms fits
const logarithms = new Uint8Array(256);
for (let exponent = 0, value = 1; exponent < 255; exponent++) {
  exponentials[exponent] = value;
  exponentials[exponent + 255] = value;
  logarithms[value] = exponent;
  value = (value << 1) ^ (value & 0x80 ? 0x100 | reductionByte : 0);
}

export function multiply(a: number, b: number): number {
  if (a === 0 || b === 0) return 0;
  return exponentials[(logarithms[a] ?? 0) + (logarithms[b] ?? 0)] ?? 0;
}

/** 1 / `a`, of a byte other than 0. */
export function inverse(a: number): number {
  return exponentials[255 - (logarithms[a] ?? 0)] ?? 0;
}

/** `base` to the power of `exponent`; anything to the power of 0 is 1. */
export function power(base: number, exponent: number): number {
  if (exponent === 0) return 1;
  if (base === 0) return 0;
  return exponentials[((logarithms[base] ?? 0) * exponent) % 255] ?? 0;
}
