import type { Disk, Host } from '../base/host.js';
import { snapshotFile } from '../format/file-names.js';
import { readSnapshot } from '../index/snapshot.js';
import { type AuditWatcher, auditLog, type Finding } from '../log/audit.js';
import type { SegmentExam } from '../log/segment-exam.js';
import { examineStore } from '../log/stopped-log.js';
import { foldDamage } from './fold-damage.js';
import type { DamagedObject } from './objects-on-damage.js';

export interface VerifyReport {
  readonly findings: readonly Finding[];
  /** Objects that cannot be read whole. */
  readonly damagedObjects: readonly DamagedObject[];
  /** Objects in damaged records that parity makes good. */
  readonly recoverableObjects: readonly DamagedObject[];
  readonly segmentCount: number;
  readonly recordCount: number;
  readonly objectCount: number | undefined;
  /** No finding is damage. */
  readonly sound: boolean;
}

const findingsMax = 10_000;

/**
 * Checks every record, footer, manifest frame and the snapshot, and names each damaged object.
 * Takes no lock and changes nothing; works on a store that will not start.
 * @throws LogStoreError `NOT_A_STORE`; `IO` when the disk gives errors
 */
export async function verifyStore(
  host: Host,
  watcher: Partial<AuditWatcher> = {},
): Promise<VerifyReport> {
  const { disk } = host;
  const findings: Finding[] = [];
  const found = (finding: Finding) => {
    if (findings.length < findingsMax) findings.push(finding);
    watcher.found?.(finding);
  };
  const progress = (done: number, total: number) => watcher.progress?.(done, total);
  const audit = await auditLog(disk, { found, progress });
  await auditSnapshot(disk, found);
  const exams =
    audit.state === undefined ? [] : await examineStore(disk, ({ isProtected }) => isProtected);
  for (const exam of exams) judge(findings, exam, found);
  const records = damagedRecords(audit.damagedRecords, exams);
  const fold = await foldDamage(host, records, found);
  return {
    findings,
    damagedObjects: fold?.lost ?? [],
    recoverableObjects: fold?.rebuilt ?? [],
    segmentCount: audit.state?.files.length ?? 0,
    recordCount: audit.recordCount,
    objectCount: fold?.objectCount,
    sound: findings.every((finding) => finding.is !== 'damage'),
  };
}

async function auditSnapshot(disk: Disk, found: (finding: Finding) => void): Promise<void> {
  const snapshot = await readSnapshot(disk, snapshotFile);
  if (snapshot.is !== 'invalid') return;
  const what = `${snapshot.reason}; it is a cache: the next start makes a new one`;
  found({ is: 'damage', file: snapshotFile, what });
}

/** Says of what was found in a segment with parity whether it can be made good. */
function judge(
  findings: Finding[],
  { file, status, findings: ofSegment }: SegmentExam,
  found: (finding: Finding) => void,
): void {
  const recoverable = status !== 'unrecoverable';
  for (const [index, finding] of findings.entries())
    if (finding.is === 'damage' && ofSameName(finding.file, file))
      findings[index] = { ...finding, recoverable };
  for (const own of ofSegment) {
    if (findings.some((finding) => finding.is === 'damage' && finding.file === own.file)) continue;
    found({ is: 'damage', ...own, recoverable });
  }
}

/** A segment, or its footer. */
function ofSameName(a: string, b: string): boolean {
  return a.slice(0, a.lastIndexOf('.')) === b.slice(0, b.lastIndexOf('.'));
}

/** What parity gives back is not lost. */
function damagedRecords(
  audited: ReadonlySet<number>,
  exams: readonly SegmentExam[],
): { lost: Set<number>; rebuilt: Set<number> } {
  const [lost, rebuilt] = [new Set(audited), new Set<number>()];
  for (const { rebuiltRecords, lostRecords } of exams) {
    for (const sequence of rebuiltRecords) {
      lost.delete(sequence);
      rebuilt.add(sequence);
    }
    for (const sequence of lostRecords) lost.add(sequence);
  }
  return { lost, rebuilt };
}
