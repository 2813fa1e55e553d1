/**
 * `npm run bench [-- [--full] [--json] NAME...]`: all benches, or those named. Prints a table, and
 * each figure as a line of JSON; keeps both in bench/results/.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { circumstances, jsonLine, keepResults, tableHead, tableRow } from './bench-report.js';
import { benches } from './benches.js';
import type { Bench, Figure } from './figure.js';

const given = process.argv.slice(2);
const flags = given.filter((each) => each.startsWith('--'));
const names = given.filter((each) => !each.startsWith('--'));
const strange = [
  ...flags.filter((flag) => flag !== '--full' && flag !== '--json'),
  ...names.filter((name) => !benches.some((bench) => bench.name === name)),
];
const chosen = benches.filter((bench) => names.length === 0 || names.includes(bench.name));

if (strange.length > 0) {
  console.error(`There is no ${strange.join(', ')}. There are --full, --json, and:`);
  for (const { name, asks } of benches) console.error(`  ${name.padEnd(16)} ${asks}`);
  process.exitCode = 1;
} else {
  await runAll();
}

async function runAll(): Promise<void> {
  const isJson = flags.includes('--json');
  const where = circumstances();
  console.log(isJson ? JSON.stringify(where) : Object.values(where).join(' | '));
  if (!isJson) console.log(tableHead);
  const figures: Figure[] = [];
  for (const bench of chosen) {
    for (const figure of await figuresOf(bench)) {
      figures.push(figure);
      console.log(isJson ? jsonLine(figure) : tableRow(figure));
    }
  }
  if (!isJson) for (const figure of figures) console.log(jsonLine(figure));
  const path = keepResults(where, figures);
  if (!isJson) console.log(`kept in ${path}`);
}

async function figuresOf({ name }: Bench): Promise<readonly Figure[]> {
  const script = fileURLToPath(new URL('./bench-process.js', import.meta.url));
  const child = fork(script, [name, ...flags], { execArgv: ['--expose-gc'] });
  const figures: Figure[] = [];
  child.on('message', (message: { readonly figures: readonly Figure[] }) => {
    figures.push(...message.figures);
  });
  await once(child, 'close');
  if (child.exitCode === 0 && figures.length > 0) return figures;
  process.exitCode = 1;
  const note = `FAILED: ended with ${child.signalCode ?? child.exitCode}`;
  return [{ bench: name, value: Number.NaN, baseline: null, ratio: null, unit: '', note }];
}
