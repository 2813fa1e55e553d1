import { createHash, type Hash } from 'node:crypto';
import { checksum } from '../format/checksum.js';
import {
  blocksPerSlice,
  extent,
  type ParityShape,
  type ParityTables,
  storedBytes,
} from '../format/parity.js';
import type { Stripe } from './stripe.js';

/** Checksums and hashes of a group's shards, of stripes that come in the order of the slices. */
export class GroupSums {
  readonly #checksums: Uint32Array;
  readonly #hashes: readonly Hash[];

  constructor(private readonly shape: ParityShape) {
    const shardCount = shape.dataCount + shape.parityCount;
    this.#checksums = new Uint32Array(shardCount * blocksPerSlice(shape));
    this.#hashes = Array.from({ length: shardCount }, () => createHash('sha256'));
  }

  /** Adds the stripe's rows, which are whole blocks of the slices from offset `start` on. */
  update(stripe: Stripe, start: number, lengthBytes: number): void {
    const { shape } = this;
    for (const [shard, row] of stripe.rows.entries()) {
      const stored =
        shard < shape.dataCount
          ? Math.min(Math.max(extent(shape, shard).lengthBytes - start, 0), lengthBytes)
          : lengthBytes;
      this.#hashes[shard]?.update(row.subarray(0, stored));
      for (let at = 0; at < lengthBytes; at += shape.blockBytes) {
        const block = (start + at) / shape.blockBytes;
        const bytes = row.subarray(at, at + storedBytes(shape, shard, block));
        this.#checksums[shard * blocksPerSlice(shape) + block] = checksum(bytes);
      }
    }
  }

  finish(): ParityTables {
    const hashes = this.#hashes.map((hash) => new Uint8Array(hash.digest()));
    return { hashes, checksums: this.#checksums };
  }
}
