import { LogStoreError } from '../base/errors.js';
import type { Clock } from '../base/host.js';
import { limits } from '../base/limits.js';
import type { LedgerStanding } from '../ledger/sealer-link.js';

/** A place among those who wait until something is sealed; whoever took it gives it back. */
export interface Receipt extends Disposable {
  /**
   * Waits until the version is in a signed block, at most `limits.receiptWaitMsMax`.
   * @returns whether it is; if not, the version is stored all the same, and sealed later
   */
  sealed(version: number, signal?: AbortSignal): Promise<boolean>;
}

interface Waiter {
  readonly version: number;
  settle(isSealed: boolean): void;
}

/** Those who wait for blocks. Nothing is sealed any earlier for them. */
export class Receipts {
  readonly #waiters = new Set<Waiter>();
  #places = 0;
  #isClosed = false;

  constructor(
    private readonly clock: Clock,
    private readonly standing: () => LedgerStanding,
  ) {}

  /**
   * Taken before anything is written, so that what is written can also wait.
   * @throws LogStoreError `BUSY` when too many wait; `LEDGER_BROKEN` where nothing will be signed
   */
  take(): Receipt {
    const { is, reason } = this.standing();
    if (is !== 'ok')
      throw new LogStoreError('LEDGER_BROKEN', `the ledger signs nothing: ${reason ?? is}`);
    if (this.#places >= limits.receiptWaitersMax)
      throw new LogStoreError('BUSY', 'too many wait for receipts');
    this.#places++;
    let isTaken = true;
    return {
      sealed: (version, signal) => this.#wait(version, signal),
      [Symbol.dispose]: () => {
        if (isTaken) this.#places--;
        isTaken = false;
      },
    };
  }

  /** Blocks were sealed, or could not be. */
  tell({ is, size, signedSize, versionNext }: LedgerStanding): void {
    const isSigned = is === 'ok' && signedSize === size;
    for (const waiter of [...this.#waiters]) {
      if (isSigned && waiter.version < versionNext) waiter.settle(true);
      else if (is !== 'ok') waiter.settle(false);
    }
  }

  /** Nothing more will be sealed. */
  close(): void {
    this.#isClosed = true;
    for (const waiter of [...this.#waiters]) waiter.settle(false);
  }

  #wait(version: number, signal: AbortSignal | undefined): Promise<boolean> {
    const { is, size, signedSize, versionNext } = this.standing();
    if (is === 'ok' && signedSize === size && version < versionNext) return Promise.resolve(true);
    if (is !== 'ok' || this.#isClosed || signal?.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const settle = (isSealed: boolean) => {
        this.#waiters.delete(waiter);
        timer.cancel();
        signal?.removeEventListener('abort', giveUp);
        resolve(isSealed);
      };
      const giveUp = () => settle(false);
      const waiter: Waiter = { version, settle };
      const timer = this.clock.after(limits.receiptWaitMsMax, giveUp);
      signal?.addEventListener('abort', giveUp);
      this.#waiters.add(waiter);
    });
  }
}
