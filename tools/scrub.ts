import type { CareProgress, CareReport } from '../src/store/types.js';
import { careExitCode, careText } from './care-text.js';
import type { ExitCode } from './exit-code.js';
import { endpointOf, openDirectory, type TargetArguments } from './open-target.js';
import { printResult } from './output.js';
import { Progress } from './progress.js';
import { askServer } from './server-work.js';

export interface ScrubArguments extends TargetArguments {
  readonly json: boolean;
}

/**
 * Reads all that has ended, heals it and makes its parity: of a stopped store, or through its
 * running server.
 * @returns 2 where something is not healthy at the end
 */
export async function scrub(options: ScrubArguments): Promise<ExitCode> {
  using progress = new Progress({ label: 'scrub' });
  const onProgress = ({ doneBytes, totalBytes }: CareProgress) =>
    progress.at(doneBytes, totalBytes);
  const endpoint = await endpointOf(options);
  const report =
    endpoint === undefined
      ? await scrubDirectory(options, onProgress)
      : await askServer<CareReport>(endpoint, 'scrub', {}, onProgress);
  progress[Symbol.dispose]();
  await printResult(options.json, report, careText(report));
  return careExitCode(report);
}

async function scrubDirectory(
  { dir }: ScrubArguments,
  onProgress: (progress: CareProgress) => void,
): Promise<CareReport> {
  await using store = await openDirectory(dir, false, 'auto');
  return await store.scrub({ onProgress });
}
