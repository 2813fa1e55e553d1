import { isLogStoreError } from '../base/errors.js';
import type { Disk, Host } from '../base/host.js';
import { emptyState } from '../catalog/catalog.js';
import { applyCommit } from '../catalog/fold.js';
import { decodeCommitMeta } from '../format/commit.js';
import { snapshotFile } from '../format/file-names.js';
import { versionKey } from '../format/key-encoding.js';
import type { Mutation } from '../format/mutation.js';
import { inlineBodyFlag } from '../format/record.js';
import { readSnapshot } from '../index/snapshot.js';
import { type AuditWatcher, auditLog, type Finding } from '../log/audit.js';
import { openLog } from '../log/open-log.js';

/** An object whose bytes cannot all be read. */
export interface DamagedObject {
  readonly bucket: string;
  readonly key: string;
  readonly version: number;
}

export interface VerifyReport {
  readonly findings: readonly Finding[];
  readonly damagedObjects: readonly DamagedObject[];
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
  const fold = await foldDamage(host, audit.damagedRecords, found);
  return {
    findings,
    damagedObjects: fold?.damaged ?? [],
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

/** Folds the log once more, and finds the live objects that stand on damaged records. */
async function foldDamage(
  host: Host,
  damagedRecords: ReadonlySet<number>,
  found: (finding: Finding) => void,
): Promise<{ damaged: DamagedObject[]; objectCount: number } | undefined> {
  const state = emptyState();
  const damagedCommits = new Set<number>();
  const candidates: DamagedObject[] = [];
  const commit = (sequence: number, meta: Uint8Array, flags: number) => {
    const decoded = decodeCommitMeta(meta);
    applyCommit(state, decoded, sequence);
    if (damagedRecords.size === 0) return;
    const inline = (flags & inlineBodyFlag) !== 0 && damagedRecords.has(sequence);
    for (const [index, mutation] of decoded.mutations.entries()) {
      if (!inline && !standsOnDamage(mutation, damagedRecords, damagedCommits)) continue;
      if (mutation.is === 'putPart') damagedCommits.add(sequence);
      if (mutation.is !== 'putObject') continue;
      const { bucket, key } = mutation;
      candidates.push({ bucket, key, version: decoded.version + index });
    }
  };
  try {
    await using log = await openLog(host, { mode: 'read' }, { commit, lost: () => undefined });
    if (log.state.is === 'read-only' && damagedRecords.size > 0) {
      const what = `no write is taken while this stands: ${log.state.reason}`;
      if (/commits cannot be read/.test(what)) found({ is: 'note', file: 'log', what });
    }
  } catch (error) {
    if (!isLogStoreError(error)) throw error;
    found({ is: 'damage', file: 'log', what: `the store does not open: ${error.message}` });
    return undefined;
  }
  const live = candidates.filter(
    ({ bucket, key, version }) => state.objects.find(versionKey(bucket, key, version)) >= 0,
  );
  return { damaged: live, objectCount: state.objects.count };
}

function standsOnDamage(
  mutation: Mutation,
  damagedRecords: ReadonlySet<number>,
  damagedCommits: ReadonlySet<number>,
): boolean {
  if (mutation.is === 'putPart') return runsMeet(mutation.part.runs, damagedRecords);
  if (mutation.is !== 'putObject') return false;
  const { runs, parts } = mutation.object;
  for (let at = 1; at < parts.length; at += 4) {
    const sequence = parts[at] ?? 0;
    if (damagedCommits.has(sequence)) return true;
  }
  return runsMeet(runs, damagedRecords);
}

/** Runs are fours of number, count, skip and length; count 0 is the body inside one commit. */
function runsMeet(runs: readonly number[], damagedRecords: ReadonlySet<number>): boolean {
  for (let at = 0; at < runs.length; at += 4) {
    const number = runs[at] ?? 0;
    const end = number + Math.max(1, runs[at + 1] ?? 0);
    for (let sequence = number; sequence < end; sequence++) {
      if (damagedRecords.has(sequence)) return true;
    }
  }
  return false;
}
