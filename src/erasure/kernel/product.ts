import type { Matrix } from '../matrix.js';
import type { Stripe } from '../stripe.js';

/**
 * Computes rows of a stripe from others, over their first `lengthBytes`, at least 1; a little
 * beyond, within the space between rows, may be overwritten too.
 */
export type Product = (
  stripe: Stripe,
  inputs: readonly number[],
  outputs: readonly number[],
  lengthBytes: number,
) => void;

/** Makes the product with a matrix of coefficients: a row for each output, a column each input. */
export type ProductMaker = (coefficients: Matrix) => Product;
