import type { CompactionProgress, CompactionReport } from '../src/store/types.js';
import { endpointOf, openDirectory, type TargetArguments } from './open-target.js';
import { printResult, shownSize } from './output.js';
import { Progress } from './progress.js';
import { askServer } from './server-work.js';

export interface CompactArguments extends TargetArguments {
  /** Plan only. */
  readonly dryRun: boolean;
  /** Whatever has anything dead in it. */
  readonly all: boolean;
  readonly json: boolean;
}

type OnProgress = (progress: CompactionProgress) => void;

/** Gives back the space of what is dead: of a stopped store, or through its running server. */
export async function compact(options: CompactArguments): Promise<void> {
  using progress = new Progress({ label: 'compact' });
  const onProgress: OnProgress = ({ doneBytes, totalBytes }) => progress.at(doneBytes, totalBytes);
  const endpoint = await endpointOf(options);
  const report =
    endpoint === undefined
      ? await compactDirectory(options, onProgress)
      : await askServer<CompactionReport>(endpoint, 'compact', queryOf(options), onProgress);
  progress[Symbol.dispose]();
  await printResult(options.json, { dryRun: options.dryRun, ...report }, textOf(options, report));
}

async function compactDirectory(
  { dir, dryRun, all }: CompactArguments,
  onProgress: OnProgress,
): Promise<CompactionReport> {
  await using store = await openDirectory(dir, false);
  return await store.compact({ dryRun, all, onProgress });
}

function queryOf({ dryRun, all }: CompactArguments): Record<string, string> {
  return { ...(dryRun ? { 'dry-run': '' } : {}), ...(all ? { all: '' } : {}) };
}

function textOf({ dryRun }: CompactArguments, report: CompactionReport): string {
  const { segmentCount, sizeBytes, liveBytes, plannedSegmentCount, passedOver } = report;
  const deadBytes = sizeBytes - liveBytes;
  const lines = [
    `${segmentCount} ended segments, ${shownSize(sizeBytes)}: ${shownSize(liveBytes)} live, ` +
      `${shownSize(deadBytes)} dead`,
    dryRun
      ? `${plannedSegmentCount} segments would be rewritten`
      : `${report.rewrittenSegmentCount} of ${plannedSegmentCount} segments were rewritten: ` +
        `${shownSize(report.freedBytes)} freed`,
  ];
  if (passedOver !== undefined) lines.push(`some stayed as they are: ${passedOver}`);
  return lines.join('\n');
}
