import { basename, dirname, resolve } from 'node:path';
import { nodeHost } from '../src/host/node-host.js';
import { highWaterFile } from '../src/ledger/ledger-files.js';
import { type LedgerReport, verifyLedger } from '../src/store/ledger-reports.js';
import { requireStore } from '../src/store-directory.js';
import { type ExitCode, exitCodes } from './exit-code.js';
import type { LedgerPlace } from './ledger-log.js';
import { printResult, shown } from './output.js';
import { Progress } from './progress.js';

export interface LedgerVerifyArguments extends LedgerPlace {
  readonly full: boolean;
  readonly highWater: string | undefined;
}

/** @returns 2 where anything is wrong */
export async function ledgerVerify(args: LedgerVerifyArguments): Promise<ExitCode> {
  const { dir, json, full } = args;
  const host = nodeHost(dir);
  await requireStore(host.disk, dir);
  const own = args.highWater === undefined ? undefined : resolve(args.highWater);
  const highWater =
    own === undefined
      ? { disk: host.disk, path: highWaterFile }
      : { disk: nodeHost(dirname(own)).disk, path: basename(own) };
  using progress = new Progress({ label: 'ledger verify' });
  const report = await verifyLedger(host, {
    ...{ full, highWater },
    progress: (done, total) => progress.at(done, total),
  });
  await printResult(json, report, lineOf(report));
  return report.wrong === undefined ? exitCodes.well : exitCodes.damage;
}

function lineOf(report: LedgerReport): string {
  const { wrong, blockCount, signedCount, changeCount, objectCount } = report;
  if (wrong !== undefined) return `WRONG: ${shown(wrong)}`;
  const blocks = `${blockCount} blocks, ${signedCount} of them signed`;
  if (objectCount === undefined) return `${blocks}: in order (--full replays them)`;
  return `${blocks}, ${changeCount} changes replayed, ${objectCount} objects hashed: all as sealed`;
}
