import type { Stripe } from './stripe.js';

/** A fixed number of stripes for reads that meet damage: it bounds their memory. */
export class StripePool {
  readonly #free: Stripe[];
  readonly #waiting: ((stripe: Stripe) => void)[] = [];

  constructor(stripes: readonly Stripe[]) {
    this.#free = [...stripes];
  }

  /** Lends a stripe to `work` until it settles; waits, first come first served, for a free one. */
  async use<T>(work: (stripe: Stripe) => Promise<T>): Promise<T> {
    const stripe = this.#free.pop() ?? (await this.#next());
    try {
      return await work(stripe);
    } finally {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#free.push(stripe);
      else waiting(stripe);
    }
  }

  #next(): Promise<Stripe> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
