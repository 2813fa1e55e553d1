import { isLogStoreError } from '../base/errors.js';
import type { Clock, Timer } from '../base/host.js';
import { EncodeThread } from '../erasure/encode-thread.js';
import { type GroupCoder, InlineGroupCoder } from '../erasure/group-coder.js';
import { isSimdThere } from '../erasure/kernel/simd-product.js';
import { openCodec } from '../erasure/open-codec.js';

/** `thread`: on a thread of its own; `inline`: on this one, the same in every run. */
export type ParityCoding = 'thread' | 'inline';

/** Under steady writes the next segment comes long before. */
const lingerMs = 30_000;

/** Has a coder while there is something to code: threads and stripes take memory then only. */
export class ParityCoder implements AsyncDisposable {
  #coder: (GroupCoder & Partial<AsyncDisposable>) | undefined;
  #lingering: Timer | undefined;

  constructor(private coding: ParityCoding) {}

  /** Where no thread can be had, or it dies, `work` is done again with a coder of this thread. */
  async use<T>(work: (coder: GroupCoder) => Promise<T>): Promise<T> {
    this.#lingering?.cancel();
    try {
      return await work(this.#get());
    } catch (error) {
      if (this.coding === 'inline' || !isLogStoreError(error, 'BUSY')) throw error;
      await this.release();
      this.coding = 'inline';
      return await work(this.#get());
    }
  }

  /** Nothing is to be coded now: lets go of it unless the next use comes soon. */
  rest(clock: Clock): void {
    this.#lingering?.cancel();
    if (this.#coder !== undefined) {
      this.#lingering = clock.after(lingerMs, () => void this.release().catch(() => undefined));
    }
  }

  /** Lets go of it until the next use. */
  async release(): Promise<void> {
    this.#lingering?.cancel();
    const coder = this.#coder;
    this.#coder = undefined;
    await coder?.[Symbol.asyncDispose]?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  #get(): GroupCoder {
    this.#coder ??=
      this.coding === 'thread'
        ? new EncodeThread(isSimdThere ? 'simd' : 'plain')
        : new InlineGroupCoder(openCodec());
    return this.#coder;
  }
}
