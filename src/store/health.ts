import type { SegmentExam, SegmentFinding, SegmentStatus } from '../log/segment-exam.js';
import type { DamagedObject } from './objects-on-damage.js';

/** A segment whose range has ended, as it was found last. */
export interface SegmentHealth {
  /** Relative to the data directory. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly status: SegmentStatus;
  /** Whether parity of it was made. */
  readonly isProtected: boolean;
  readonly findings: readonly SegmentFinding[];
  /** Undefined where it was not examined since the store was opened. */
  readonly checkedUnixMs: number | undefined;
}

export interface ObjectHealth extends DamagedObject {
  readonly status: 'recoverable' | 'unrecoverable';
}

export interface HealthReport {
  /** The worst of any segment. */
  readonly status: SegmentStatus;
  readonly segments: readonly SegmentHealth[];
  /** The objects that stand on damaged records; all others are healthy. */
  readonly objects: readonly ObjectHealth[];
  /** What to do; nothing with a healthy store. */
  readonly advice: readonly string[];
}

/** What going over segments came to. */
export interface CareReport {
  readonly segmentCount: number;
  readonly sizeBytes: number;
  /** Segments that were made healthy again. */
  readonly healedCount: number;
  /** Segments that parity was made of. */
  readonly protectedCount: number;
  /** Those that are not healthy now. */
  readonly unhealthy: readonly SegmentHealth[];
  /** The objects that cannot be read whole. */
  readonly lostObjects: readonly DamagedObject[];
}

const order: readonly SegmentStatus[] = ['healthy', 'degraded', 'recoverable', 'unrecoverable'];

export function healthOf(exam: SegmentExam, checkedUnixMs: number | undefined): SegmentHealth {
  const { file, sizeBytes, status, isProtected, findings } = exam;
  return { file, sizeBytes, status, isProtected, findings, checkedUnixMs };
}

export function healthReport(
  segments: readonly SegmentHealth[],
  objects: readonly ObjectHealth[],
): HealthReport {
  let worst: SegmentStatus = 'healthy';
  for (const { status } of segments)
    if (order.indexOf(status) > order.indexOf(worst)) worst = status;
  return { status: worst, segments, objects, advice: adviceFor(segments) };
}

function adviceFor(segments: readonly SegmentHealth[]): string[] {
  const has = (status: SegmentStatus) => segments.some((segment) => segment.status === status);
  const advice: string[] = [];
  if (has('recoverable') || has('degraded'))
    advice.push(
      'run `logstore repair`: it writes anew what is damaged (a running server does so itself), ' +
        'and look at the disk that damaged it',
    );
  for (const { file, status } of segments)
    if (status === 'unrecoverable')
      advice.push(
        `stop the store, copy its directory aside and bring ${file} back from a backup; ` +
          'without one, delete the objects named here, or put them again',
      );
  return advice;
}
