import type { Clock, Timer } from './base/host.js';
import type { Logger } from './http/logger.js';
import type { StoreKeys } from './store-keys.js';

const LOOK_EVERY_MS = 1_000;

/**
 * Looks at the key file again and again: what is encrypted from then on is under its last key.
 * What cannot be read is logged once, and the keys that were good stay.
 */
export class StoreKeysWatch implements Timer {
  #timer: Timer;
  #cancelled = false;
  #complaint = '';

  constructor(
    private readonly keys: StoreKeys,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.#timer = clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  cancel(): void {
    this.#cancelled = true;
    this.#timer.cancel();
  }

  #look(): void {
    this.#reload().then(
      () => {
        if (!this.#cancelled) this.#timer = this.clock.after(LOOK_EVERY_MS, () => this.#look());
      },
      (error: unknown) => this.logger.error({ err: error }, 'the key file is watched no more'),
    );
  }

  async #reload(): Promise<void> {
    const { keys, logger } = this;
    try {
      if (await keys.reload()) logger.info({ keys: keys.ids() }, 'encryption keys reloaded');
      this.#complaint = '';
    } catch (error) {
      const complaint = String(error);
      if (complaint !== this.#complaint)
        logger.warn({ err: error }, 'the encryption keys cannot be read; the known ones stay');
      this.#complaint = complaint;
    }
  }
}
