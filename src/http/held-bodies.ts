import type { ServerResponse } from 'node:http';
import { LogStoreError } from '../base/errors.js';

/** Smaller ones are bounded by the number of requests. */
const countedBytesMin = 64 * 1024;
/** Sixteen of the largest, which complete an upload of 10,000 parts. */
const heldBytesMax = 64 * 1024 ** 2;

/**
 * The memory of bodies that are gathered before anything is done with them, of all requests
 * together: each is bounded, but a thousand clients may send one at a time.
 */
export class HeldBodies {
  #heldBytes = 0;

  /**
   * Sets memory for a body aside until the answer to its request has gone.
   * @throws LogStoreError `BUSY` while others hold too much
   */
  hold(sizeBytes: number, res: ServerResponse): void {
    // Of a client that has gone nothing comes, and its answer ends no second time.
    if (sizeBytes < countedBytesMin || res.closed) return;
    if (this.#heldBytes + sizeBytes > heldBytesMax)
      throw new LogStoreError('BUSY', 'too many large documents are on their way');
    this.#heldBytes += sizeBytes;
    res.once('close', () => {
      this.#heldBytes -= sizeBytes;
    });
  }
}
