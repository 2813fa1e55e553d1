import type { CareReport, HealthReport } from '../src/store/types.js';
import { type ExitCode, exitCodes } from './exit-code.js';
import { shown, shownSize } from './output.js';

type Segments = HealthReport['segments'];
type Status = HealthReport['status'];

const words: Record<Status, string> = {
  healthy: 'Healthy',
  degraded: 'Degraded',
  recoverable: 'Recoverable',
  unrecoverable: 'Unrecoverable',
};
const objectsMax = 1_000;

/** A scrub or a repair, for people. */
export function careText(report: CareReport): string {
  const { segmentCount, sizeBytes, healedCount, protectedCount, unhealthy, lostObjects } = report;
  const lines = [
    ...segmentLines(unhealthy),
    ...objectLines(lostObjects, 'unrecoverable'),
    `${segmentCount} ended segments, ${shownSize(sizeBytes)}: ${healedCount} healed, ` +
      `${protectedCount} got parity, ${unhealthy.length} not healthy`,
  ];
  return lines.join('\n');
}

export function careExitCode({ unhealthy }: CareReport): ExitCode {
  return unhealthy.length === 0 ? exitCodes.well : exitCodes.damage;
}

export function healthText({ status, segments, objects, advice }: HealthReport): string {
  const withParity = segments.filter(({ isProtected }) => isProtected).length;
  const unhealthy = segments.filter((segment) => segment.status !== 'healthy');
  const recoverable = objects.filter((object) => object.status === 'recoverable');
  const lost = objects.filter((object) => object.status === 'unrecoverable');
  const lines = [
    ...segmentLines(unhealthy),
    ...objectLines(lost, 'unrecoverable'),
    ...objectLines(recoverable, 'recoverable'),
    `${words[status]}: ${segments.length} ended segments, ${withParity} of them with parity, ` +
      `${unhealthy.length} not healthy; ${lost.length} objects lost`,
    ...advice.map((line) => `  ${line}`),
  ];
  return lines.join('\n');
}

function segmentLines(segments: Segments): string[] {
  return segments.flatMap(({ file, status, findings }) => [
    `${words[status]}: ${file}`,
    ...findings.map((finding) => `  ${finding.file}: ${shown(finding.what)}`),
  ]);
}

function objectLines(objects: CareReport['lostObjects'], status: Status): string[] {
  const lines = objects
    .slice(0, objectsMax)
    .map(
      ({ bucket, key, version }) => `${words[status]}: ${shown(`${bucket}/${key}`)} (v${version})`,
    );
  if (objects.length > objectsMax)
    lines.push(`... and ${objects.length - objectsMax} more objects`);
  return lines;
}
