import type { DiskFile } from '../base/host.js';
import { freeSpent } from '../memory/spent-memory.js';

/** What parsing needs of a file. */
export type ByteSource = Pick<DiskFile, 'read'>;

/** A moving window over a file, so that parsing runs without a call per record. */
export class WindowReader {
  #buffer: Uint8Array;
  /** Offset in the file of the window's first byte. */
  start = 0;
  #filled = 0;

  constructor(
    private readonly file: ByteSource,
    windowBytes: number,
  ) {
    this.#buffer = new Uint8Array(windowBytes);
  }

  /** The window's bytes; valid until the next `load`. */
  get bytes(): Uint8Array {
    return this.#filled === this.#buffer.length
      ? this.#buffer
      : this.#buffer.subarray(0, this.#filled);
  }

  /** Gives the memory back, and with it all bytes that were given. */
  release(): void {
    freeSpent(this.#buffer);
  }

  holds(offset: number, lengthBytes: number): boolean {
    return offset >= this.start && offset + lengthBytes <= this.start + this.#filled;
  }

  /**
   * Moves the window to `offset`.
   * @returns whether it now holds `lengthBytes` from there; false at the end of the file
   */
  async load(offset: number, lengthBytes: number): Promise<boolean> {
    if (lengthBytes > this.#buffer.length) this.#buffer = new Uint8Array(lengthBytes);
    this.start = offset;
    this.#filled = 0;
    this.#filled = await this.file.read(this.#buffer, offset);
    return this.#filled >= lengthBytes;
  }
}
