import {
  compileModule,
  instantiate,
  isValidModule,
  type SharedMemory,
} from '../../base/web-assembly.js';
import type { Matrix } from '../matrix.js';
import type { Stripe } from '../stripe.js';
import type { Product } from './product.js';
import { productModule } from './product-module.js';

/** More sums than this at once do not fit the registers of a processor. */
const outputsPerModule = 4;

export const isSimdThere = isValidModule(productModule([Uint8Array.of(1)]));

/** The product as machine code of its own: some 10 GB/s of inputs for RS(10,4) on one core. */
export function simdProduct(coefficients: Matrix): Product {
  const parts: Product[] = [];
  for (let first = 0; first < coefficients.length; first += outputsPerModule) {
    const part = partialProduct(coefficients.slice(first, first + outputsPerModule));
    parts.push((stripe, inputs, outputs, lengthBytes) =>
      part(stripe, inputs, outputs.slice(first, first + outputsPerModule), lengthBytes),
    );
  }
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return (...job) => {
    for (const part of parts) part(...job);
  };
}

function partialProduct(coefficients: Matrix): Product {
  const module = compileModule(productModule(coefficients));
  const instances = new WeakMap<SharedMemory, (...values: number[]) => void>();
  return (stripe, inputs, outputs, lengthBytes) => {
    let run = instances.get(stripe.memory);
    if (run === undefined) {
      run = instantiate(module, stripe.memory);
      instances.set(stripe.memory, run);
    }
    run(lengthBytes, ...addresses(stripe, inputs), ...addresses(stripe, outputs));
  };
}

function addresses(stripe: Stripe, rows: readonly number[]): number[] {
  return rows.map((row) => stripe.addresses[row] ?? Number.NaN);
}
