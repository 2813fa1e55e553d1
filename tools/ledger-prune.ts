import { nodeHost } from '../src/host/node-host.js';
import { pruneLedger } from '../src/ledger/prune.js';
import { openStore } from '../src/open-store.js';
import type { LedgerArguments } from './ledger-place.js';
import { directoryOf } from './open-target.js';
import { printResult, shownSize } from './output.js';
import { Progress } from './progress.js';

/** Drops what the blocks below a height changed, but for what is still there. */
export async function ledgerPrune(
  args: LedgerArguments & { readonly before: number },
): Promise<void> {
  const dir = directoryOf(args.dir, process.env);
  // Open for the sake of its lock: nobody else touches the ledger meanwhile.
  await using _ = await openStore({
    ...{ dir, create: false, ledger: 'off', compaction: 'manual', parity: 'off' },
  });
  using progress = new Progress({ label: 'ledger prune', unit: 'blocks' });
  const report = await pruneLedger(nodeHost(dir), {
    before: args.before,
    progress: (done, total) => progress.at(done, total),
  });
  progress[Symbol.dispose]();
  const { height, bytesBefore, bytesAfter } = report;
  const sizes = `${shownSize(bytesBefore)} before, ${shownSize(bytesAfter)} after`;
  const line = `change records up to block ${height} are gone: ${sizes}`;
  await printResult(args.json, { ...report, directory: dir }, line);
}
