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
