import type { BlockChecksums } from '../erasure/block-checksums.js';
import type { ByteSource } from './window-reader.js';

/** Steps over what a parser does not ask for. */
const stepBytes = 64 * 1024;

/**
 * Reads a file forward, each byte of it from the disk once, and sums up exactly what it gave: what
 * a parser reads again comes from memory. So what was verified is what was summed up. What it gave
 * must stay as it is until the next read.
 */
export class SequentialFile implements ByteSource {
  /** What was read last, up to `#end`. */
  #last: Uint8Array = new Uint8Array(0);
  #end = 0;

  constructor(
    private readonly file: ByteSource,
    private readonly sums: BlockChecksums,
  ) {}

  async read(into: Uint8Array, offset: number): Promise<number> {
    await this.passTo(offset);
    const start = this.#end - this.#last.length;
    if (offset < start) throw new RangeError('a file that is read forward goes back');
    const known = this.#last.subarray(offset - start, offset - start + into.length);
    into.set(known);
    const rest = into.subarray(known.length);
    const count = rest.length === 0 ? 0 : await this.#next(rest);
    const filled = known.length + count;
    // No copy: parsers read into the same memory again, and `set` moves what overlaps.
    if (count > 0) this.#last = into.subarray(0, filled);
    return filled;
  }

  /** Reads on up to `offset`, for the sums alone. */
  async passTo(offset: number): Promise<void> {
    while (this.#end < offset) {
      const step = new Uint8Array(Math.min(stepBytes, offset - this.#end));
      if ((await this.#next(step)) === 0) return;
      this.#last = step;
    }
  }

  async #next(into: Uint8Array): Promise<number> {
    const count = await this.file.read(into, this.#end);
    this.sums.update(into.subarray(0, count));
    this.#end += count;
    return count;
  }
}
