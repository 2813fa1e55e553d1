import { LogStoreError } from '../base/errors.js';
import type { SealerLink } from '../ledger/sealer-link.js';
import type { Log } from '../log/types.js';
import { refusingLog } from './refusing-log.js';

/**
 * Opens the ledger beside an open log, and holds the two against each other.
 * @returns the log, which refuses writes where the store is an old copy of itself
 * @throws LogStoreError `STORE_DAMAGED` if the log has lost what the ledger sealed; the log is
 *   closed then
 */
export async function openLedger(
  log: Log,
  { open }: { readonly open: () => Promise<SealerLink> },
): Promise<{ readonly link: SealerLink | undefined; readonly log: Log }> {
  if (log.state.is !== 'ok') return { link: undefined, log };
  let link: SealerLink | undefined;
  try {
    link = await open();
    const { is, reason, storeSequenceNext, versionNext } = link.standing;
    const { sequence, versionNext: reached } = log.position();
    if (is !== 'broken' && (sequence < storeSequenceNext || reached < versionNext)) {
      const lost = `a block seals version ${versionNext - 1} of the store, and its log ends before`;
      throw new LogStoreError('STORE_DAMAGED', `${lost}: the disk lost what was durable`);
    }
    if (is !== 'rolled-back') return { link, log };
    const help = 'bring the newer one back, or run `logstore ledger recover --new-epoch`';
    return {
      link,
      log: refusingLog(log, `this is an older copy of the store (${reason}): ${help}`),
    };
  } catch (error) {
    await link?.[Symbol.asyncDispose]();
    await log.close();
    throw error;
  }
}
