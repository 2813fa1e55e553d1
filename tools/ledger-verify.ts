import { nodeHost } from '../src/host/node-host.js';
import { type LedgerReport, verifyLedger } from '../src/store/ledger-reports.js';
import { requireStore } from '../src/store-directory.js';
import { type ExitCode, exitCodes } from './exit-code.js';
import { highWaterOf, type LedgerArguments } from './ledger-place.js';
import { directoryOf, endpointOf } from './open-target.js';
import { printResult, shown } from './output.js';
import { Progress } from './progress.js';
import type { PinText } from './trusted-keys.js';
import { verifyServedLedger } from './verify-served-ledger.js';

export interface LedgerVerifyArguments extends LedgerArguments {
  readonly full: boolean;
  /** Keys of the log that are trusted; its own key set where there are none. */
  readonly keys: readonly string[];
  readonly pins: readonly PinText[];
}

/** @returns 2 where anything is wrong */
export async function ledgerVerify(args: LedgerVerifyArguments): Promise<ExitCode> {
  using progress = new Progress({ label: 'ledger verify', unit: 'blocks' });
  const report = await reportOf(args, (done, total) => progress.at(done, total));
  progress[Symbol.dispose]();
  await printResult(args.json, report, lineOf(report));
  return report.wrong === undefined ? exitCodes.well : exitCodes.damage;
}

async function reportOf(
  args: LedgerVerifyArguments,
  progress: (done: number, total: number) => void,
): Promise<LedgerReport> {
  const { full, keys, pins } = args;
  const signed = full ? 'always' : 'if-possible'; // names are for who has a key
  const endpoint = await endpointOf(args, process.env, signed);
  if (endpoint !== undefined)
    return await verifyServedLedger(endpoint, { full, keys, pins, progress });
  const dir = directoryOf(args.dir, process.env);
  const host = nodeHost(dir);
  await requireStore(host.disk, dir);
  return await verifyLedger(host, { full, highWater: highWaterOf(args), keys, pins, progress });
}

function lineOf(report: LedgerReport): string {
  const { wrong, rebuildable } = report;
  if (wrong !== undefined) return `WRONG: ${shown(wrong)}`;
  const [first, ...others] = rebuildable;
  if (first === undefined) return soundLineOf(report);
  const files = others.length === 0 ? first : `${first} and ${others.length} more`;
  return `${soundLineOf(report)}\nthe next start of the server makes again: ${files}`;
}

function soundLineOf(report: LedgerReport): string {
  const { blockCount, signedCount, changeCount, prunedCount, objectCount } = report;
  const blocks = `${blockCount} blocks, ${signedCount} of them signed`;
  if (changeCount + prunedCount === 0 && objectCount === undefined)
    return `${blocks}: in order (--full replays them)`;
  const from = prunedCount === 0 ? '' : ` from the map of block ${prunedCount - 1}`;
  const replayed = `${blocks}, ${changeCount} changes replayed${from}`;
  if (objectCount === undefined) return `${replayed}: all as sealed`;
  return `${replayed}, ${objectCount} objects hashed: all as sealed`;
}
