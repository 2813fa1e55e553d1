import type { Slab, SlabPool } from './slab-pool.js';

/** A slab with `lengthBytes` of a body in it. Whoever receives it holds it, and releases it. */
export interface FilledSlab {
  readonly slab: Slab;
  readonly lengthBytes: number;
}

/**
 * Cuts a body into slabs of `fullBytes`, the last one excepted; none for an empty body. Chunks of
 * `source` are copied before the next one is pulled. Returning early gives back what is partly
 * filled.
 */
export async function* fillSlabs(
  pool: SlabPool,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  fullBytes = pool.slabBytes,
): AsyncGenerator<FilledSlab, void, void> {
  const filling = new Filling(pool, fullBytes);
  try {
    for await (const chunk of source) {
      let at = 0;
      while (at < chunk.length) {
        at += filling.add(chunk, at);
        if (filling.lengthBytes === fullBytes) yield await filling.take();
      }
    }
    if (filling.lengthBytes > 0) yield await filling.take();
  } finally {
    filling.drop();
  }
}

const privateBytesMin = 16 * 1024;

/** The one slab, or the private memory in its place, that a body is filling. */
class Filling {
  #slab: Slab | undefined;
  #private: Buffer | undefined; // doubles as it fills: a slow sender of little costs little
  #lengthBytes = 0;

  constructor(
    private readonly pool: SlabPool,
    private readonly fullBytes: number,
  ) {}

  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  /** Copies what fits of `chunk` from `start`; returns how many bytes that was. */
  add(chunk: Uint8Array, start: number): number {
    if (this.#lengthBytes === 0) this.#slab = this.pool.takeToFill();
    const lengthBytes = Math.min(chunk.length - start, this.fullBytes - this.#lengthBytes);
    const target = this.#slab?.bytes ?? this.#privateOf(this.#lengthBytes + lengthBytes);
    target.set(chunk.subarray(start, start + lengthBytes), this.#lengthBytes);
    this.#lengthBytes += lengthBytes;
    return lengthBytes;
  }

  async take(): Promise<FilledSlab> {
    const lengthBytes = this.#lengthBytes;
    let slab = this.#slab;
    if (slab !== undefined) this.pool.filled();
    else {
      slab = await this.pool.take();
      if (this.#private !== undefined) slab.bytes.set(this.#private.subarray(0, lengthBytes));
    }
    this.#slab = undefined; // the private memory stays for the next time
    this.#lengthBytes = 0;
    return { slab, lengthBytes };
  }

  drop(): void {
    if (this.#slab === undefined) return;
    this.pool.filled();
    this.#slab.release();
    this.#slab = undefined;
  }

  #privateOf(sizeBytes: number): Buffer {
    const before = this.#private;
    if (before !== undefined && before.length >= sizeBytes) return before;
    let roomBytes = Math.max(before?.length ?? 0, privateBytesMin);
    while (roomBytes < sizeBytes) roomBytes *= 2;
    const after = Buffer.allocUnsafeSlow(Math.min(roomBytes, this.pool.slabBytes));
    if (before !== undefined) after.set(before);
    this.#private = after;
    return after;
  }
}
