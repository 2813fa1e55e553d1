import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inverse, multiply, power } from '../../../src/erasure/galois.js';
import { codeMatrix, inverted, product } from '../../../src/erasure/matrix.js';

const it = suite('galois field and matrices');

/** Shift and add, modulo 0x11D: the definition. */
function multiplied(a: number, b: number): number {
  let sum = 0;
  for (let bit = 7; bit >= 0; bit--) {
    sum = (sum << 1) ^ (sum & 0x80 ? 0x11d : 0);
    if ((b >> bit) & 1) sum ^= a;
  }
  return sum;
}

it('multiplies as polynomials modulo 0x11D', () => {
  for (let a = 0; a < 256; a++)
    for (let b = 0; b < 256; b++) assert.is(multiply(a, b), multiplied(a, b), `${a} x ${b}`);
});

it('every byte but 0 has an inverse, and powers are repeated products', () => {
  for (let a = 1; a < 256; a++) assert.is(multiply(a, inverse(a)), 1, `1 / ${a}`);
  for (const base of [0, 1, 2, 29, 255]) {
    let expected = 1;
    for (let exponent = 0; exponent < 300; exponent++) {
      assert.is(power(base, exponent), expected, `${base} ^ ${exponent}`);
      expected = multiply(expected, base);
    }
  }
});

it('a code matrix begins with the identity; its parity is the known one of Backblaze', () => {
  // The worked example of the JavaReedSolomon project: 4 shards of data, 2 of parity.
  assert.equal(
    codeMatrix(4, 2).map((row) => [...row]),
    [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
      [27, 28, 18, 20],
      [28, 27, 20, 18],
    ],
  );
});

it('a matrix times its inverse is the identity', () => {
  const square = codeMatrix(10, 4).filter((_, row) => ![0, 3, 7, 9].includes(row));
  const identity = codeMatrix(10, 1).slice(0, 10);
  assert.equal(product(square, inverted(square)), identity);
  assert.equal(product(inverted(square), square), identity);
});

it.run();
