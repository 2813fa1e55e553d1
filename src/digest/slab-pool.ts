import { LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';

/**
 * A piece of shared memory that carries up to `bytes.length` bytes of a body. The log writes it
 * and workers hash it from the same memory; it is free again when the last holder lets go.
 */
export class Slab {
  #holds = 0;

  constructor(
    /** Its place in the pool's memory, as workers address it. */
    readonly index: number,
    readonly bytes: Buffer,
    private readonly onFree: (slab: Slab) => void,
  ) {}

  /** Whoever keeps the slab beyond the current call retains it, and releases it once. */
  retain(): void {
    this.#holds++;
  }

  release(): void {
    invariant(this.#holds > 0, 'a slab is released once per hold');
    this.#holds--;
    if (this.#holds === 0) this.onFree(this);
  }
}

/**
 * All memory that bodies under way share, reserved at once but only touched as needed, so the
 * process grows with the peak of real use.
 *
 * A slab in flow (full, on its way through hash and log) comes back without anybody's help. A slab
 * being filled may stay for as long as its sender stalls. So no more than three quarters are lent
 * for filling, and nobody waits for those: who gets none gathers in private memory, and waits for
 * a slab in flow when it has a whole slab's worth. Hence any number of stalled senders leaves a
 * quarter of the pool to the others, and nothing deadlocks.
 */
export class SlabPool {
  readonly memory: SharedArrayBuffer;
  readonly #free: Slab[] = []; // a stack: what was used last is used next, to touch little memory
  readonly #waiting: { take(slab: Slab): void; fail(error: Error): void }[] = [];
  readonly #fillingCountMax: number;
  #fillingCount = 0;
  #closed = false;

  constructor(
    readonly slabBytes: number,
    readonly slabCountMax: number,
  ) {
    invariant(slabCountMax >= 4, 'a quarter of the slabs is at least one');
    this.memory = new SharedArrayBuffer(slabBytes * slabCountMax);
    this.#fillingCountMax = Math.floor((slabCountMax * 3) / 4);
    for (let index = slabCountMax - 1; index >= 0; index--) {
      const bytes = Buffer.from(this.memory, index * slabBytes, slabBytes);
      this.#free.push(new Slab(index, bytes, (slab) => this.#takeBack(slab)));
    }
  }

  get freeCount(): number {
    return this.#free.length;
  }

  /**
   * A slab for bytes that are there already; the caller holds it once. Waits, first come first
   * served, while all are out.
   * @throws LogStoreError `CLOSED`
   */
  take(): Slab | Promise<Slab> {
    if (this.#closed) throw closedError();
    const slab = this.#waiting.length === 0 ? this.#free.pop() : undefined;
    if (slab === undefined) return new Promise((take, fail) => this.#waiting.push({ take, fail }));
    slab.retain();
    return slab;
  }

  /** A slab to fill as bytes come in, if one may be lent; `filled` says that it is in flow now. */
  takeToFill(): Slab | undefined {
    if (this.#closed || this.#waiting.length > 0) return undefined;
    if (this.#fillingCount >= this.#fillingCountMax) return undefined;
    const slab = this.#free.pop();
    if (slab === undefined) return undefined;
    this.#fillingCount++;
    slab.retain();
    return slab;
  }

  /** To be called once for each slab of `takeToFill`, before it goes on or is released. */
  filled(): void {
    invariant(this.#fillingCount > 0, 'a slab is filled once');
    this.#fillingCount--;
  }

  /** Who waits for a slab gets CLOSED. The memory lives as long as anybody refers to it. */
  close(): void {
    this.#closed = true;
    for (const waiting of this.#waiting.splice(0)) waiting.fail(closedError());
  }

  #takeBack(slab: Slab): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      this.#free.push(slab);
      return;
    }
    slab.retain();
    waiting.take(slab);
  }
}

function closedError(): LogStoreError {
  return new LogStoreError('CLOSED', 'the store is closed');
}
