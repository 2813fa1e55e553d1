import { LogStoreError } from '../base/errors.js';

/** What is under way in a store, so that closing it can wait; it refuses what comes later. */
export class Operations {
  #count = 0;
  #closed = false;
  #idle: (() => void) | undefined;

  get closed(): boolean {
    return this.#closed;
  }

  /** @returns a rejection with CLOSED after `close` */
  async run<T>(operation: () => Promise<T>): Promise<T> {
    this.checkOpen();
    this.#count++;
    try {
      return await operation();
    } finally {
      this.#count--;
      if (this.#count === 0) this.#idle?.();
    }
  }

  checkOpen(): void {
    if (this.#closed) throw closedError();
  }

  /** Refuses what comes from now on; resolves when nothing is under way. To be called once. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }
}

export function closedError(): LogStoreError {
  return new LogStoreError('CLOSED', 'the store is closed');
}
