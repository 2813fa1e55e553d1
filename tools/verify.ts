import { errnoOf, LogStoreError } from '../src/base/errors.js';
import type { Disk } from '../src/base/host.js';
import { nodeHost } from '../src/host/node-host.js';
import type { Finding } from '../src/log/audit.js';
import { type VerifyReport, verifyStore } from '../src/store/verify.js';
import { type ExitCode, exitCodes } from './exit-code.js';
import { print, shown } from './output.js';
import { Progress } from './progress.js';

export interface VerifyArguments {
  readonly dir: string;
  readonly json: boolean;
}

/** Checks every byte that counts and changes none. @returns 2 where anything is damaged */
export async function verify({ dir, json }: VerifyArguments): Promise<ExitCode> {
  const { disk, ...host } = nodeHost(dir);
  await requireRemains(disk, dir);
  const report = await withProgress((progress) => verifyStore({ ...host, disk }, { progress }));
  if (json) await print(jsonOf(report));
  else await print(textOf(report));
  return report.sound ? exitCodes.well : exitCodes.damage;
}

async function withProgress(
  action: (advance: (doneBytes: number, totalBytes: number) => void) => Promise<VerifyReport>,
): Promise<VerifyReport> {
  using progress = new Progress({ label: 'verify' });
  return await action((doneBytes, totalBytes) => progress.at(doneBytes, totalBytes));
}

/** Also a store that has lost its manifest is to be looked at; a mistyped path is not. */
async function requireRemains(disk: Disk, dir: string): Promise<void> {
  const names = await disk.list('').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
  if (names.some((name) => name === 'log' || /^manifest\.[ab]$/.test(name))) return;
  throw new LogStoreError('NOT_A_STORE', `there is no store in '${dir}'`);
}

function jsonOf(report: VerifyReport): string {
  const { findings, damagedObjects, recoverableObjects, ...facts } = report;
  const lines: object[] = [
    ...findings,
    ...damagedObjects.map((object) => ({ is: 'object', ...object })),
    ...recoverableObjects.map((object) => ({ is: 'object', ...object, recoverable: true })),
  ];
  return [...lines, facts].map((line) => `${JSON.stringify(line)}\n`).join('');
}

function textOf(report: VerifyReport): string {
  const { segmentCount, recordCount, objectCount, sound } = report;
  const objects = objectCount === undefined ? '' : `, ${objectCount} objects`;
  const lines = [
    ...report.findings.map(lineOf),
    ...report.damagedObjects.map(
      ({ bucket, key, version }) => `damaged object: ${shown(`${bucket}/${key}`)} (v${version})`,
    ),
    ...report.recoverableObjects.map(
      ({ bucket, key, version }) =>
        `recoverable object: ${shown(`${bucket}/${key}`)} (v${version}): run \`logstore repair\``,
    ),
    `${segmentCount} segments, ${recordCount} records${objects}: ${sound ? 'sound' : 'DAMAGED'}`,
  ];
  return `${lines.join('\n')}\n`;
}

function lineOf({ is, file, offset, sequence, what, recoverable }: Finding): string {
  const place = offset === undefined ? '' : ` at byte ${offset}`;
  const record = sequence === undefined ? '' : `, record ${sequence}`;
  const rescue =
    recoverable === undefined ? '' : recoverable ? ' (parity has it)' : ' (beyond parity)';
  return `${is}: ${file}${place}${record}: ${shown(what)}${rescue}`;
}
