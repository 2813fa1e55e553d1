import { createInterface } from 'node:readline';
import { type ErrorCode, LogStoreError } from '../src/base/errors.js';
import type { CompactionProgress, CompactionReport } from '../src/store/types.js';
import { endpointOf, openDirectory, type TargetArguments } from './open-target.js';
import { printResult, shownSize } from './output.js';
import { Progress } from './progress.js';
import { S3Client, type S3ClientOptions } from './s3-client.js';

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
      : await askServer(endpoint, options, onProgress);
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

async function askServer(
  endpoint: S3ClientOptions,
  { dryRun, all }: CompactArguments,
  onProgress: OnProgress,
): Promise<CompactionReport> {
  await using client = new S3Client(endpoint);
  const query = { ...(dryRun ? { 'dry-run': '' } : {}), ...(all ? { all: '' } : {}) };
  const answer = await client.request({ method: 'POST', bucket: '_', key: 'compact', query });
  for await (const text of createInterface({ input: answer })) {
    const line = JSON.parse(text) as ServerLine;
    if ('report' in line) return line.report;
    if ('error' in line) throw new LogStoreError(codeOf(line.error.code), line.error.message);
    onProgress(line);
  }
  throw new LogStoreError('IO', 'the server broke off; it may still be compacting');
}

type ServerLine =
  | CompactionProgress
  | { readonly report: CompactionReport }
  | { readonly error: { readonly code: string; readonly message: string } };

/** The server's word for it, in ours. */
function codeOf(code: string): ErrorCode {
  if (code === 'InsufficientStorage') return 'NO_SPACE';
  return code === 'SlowDown' ? 'BUSY' : 'IO';
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
