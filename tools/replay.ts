import type { Mutation } from '../src/format/mutation.js';
import { nodeHost } from '../src/host/node-host.js';
import { type ReplayedCommit, type ReplayReport, replayStore } from '../src/store/replay.js';
import { requireStore } from '../src/store-directory.js';
import { type ExitCode, exitCodes } from './exit-code.js';
import { LineWriter } from './line-writer.js';
import { shown, shownTime } from './output.js';

export interface ReplayArguments {
  readonly dir: string;
  /** Sequence numbers, inclusive: which records to tell of. The digest is always of all. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly json: boolean;
}

/** Prints what each commit did, and then the digest of the state that they lead to. */
export async function replay(options: ReplayArguments): Promise<ExitCode> {
  const { dir, from, to, json } = options;
  const host = nodeHost(dir);
  await requireStore(host.disk, dir);
  const lines = new LineWriter();
  const report = await replayStore(host, { from, to }, (commit) => {
    for (const [index, mutation] of commit.mutations.entries())
      lines.write(json ? jsonOf(commit, index, mutation) : lineOf(commit, index, mutation));
  });
  if (json) lines.write(JSON.stringify(reportFields(report)));
  else for (const line of reportLines(report)) lines.write(line);
  lines.flush();
  return report.lostRecords.length === 0 ? exitCodes.well : exitCodes.damage;
}

function jsonOf(commit: ReplayedCommit, index: number, did: Mutation) {
  const { sequence, version, timeUnixMs, isStub } = commit;
  return JSON.stringify({
    sequence,
    version: version + index,
    time: shownTime(timeUnixMs),
    did: did.is,
    ...namesOf(did),
    sizeBytes: sizeOf(did),
    stub: isStub ? true : undefined,
  });
}

function lineOf(commit: ReplayedCommit, index: number, did: Mutation): string {
  const { sequence, version, timeUnixMs, isStub } = commit;
  const name = nameOf(did);
  const size = sizeOf(did);
  return [
    String(sequence).padStart(10),
    `v${version + index}`.padStart(10),
    shownTime(timeUnixMs),
    (isStub ? `${did.is} (stub)` : did.is).padEnd(12),
    size === undefined ? shown(name) : `${shown(name)} (${size} bytes)`,
  ].join('  ');
}

/** Of a user or a policy the name alone: its document may hold what is not for every eye. */
function namesOf(did: Mutation) {
  if (did.is === 'setAccess') return { kind: did.kind, name: did.name };
  return { bucket: did.bucket, key: 'key' in did ? did.key : undefined };
}

function nameOf(did: Mutation): string {
  if (did.is === 'setAccess') return `${did.kind} ${did.name}`;
  return 'key' in did ? `${did.bucket}/${did.key}` : did.bucket;
}

function sizeOf(mutation: Mutation): number | undefined {
  if (mutation.is === 'putObject') return mutation.object.sizeBytes;
  return mutation.is === 'putPart' ? mutation.part.sizeBytes : undefined;
}

function reportFields({ indexDigest, ...counts }: ReplayReport) {
  return { ...counts, indexDigest: Buffer.from(indexDigest).toString('hex') };
}

function reportLines(report: ReplayReport): string[] {
  const { recordCount, commitCount, bucketCount, objectCount, uploadCount, lostRecords } = report;
  return [
    `${recordCount} records, ${commitCount} of them commits: ${bucketCount} buckets, ` +
      `${objectCount} objects, ${uploadCount} open uploads`,
    ...lostRecords.map((sequence) => `record ${sequence} is damaged and was passed over`),
    `index digest ${reportFields(report).indexDigest}`,
  ];
}
