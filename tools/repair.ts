import { nodeHost } from '../src/host/node-host.js';
import { acceptLoss, lostCommits } from '../src/log/accept-loss.js';
import { requireStore } from '../src/store-directory.js';
import { type ExitCode, exitCodes } from './exit-code.js';
import { printResult } from './output.js';

export interface RepairArguments {
  readonly dir: string;
  /** Numbers of the lost commits to give up; without any, those that are lost are named. */
  readonly accepted: readonly number[];
  readonly json: boolean;
}

/** @returns 2 while commits are lost that nobody has given up */
export async function repair({ dir, accepted, json }: RepairArguments): Promise<ExitCode> {
  const host = nodeHost(dir);
  await requireStore(host.disk, dir);
  if (accepted.length > 0)
    await acceptLoss(host, accepted, `logstore repair (process ${process.pid})`);
  const lost = [...(await lostCommits(host))];
  const line =
    lost.length === 0
      ? 'no commit is lost: the store takes writes'
      : `lost commits: ${lost.join(', ')}; the store is read-only until they are restored from a ` +
        'backup or given up with --accept-loss';
  await printResult(json, { accepted, lost }, line);
  return lost.length === 0 ? exitCodes.well : exitCodes.damage;
}
