import { invariant } from '../base/invariant.js';
import { type Code, checkMissing, range } from './code.js';
import type { Codec, CodecKind } from './codec.js';
import type { Product, ProductMaker } from './kernel/product.js';
import { codeMatrix, inverted, type Matrix, product } from './matrix.js';
import type { Stripe } from './stripe.js';

/** Loss patterns whose products are kept; each is a module of machine code. */
const productsMax = 64;

interface Recovery {
  readonly inputs: readonly number[];
  readonly multiply: Product;
}

export class ProductCodec implements Codec {
  readonly #matrices = new Map<string, Matrix>();
  /** By code and what is missing; the pattern used last is the last one. */
  readonly #recoveries = new Map<string, Recovery>();

  constructor(
    readonly kind: CodecKind,
    private readonly makeProduct: ProductMaker,
  ) {}

  encode(stripe: Stripe, lengthBytes = stripe.rowBytes): void {
    const { dataCount, parityCount } = stripe.code;
    this.reconstruct(stripe, range(dataCount, dataCount + parityCount), lengthBytes);
  }

  reconstruct(stripe: Stripe, missing: readonly number[], lengthBytes = stripe.rowBytes): void {
    checkMissing(stripe.code, missing);
    invariant(lengthBytes <= stripe.rowBytes, 'a length within the rows');
    if (missing.length === 0 || lengthBytes === 0) return;
    const sorted = [...missing].sort((a, b) => a - b);
    const { inputs, multiply } = this.#recovery(stripe.code, sorted);
    multiply(stripe, inputs, sorted, lengthBytes);
  }

  #recovery(code: Code, missing: readonly number[]): Recovery {
    const key = `${code.dataCount}+${code.parityCount}-${missing.join()}`;
    let found = this.#recoveries.get(key);
    if (found === undefined) {
      found = this.#makeRecovery(code, missing);
      const [oldest] = this.#recoveries.keys();
      if (this.#recoveries.size === productsMax && oldest !== undefined)
        this.#recoveries.delete(oldest);
    }
    this.#recoveries.delete(key);
    this.#recoveries.set(key, found);
    return found;
  }

  /** The first k rows that are there, inverted, give the data; and so, any row of the code. */
  #makeRecovery(code: Code, missing: readonly number[]): Recovery {
    const { dataCount, parityCount } = code;
    const matrix = this.#matrix(code);
    const present = range(0, dataCount + parityCount).filter((row) => !missing.includes(row));
    const inputs = present.slice(0, dataCount);
    const coefficients = product(pick(matrix, missing), inverted(pick(matrix, inputs)));
    return { inputs, multiply: this.makeProduct(coefficients) };
  }

  #matrix({ dataCount, parityCount }: Code): Matrix {
    const key = `${dataCount}+${parityCount}`;
    let matrix = this.#matrices.get(key);
    if (matrix === undefined) {
      matrix = codeMatrix(dataCount, parityCount);
      this.#matrices.set(key, matrix);
    }
    return matrix;
  }
}

function pick(matrix: Matrix, rows: readonly number[]): Matrix {
  return rows.map((row) => {
    const picked = matrix[row];
    invariant(picked !== undefined, 'a row of the matrix');
    return picked;
  });
}
