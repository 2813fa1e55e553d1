import { invariant } from '../base/invariant.js';
import { type Code, checkMissing, range } from './code.js';
import { plainProduct } from './kernel/plain-product.js';
import type { Product, ProductMaker } from './kernel/product.js';
import { isSimdThere, simdProduct } from './kernel/simd-product.js';
import { codeMatrix, inverted, type Matrix, product } from './matrix.js';
import { PackageCodec } from './package-codec.js';
import type { Stripe } from './stripe.js';

export type CodecKind = 'simd' | 'plain' | 'package';

/** Reed-Solomon codes of up to 256 shards (SPEC.md §13.1). */
export interface Codec {
  readonly kind: CodecKind;
  /** Computes the parity rows from the data rows, over their first `lengthBytes`. */
  encode(stripe: Stripe, lengthBytes?: number): void;
  /**
   * Computes the rows named in `missing`, of data or parity, from all the others, which must be
   * right: what comes of wrong ones looks as good as any.
   * @throws LogStoreError `RECORD_CORRUPT` if more rows are missing than the code has parity
   */
  reconstruct(stripe: Stripe, missing: readonly number[], lengthBytes?: number): void;
}

/**
 * @param kind without one, SIMD where the engine has it
 * @param packageWasm the content of the file `packageWasmName`, for the kind `package`
 */
export function openCodec(
  kind: CodecKind = isSimdThere ? 'simd' : 'plain',
  packageWasm?: Uint8Array,
): Codec {
  if (kind !== 'package')
    return new ProductCodec(kind, kind === 'simd' ? simdProduct : plainProduct);
  invariant(packageWasm !== undefined, 'the package comes with its WebAssembly');
  return new PackageCodec(packageWasm);
}

/** Loss patterns whose products are kept; each is a module of machine code. */
const productsMax = 64;

interface Recovery {
  readonly inputs: readonly number[];
  readonly multiply: Product;
}

class ProductCodec implements Codec {
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
