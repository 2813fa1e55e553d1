import { LogStoreError } from '../src/base/errors.js';
import { nodeHost } from '../src/host/node-host.js';
import { acceptLoss, lostCommits } from '../src/log/accept-loss.js';
import { repairStopped } from '../src/store/stopped-health.js';
import type { CareProgress, CareReport } from '../src/store/types.js';
import { requireStore } from '../src/store-directory.js';
import { careExitCode, careText } from './care-text.js';
import { type ExitCode, exitCodes } from './exit-code.js';
import { directoryOf, endpointOf, type TargetArguments } from './open-target.js';
import { printResult } from './output.js';
import { Progress } from './progress.js';
import { askServer } from './server-work.js';

export interface RepairArguments extends TargetArguments {
  /** Numbers of the lost commits to give up; without any, those that are lost are named. */
  readonly accepted: readonly number[];
  readonly json: boolean;
}

/**
 * Writes anew what is damaged and parity makes good, then gives up the commits named.
 * @returns 2 while something is damaged that nothing makes good, or commits are lost that nobody
 *   has given up
 */
export async function repair(options: RepairArguments): Promise<ExitCode> {
  const { accepted, json } = options;
  using progress = new Progress({ label: 'repair' });
  const onProgress = ({ doneBytes, totalBytes }: CareProgress) =>
    progress.at(doneBytes, totalBytes);
  const endpoint = await endpointOf(options);
  if (endpoint !== undefined) {
    if (accepted.length > 0)
      throw new LogStoreError('INVALID_ARGUMENT', '--accept-loss is for a stopped store: --dir');
    const report = await askServer<CareReport>(endpoint, 'scrub', {}, onProgress);
    progress[Symbol.dispose]();
    await printResult(json, report, careText(report));
    return careExitCode(report);
  }
  const dir = directoryOf(options.dir, process.env);
  const host = nodeHost(dir);
  await requireStore(host.disk, dir);
  const holder = `logstore repair (process ${process.pid})`;
  const report = await repairStopped(host, holder, onProgress);
  if (accepted.length > 0) await acceptLoss(host, accepted, holder);
  const lost = [...(await lostCommits(host))];
  progress[Symbol.dispose]();
  const text = `${careText(report)}\n${commitsText(lost)}`;
  await printResult(json, { accepted, lost, ...report }, text);
  return lost.length === 0 ? careExitCode(report) : exitCodes.damage;
}

function commitsText(lost: readonly number[]): string {
  if (lost.length === 0) return 'no commit is lost: the store takes writes';
  return (
    `lost commits: ${lost.join(', ')}; the store is read-only until they are restored from a ` +
    'backup or given up with --accept-loss'
  );
}
