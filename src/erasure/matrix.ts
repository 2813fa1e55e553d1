import { invariant } from '../base/invariant.js';
import { inverse, multiply, power } from './galois.js';

/** Rows of equal length over GF(2^8). */
export type Matrix = readonly Uint8Array[];

/**
 * The systematic code matrix of k + m rows and k columns (SPEC.md §13.1): the
 * Vandermonde matrix V(r, c) = r^c times the inverse of its own first k rows. So the first k rows
 * are the identity, and any k rows can be inverted.
 */
export function codeMatrix(dataCount: number, parityCount: number): Matrix {
  const rows = Array.from({ length: dataCount + parityCount }, (_, row) =>
    Uint8Array.from({ length: dataCount }, (_, column) => power(row, column)),
  );
  return product(rows, inverted(rows.slice(0, dataCount)));
}

export function product(left: Matrix, right: Matrix): Matrix {
  const columnCount = right[0]?.length ?? 0;
  return left.map((row) => {
    const sums = new Uint8Array(columnCount);
    for (const [index, other] of right.entries()) {
      const factor = row[index] ?? 0;
      for (let column = 0; column < columnCount; column++)
        sums[column] = (sums[column] ?? 0) ^ multiply(factor, other[column] ?? 0);
    }
    return sums;
  });
}

/** Of a square matrix, by Gauss and Jordan. Any k rows of a code matrix have an inverse. */
export function inverted(matrix: Matrix): Matrix {
  const size = matrix.length;
  const work = matrix.map((row, index) => {
    const doubled = new Uint8Array(2 * size); // the matrix, and the identity beside it
    doubled.set(row);
    doubled[size + index] = 1;
    return doubled;
  });
  for (let column = 0; column < size; column++) {
    const pivotAt = work.findIndex((row, index) => index >= column && row[column] !== 0);
    const pivot = work[pivotAt];
    const displaced = work[column];
    invariant(pivot !== undefined && displaced !== undefined, 'the rows are independent');
    work[pivotAt] = displaced;
    work[column] = pivot;
    const factor = inverse(pivot[column] ?? 0);
    for (let at = 0; at < pivot.length; at++) pivot[at] = multiply(pivot[at] ?? 0, factor);
    for (const row of work) if (row !== pivot) subtractMultiple(row, pivot, row[column] ?? 0);
  }
  return work.map((row) => row.slice(size));
}

function subtractMultiple(row: Uint8Array, pivot: Uint8Array, factor: number): void {
  if (factor === 0) return;
  for (let at = 0; at < row.length; at++)
    row[at] = (row[at] ?? 0) ^ multiply(factor, pivot[at] ?? 0);
}
