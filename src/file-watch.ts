import type { Clock, Timer } from './base/host.js';
import { InvariantError } from './base/invariant.js';
import type { Logger } from './http/logger.js';

const lookEveryMs = 1_000;

/**
 * Looks at files again and again. What cannot be used is logged once, until it can be used or
 * something else is wrong with it.
 */
export class FileWatch implements Timer {
  #timer: Timer;
  #cancelled = false;
  #complaint = '';

  /**
   * @param look takes up what is new; asked before it does whether that still counts
   * @param unusable what the log says of a look that failed
   */
  constructor(
    private readonly look: (isOver: () => boolean) => Promise<void>,
    private readonly unusable: string,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.#timer = this.#after();
  }

  cancel(): void {
    this.#cancelled = true;
    this.#timer.cancel();
  }

  #after(): Timer {
    // A broken promise of our own alone is not caught: it stops the process.
    return this.clock.after(lookEveryMs, () => void this.#lookOnce());
  }

  async #lookOnce(): Promise<void> {
    try {
      await this.look(() => this.#cancelled);
      this.#complaint = '';
    } catch (error) {
      if (error instanceof InvariantError) throw error;
      const complaint = String(error);
      if (complaint !== this.#complaint) this.logger.warn({ err: error }, this.unusable);
      this.#complaint = complaint;
    }
    if (!this.#cancelled) this.#timer = this.#after();
  }
}
