import { isLogStoreError, LogStoreError } from '../src/base/errors.js';
import { nodeHost } from '../src/host/node-host.js';
import { keySet } from '../src/ledger/keys.js';
import { beginNewEpoch } from '../src/ledger/new-epoch.js';
import { openStore } from '../src/open-store.js';
import { highWaterOf, type LedgerArguments, ledgerOf, openLedgerStore } from './ledger-place.js';
import { directoryOf } from './open-target.js';
import { printResult, shown } from './output.js';

/** Begins a new log, under another origin, for a store whose old one cannot go on. */
export async function ledgerRecover(args: LedgerArguments): Promise<void> {
  const reason = await whatIsWrong(args);
  const dir = directoryOf(args.dir, process.env);
  let follows: { origin: string; size: number } | undefined;
  {
    // Open for the sake of its lock: nothing else touches the ledger meanwhile.
    await using _ = await openStore({
      ...{ dir, create: false, ledger: 'off', compaction: 'manual', parity: 'off' },
    });
    ({ follows } = await beginNewEpoch(nodeHost(dir), highWaterOf(args)));
  }
  await using store = await openLedgerStore(args);
  const ledger = ledgerOf(store);
  const { origin } = await ledger.seal();
  const keys = await ledger.keys();
  const [vkey = ''] = keySet.decode(keys.slice(0, keys.indexOf('\n\n') + 1)).key.at(-1) ?? [];
  const result = { reason, origin, vkey, follows: follows?.origin, followsSize: follows?.size };
  const after = follows === undefined ? '' : `, after ${follows.size} blocks of ${follows.origin}`;
  await printResult(args.json, result, `a new log begins${after}\nhand out its key: ${vkey}`);
}

/** @throws LogStoreError `INVALID_ARGUMENT` where the log can go on as it is; `NO_LEDGER` */
async function whatIsWrong(args: LedgerArguments): Promise<string> {
  try {
    await using store = await openLedgerStore(args);
    const ledger = ledgerOf(store);
    await ledger.keys().catch(() => undefined); // by then what a crash left unsigned is signed
    const { is, reason } = ledger.standing();
    if (is !== 'ok') return reason ?? is;
  } catch (error) {
    // The store's own log ends before what the ledger seals: `--new-epoch` takes it as it is.
    if (isLogStoreError(error, 'STORE_DAMAGED')) return shown(error.message);
    throw error;
  }
  const help = 'a new epoch is for a ledger that cannot go on, and this one can';
  throw new LogStoreError('INVALID_ARGUMENT', `nothing is wrong with the ledger: ${help}`);
}
