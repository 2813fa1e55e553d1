import type { Host } from '../../src/base/host.js';
import { keySet } from '../../src/ledger/keys.js';
import { highWaterFile } from '../../src/ledger/ledger-files.js';
import { secretOfText, secretText } from '../../src/ledger/ledger-secret.js';
import { openSealer, type SealerOptions } from '../../src/ledger/open-sealer.js';
import type { Trust } from '../../src/ledger/verify.js';
import { openStoreOn } from '../../src/store/store.js';
import type { LedgerOptions, StoreOptions } from '../../src/store/store-options.js';
import type { Store, StoreLedger } from '../../src/store/types.js';

export const testSecret = secretOfText(secretText(new Uint8Array(32).fill(7)));

/** A ledger sealed on the thread of the test, in the directory of the store. */
export function ledgerOn(
  host: Host,
  options: Partial<LedgerOptions> = {},
  sealer: Partial<SealerOptions> = {},
): LedgerOptions {
  const highWater = { disk: host.disk, path: highWaterFile };
  const open = () => openSealer(host, { secrets: [testSecret], highWater, ...sealer });
  return { open, ...options };
}

/** A store with a ledger; hashes on this thread. */
export function openSealed(host: Host, options: StoreOptions = {}): Promise<Store> {
  return openStoreOn(host, { ledger: ledgerOn(host), segmentBytes: 1024 ** 2, ...options });
}

/** The ledger of a store that has one. */
export function ledgerOf({ ledger }: Store): StoreLedger {
  if (ledger === undefined) throw new Error('the store was opened without a ledger');
  return ledger;
}

/** Whoever took the log's key from itself. */
export async function trustIn(ledger: StoreLedger): Promise<Trust> {
  const text = await ledger.keys();
  const { key } = keySet.decode(text.slice(0, text.indexOf('\n\n') + 1));
  return { keys: key.map(([vkey]) => vkey) };
}
