import type { Host } from '../base/host.js';
import type { Finding } from '../log/audit.js';
import type { SegmentExam } from '../log/segment-exam.js';
import { examineStore, healStopped } from '../log/stopped-log.js';
import { foldDamage } from './fold-damage.js';
import { type CareReport, type HealthReport, healthOf, healthReport } from './health.js';
import type { CareProgress } from './types.js';

type OnProgress = (progress: CareProgress) => void;

/**
 * Examines all that has ended of a store that nobody needs to have open. Changes nothing.
 * @throws LogStoreError `STORE_DAMAGED`; `IO`
 */
export async function healthOfStopped(host: Host, onProgress: OnProgress): Promise<HealthReport> {
  const exams = await examineStore(host.disk, () => true, watcherOf(onProgress));
  const folded = await foldDamage(host, recordsOf(exams), ignored);
  const nowUnixMs = host.clock.nowUnixMs();
  return healthReport(
    exams.map((exam) => healthOf(exam, nowUnixMs)),
    [
      ...(folded?.lost ?? []).map((object) => ({ ...object, status: 'unrecoverable' }) as const),
      ...(folded?.rebuilt ?? []).map((object) => ({ ...object, status: 'recoverable' }) as const),
    ],
  );
}

/**
 * Heals a stopped store as far as parity goes, also one that would open for reading only. Of a
 * segment that has lost something no file is touched.
 * @throws LogStoreError `LOCKED`, `NOT_A_STORE`, `STORE_DAMAGED`, `NO_SPACE`, `IO`
 */
export async function repairStopped(
  host: Host,
  holder: string,
  onProgress: OnProgress,
): Promise<CareReport> {
  const results = await healStopped(host, holder, watcherOf(onProgress));
  const nowUnixMs = host.clock.nowUnixMs();
  const left = results.flatMap(({ exam, isHealed }) => (isHealed ? [] : [exam]));
  const unhealthy = left.filter(({ status }) => status !== 'healthy');
  const folded = await foldDamage(host, recordsOf(unhealthy), ignored);
  return {
    segmentCount: results.length,
    sizeBytes: results.reduce((sum, { exam }) => sum + exam.sizeBytes, 0),
    healedCount: results.filter(({ isHealed }) => isHealed).length,
    protectedCount: 0,
    unhealthy: unhealthy.map((exam) => healthOf(exam, nowUnixMs)),
    lostObjects: folded?.lost ?? [],
  };
}

function watcherOf(onProgress: OnProgress) {
  let doneBytes = 0;
  return {
    examined: (_exam: SegmentExam, sizeBytes: number, totalBytes: number) => {
      doneBytes += sizeBytes;
      onProgress({ doneBytes, totalBytes });
    },
  };
}

function recordsOf(exams: readonly SegmentExam[]) {
  return {
    lost: new Set(exams.flatMap(({ lostRecords }) => lostRecords)),
    rebuilt: new Set(exams.flatMap(({ rebuiltRecords }) => rebuiltRecords)),
  };
}

/** Who asks for health hears of it in the segments. */
function ignored(_finding: Finding): void {}
