import { nodeHost } from '../src/host/node-host.js';
import { healthOfStopped } from '../src/store/stopped-health.js';
import type { CareProgress, HealthReport } from '../src/store/types.js';
import { requireStore } from '../src/store-directory.js';
import { healthText } from './care-text.js';
import { type ExitCode, exitCodes } from './exit-code.js';
import { directoryOf, endpointOf, type TargetArguments } from './open-target.js';
import { printResult } from './output.js';
import { Progress } from './progress.js';
import { askServer } from './server-work.js';

export interface HealthArguments extends TargetArguments {
  readonly json: boolean;
}

/**
 * Examines all segments that have ended and changes nothing: of a directory, whoever has it open,
 * or through a running server.
 * @returns 2 unless all are healthy
 */
export async function health(options: HealthArguments): Promise<ExitCode> {
  using progress = new Progress({ label: 'health' });
  const onProgress = ({ doneBytes, totalBytes }: CareProgress) =>
    progress.at(doneBytes, totalBytes);
  const endpoint = await endpointOf(options);
  const report =
    endpoint === undefined
      ? await healthOfDirectory(directoryOf(options.dir, process.env), onProgress)
      : await askServer<HealthReport>(endpoint, 'health', {}, onProgress);
  progress[Symbol.dispose]();
  await printResult(options.json, report, healthText(report));
  return report.status === 'healthy' ? exitCodes.well : exitCodes.damage;
}

async function healthOfDirectory(
  dir: string,
  onProgress: (progress: CareProgress) => void,
): Promise<HealthReport> {
  const host = nodeHost(dir);
  await requireStore(host.disk, dir);
  return await healthOfStopped(host, onProgress);
}
