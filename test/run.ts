/**
 * Runs every `*.test.js` below this folder in a process of its own: `node dist/test/run.js [name
 * ...]`, where a file runs if its path holds one of the names. Ends with the line
 * `N passed, N failed, N skipped`, and with exit code 1 if a file failed or no test ran.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readOutcome, type TestOutcome } from './test-outcome.js';

const FILES_AT_ONCE = 2;
/** Full forms say that they may take longer. */
const FILE_MS_MAX = Number(process.env.LOGSTORE_TEST_MINUTES ?? 10) * 60_000;
const OUTPUT_CHARACTERS_MAX = 4 * 1024 ** 2;
/** The slowest kinds start first, so that none of them runs alone at the end. */
const slowFirst = ['e2e/', 'crash/', 'sim/', 'property/', 'conformance/'];

interface FileRun {
  readonly file: string;
  readonly outcome: TestOutcome;
  readonly output: string;
  readonly seconds: number;
}

const root = import.meta.dirname;
const sources = join(root, '..', '..', 'test');
const running = new Set<number>();

function testFiles(names: readonly string[]): string[] {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.js'))
    // What was compiled from a source long deleted stays in the folder, and tests nothing of ours.
    .filter((file) => existsSync(join(sources, file.replace(/js$/, 'ts'))))
    .filter((file) => names.length === 0 || names.some((name) => file.includes(name)));
  return files.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

function rank(file: string): number {
  const index = slowFirst.findIndex((folder) => file.startsWith(folder));
  return index === -1 ? slowFirst.length : index;
}

function runFile(file: string): Promise<FileRun> {
  const startMs = performance.now();
  // A process group of its own: a test that hangs goes with all that it started.
  const child = spawn(process.execPath, ['--enable-source-maps', join(root, file)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const group = child.pid;
  if (group !== undefined) running.add(group);
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk).slice(-OUTPUT_CHARACTERS_MAX);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const limit = setTimeout(() => {
    output += `\nstopped after ${FILE_MS_MAX / 60_000} minutes\n`;
    killGroup(group);
  }, FILE_MS_MAX);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      killGroup(group);
      const outcome = readOutcome(output, signal ?? code ?? 1);
      resolve({ file, outcome, output, seconds: (performance.now() - startMs) / 1000 });
    });
  });
}

function killGroup(group: number | undefined): void {
  if (group === undefined) return;
  running.delete(group);
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // ESRCH: the group is gone, as it should be
  }
}

function report({ file, outcome, output, seconds }: FileRun): void {
  const { passedCount, failedCount, skippedCount, skipReasons, problem } = outcome;
  const verdict = failedCount > 0 ? 'FAILED' : 'ok';
  const totalCount = passedCount + failedCount + skippedCount;
  const time = `${seconds.toFixed(1)} s`;
  console.log(`${verdict.padEnd(6)} ${file} ${passedCount}/${totalCount} ${time}`);
  for (const reason of skipReasons) console.log(`       SKIPPED: ${reason}`);
  if (problem !== undefined) console.log(`       ${problem}`);
  if (failedCount > 0) console.log(output.trimEnd().replace(/^/gm, '       | '));
}

async function runAll(files: readonly string[]): Promise<TestOutcome[]> {
  const waiting = [...files];
  const outcomes: TestOutcome[] = [];
  const lane = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const done = await runFile(file);
      report(done);
      outcomes.push(done.outcome);
    }
  };
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, lane));
  return outcomes;
}

function sum(outcomes: readonly TestOutcome[], count: (outcome: TestOutcome) => number): number {
  return outcomes.reduce((total, outcome) => total + count(outcome), 0);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    for (const group of running) killGroup(group);
    process.exit(1);
  });

const outcomes = await runAll(testFiles(process.argv.slice(2)));
const passed = sum(outcomes, (outcome) => outcome.passedCount);
const failed = sum(outcomes, (outcome) => outcome.failedCount);
const skipped = sum(outcomes, (outcome) => outcome.skippedCount);
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
if (failed > 0 || passed === 0) process.exitCode = 1;
