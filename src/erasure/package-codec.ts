import { ReedSolomonErasure } from '@subspace/reed-solomon-erasure.wasm';
import { invariant } from '../base/invariant.js';
import { checkMissing, range } from './code.js';
import type { Codec } from './codec.js';
import type { Stripe } from './stripe.js';

/** Where the package keeps its WebAssembly. */
export const packageWasmName =
  '@subspace/reed-solomon-erasure.wasm/dist/reed_solomon_erasure_bg.wasm';

/** The same codes by other people's hands, and at a twentieth of the speed. */
export class PackageCodec implements Codec {
  readonly kind = 'package';
  readonly #encoder: ReedSolomonErasure;

  /** @param wasmBytes the content of the file `packageWasmName` */
  constructor(private readonly wasmBytes: Uint8Array) {
    this.#encoder = ReedSolomonErasure.fromBytes(wasmBytes);
  }

  encode(stripe: Stripe, lengthBytes = stripe.rowBytes): void {
    const { dataCount, parityCount } = stripe.code;
    checkMissing(stripe.code, []);
    if (lengthBytes === 0) return;
    const shards = gathered(stripe, lengthBytes);
    const result = this.#encoder.encode(shards, dataCount, parityCount);
    invariant(result === ReedSolomonErasure.RESULT_OK, `the package encodes: ${result}`);
    scatter(shards, stripe, range(dataCount, dataCount + parityCount), lengthBytes);
  }

  reconstruct(stripe: Stripe, missing: readonly number[], lengthBytes = stripe.rowBytes): void {
    checkMissing(stripe.code, missing);
    if (missing.length === 0 || lengthBytes === 0) return;
    const { dataCount, parityCount } = stripe.code;
    const shards = gathered(stripe, lengthBytes);
    const present = range(0, dataCount + parityCount).map((row) => !missing.includes(row));
    // A second reconstruct of one instance finds its heap destroyed by the first.
    const decoder = ReedSolomonErasure.fromBytes(this.wasmBytes);
    const decoded = decoder.reconstruct(shards, dataCount, parityCount, present);
    invariant(decoded === ReedSolomonErasure.RESULT_OK, `the package decodes: ${decoded}`);
    // It gives back data alone; parity follows from that.
    const encoded = this.#encoder.encode(shards, dataCount, parityCount);
    invariant(encoded === ReedSolomonErasure.RESULT_OK, `the package encodes: ${encoded}`);
    scatter(shards, stripe, missing, lengthBytes);
  }
}

function gathered(stripe: Stripe, lengthBytes: number): Uint8Array {
  const shards = new Uint8Array(stripe.rows.length * lengthBytes);
  for (const [row, bytes] of stripe.rows.entries())
    shards.set(bytes.subarray(0, lengthBytes), row * lengthBytes);
  return shards;
}

function scatter(
  shards: Uint8Array,
  stripe: Stripe,
  rows: readonly number[],
  lengthBytes: number,
): void {
  for (const row of rows)
    stripe.rows[row]?.set(shards.subarray(row * lengthBytes, (row + 1) * lengthBytes));
}
