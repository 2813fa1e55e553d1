import { invariant } from '../../base/invariant.js';
import { multiply } from '../galois.js';
import type { Matrix } from '../matrix.js';
import type { Stripe } from '../stripe.js';
import type { Product } from './product.js';

/** The product without SIMD: one look-up for each byte and coefficient. */
export function plainProduct(coefficients: Matrix): Product {
  const tables = coefficients.map((row) => [...row].map(multiplesOf));
  return (stripe, inputs, outputs, lengthBytes) => {
    for (const [index, output] of outputs.entries()) {
      const sums = rowOf(stripe, output).fill(0, 0, lengthBytes);
      for (const [column, input] of inputs.entries()) {
        const table = tables[index]?.[column];
        invariant(table !== undefined, 'a column of coefficients for each input');
        addMultiples(sums, rowOf(stripe, input), table, lengthBytes);
      }
    }
  };
}

function multiplesOf(factor: number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, value) => multiply(factor, value));
}

function addMultiples(
  sums: Uint8Array,
  values: Uint8Array,
  table: Uint8Array,
  lengthBytes: number,
): void {
  for (let at = 0; at < lengthBytes; at++)
    sums[at] = (sums[at] ?? 0) ^ (table[values[at] ?? 0] ?? 0);
}

function rowOf(stripe: Stripe, row: number): Uint8Array {
  const bytes = stripe.rows[row];
  invariant(bytes !== undefined, `a stripe has a row ${row}`);
  return bytes;
}
