import { errnoOf, LogStoreError } from '../base/errors.js';
import type { Host } from '../base/host.js';
import { findEpoch } from '../ledger/epoch.js';
import type { SealerLink } from '../ledger/sealer-link.js';
import type { Log } from '../log/types.js';
import { readLedger } from './ledger-reports.js';
import { refusingLog } from './refusing-log.js';
import { refuseLostEnd, type SealingParts } from './sealing.js';
import { OpenLedger } from './store-ledger.js';
import type { LedgerOptions } from './store-options.js';

const intervalMsDefault = 10_000;

/**
 * Opens the ledger beside an open log, and holds the two against each other.
 * @returns the log, which refuses writes where the store is an old copy of itself
 * @throws LogStoreError `STORE_DAMAGED` if the log has lost what the ledger sealed; the log is
 *   closed then
 */
export async function openLedger(
  host: Host,
  log: Log,
  options: { readonly ledger?: LedgerOptions | undefined; readonly warn?: SealingParts['warn'] },
): Promise<{ readonly ledger: OpenLedger | undefined; readonly log: Log }> {
  const { ledger, warn } = options;
  if (ledger === undefined || log.state.is !== 'ok') {
    await ledger?.giveUp?.();
    return { ledger: undefined, log };
  }
  let link: SealerLink | undefined;
  try {
    link = await ledger.open();
    const { is, reason } = link.standing;
    if (is !== 'broken') refuseLostEnd(link.standing, log);
    const { intervalMs = intervalMsDefault } = ledger;
    const allowed = is === 'rolled-back' ? refusingLog(log, oldCopy(reason)) : log;
    return { ledger: new OpenLedger(host, allowed, link, { intervalMs, warn }), log: allowed };
  } catch (error) {
    await link?.[Symbol.asyncDispose]();
    await log.close();
    throw error;
  }
}

function oldCopy(reason: string | undefined): string {
  const help = 'bring the newer one back, or run `logstore ledger recover --new-epoch`';
  return `this is an older copy of the store (${reason}): ${help}`;
}

/**
 * A store that has a ledger and is open without it forgets no removal that the ledger has yet to
 * seal: whoever opens the ledger again would never learn of it.
 * @throws LogStoreError `NOT_SEALED`, `IO`
 */
export async function checkSealed(host: Host, log: Log): Promise<void> {
  const sealed = await sealedVersionNext(host);
  if (sealed === undefined || log.position().versionNext <= sealed) return;
  const help = 'open it with its ledger, or remove the directory `ledger`';
  throw new LogStoreError(
    'NOT_SEALED',
    `the ledger of this store has yet to seal changes: ${help}`,
  );
}

/** Undefined where there is no ledger. */
async function sealedVersionNext(host: Host): Promise<number | undefined> {
  try {
    if ((await findEpoch(host.disk)) === undefined) return undefined;
    await using opened = await readLedger(host);
    return opened.ledger.last?.block.versions[1] ?? 1;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    throw new LogStoreError('IO', `the ledger cannot be read: ${errno}`, { cause: error });
  }
}
