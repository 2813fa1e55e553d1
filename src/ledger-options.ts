import { join } from 'node:path';
import { highWaterFile } from './ledger/ledger-files.js';
import { SealerThread } from './ledger/sealer-thread.js';
import type { LedgerOptions } from './store/store-options.js';

/** What an operator says of a ledger; the rest lies in the store's directory. */
export interface LedgerSettings {
  readonly intervalMs?: number | undefined;
  /** An Ed25519 key in PEM; by default one is made at the first start. */
  readonly keyFile?: string | undefined;
  /** By preference on another disk than the store. */
  readonly highWaterFile?: string | undefined;
}

/** The name of the key that a store makes for itself, in its directory. */
export const ledgerKeyFile = 'ledger-key.pem';

/**
 * A ledger sealed by a thread of its own, which starts at once: it is ready by the time that the
 * store's log is open.
 */
export function threadedLedger(
  dir: string,
  { intervalMs, keyFile, highWaterFile: own }: LedgerSettings,
): LedgerOptions {
  const thread = new SealerThread({
    directory: dir,
    keyPath: keyFile ?? join(dir, ledgerKeyFile),
    keyIsOwn: keyFile !== undefined,
    highWaterPath: own ?? join(dir, highWaterFile),
  });
  return {
    intervalMs,
    open: () => thread.open(),
    giveUp: () => thread[Symbol.asyncDispose](),
  };
}
