import { randomFillSync } from 'node:crypto';
import type { Random } from '../base/host.js';
import { invariant } from '../base/invariant.js';

/** One call of the system's generator serves 512 salts of 16 bytes. */
const POOL_BYTES = 8192;

/** Bytes of the system's generator. Each leaves the pool once, as a copy. */
export class NodeRandom implements Random {
  readonly #pool = new Uint8Array(POOL_BYTES);
  #used = POOL_BYTES;

  bytes(countBytes: number): Uint8Array {
    invariant(Number.isSafeInteger(countBytes) && countBytes >= 0, 'a count of random bytes');
    if (countBytes > POOL_BYTES / 8) return randomFillSync(new Uint8Array(countBytes));
    if (this.#used + countBytes > POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += countBytes;
    return this.#pool.slice(start, this.#used);
  }
}
