import { writeSync } from 'node:fs';
import { errnoOf } from '../src/base/errors.js';

const FLUSH_CHARACTERS = 64 * 1024;
const WAIT_MS = 5;
const STDOUT = 1;

/**
 * Lines to standard output from where nothing can wait: a walk that calls back for each record.
 * Writes are synchronous, so that however many lines come, none pile up in memory.
 */
export class LineWriter {
  #text = '';

  write(line: string): void {
    this.#text += `${line}\n`;
    if (this.#text.length >= FLUSH_CHARACTERS) this.flush();
  }

  /** @throws EPIPE once the reader has gone. */
  flush(): void {
    let bytes = Buffer.from(this.#text);
    this.#text = '';
    while (bytes.length > 0) bytes = bytes.subarray(writeSome(bytes));
  }
}

/** @returns the count of bytes taken, 0 where the reader of a pipe is slow */
function writeSome(bytes: Uint8Array): number {
  try {
    return writeSync(STDOUT, bytes);
  } catch (error) {
    if (errnoOf(error) !== 'EAGAIN') throw error; // a pipe that is non-blocking by inheritance
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
    return 0;
  }
}
