import { checksum } from '../format/checksum.js';
import { blocksPerSlice, type ParityShape } from '../format/parity.js';

/**
 * The checksum of each block of a segment, of bytes that come in order: whoever verifies the
 * segment's records feeds it what was verified, so that nothing else enters parity.
 */
export class BlockChecksums {
  readonly #sums: Uint32Array;
  #offset = 0;

  constructor(private readonly shape: ParityShape) {
    this.#sums = new Uint32Array(shape.dataCount * blocksPerSlice(shape));
  }

  /** Goes on over the segment's next bytes; ignores those beyond what the group covers. */
  update(bytes: Uint8Array): void {
    const { blockBytes, coveredBytes } = this.shape;
    const take = Math.min(bytes.length, coveredBytes - this.#offset);
    for (let at = 0; at < take; ) {
      const block = Math.floor(this.#offset / blockBytes);
      const end = Math.min(at + (block + 1) * blockBytes - this.#offset, take);
      this.#sums[block] = checksum(bytes.subarray(at, end), this.#sums[block]);
      this.#offset += end - at;
      at = end;
    }
  }

  /** @returns undefined if bytes are missing at the end */
  finish(): Uint32Array | undefined {
    return this.#offset === this.shape.coveredBytes ? this.#sums : undefined;
  }
}
