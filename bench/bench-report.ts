import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Figure } from './figure.js';

/** From dist/bench/. */
const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** Where and of what figures were taken: they mean little without. */
export interface Circumstances {
  readonly date: string;
  readonly commit: string;
  readonly node: string;
  readonly machine: string;
  /** How many others wanted the processors in the minute before. */
  readonly load: string;
}

export function circumstances(): Circumstances {
  const [cpu] = cpus();
  const memoryGiB = Math.round(totalmem() / 1024 ** 3);
  return {
    date: new Date().toISOString(),
    commit: commitName(),
    node: process.version,
    machine: `${cpus().length} x ${cpu?.model.trim() ?? 'unknown'}, ${memoryGiB} GiB, Linux ${release()}`,
    load: `load ${loadavg()[0]?.toFixed(1)}`,
  };
}

/** With `+` behind it when the files are not those of the commit. */
function commitName(): string {
  try {
    const commit = git('rev-parse', '--short=12', 'HEAD');
    return git('status', '--porcelain', '--untracked-files=no') === '' ? commit : `${commit}+`;
  } catch {
    return 'unknown'; // an unpacked archive
  }
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: projectRoot, stdio: 'pipe' }).toString().trim();
}

export function tableRow({ bench, value, baseline, ratio, unit, target, note }: Figure): string {
  const columns = [
    bench.padEnd(28),
    shown(value).padStart(9),
    shown(baseline).padStart(9),
    (ratio === null ? '-' : ratio.toFixed(2)).padStart(6),
    ` ${unit.padEnd(12)}`,
    (target ?? '').padEnd(15),
  ];
  return `${columns.join(' ')} ${note ?? ''}`.trimEnd();
}

export const tableHead = [
  `${'bench'.padEnd(28)} ${'value'.padStart(9)} ${'baseline'.padStart(9)} ${'ratio'.padStart(6)}`,
  ` ${'unit'.padEnd(12)} ${'target'.padEnd(15)} note`,
].join(' ');

function shown(value: number | null): string {
  if (value === null) return '-';
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

/** One line of JSON; these five names first, and in every line. */
export function jsonLine({ bench, value, baseline, ratio, unit, target, note }: Figure): string {
  return JSON.stringify({ bench, value, baseline, ratio, unit, target, note });
}

/** Keeps a run, named by date and commit, so that a slowdown has a date. @returns its path */
export function keepResults(where: Circumstances, figures: readonly Figure[]): string {
  const directory = join(projectRoot, 'bench', 'results');
  mkdirSync(directory, { recursive: true });
  const day = where.date.slice(0, 19).replaceAll(':', '');
  const path = join(directory, `${day}-${where.commit.replace('+', '-changed')}.json`);
  const lines = figures.map((figure) => `    ${jsonLine(figure)}`).join(',\n');
  const head = JSON.stringify(where, undefined, 2).slice(0, -2);
  writeFileSync(path, `${head},\n  "figures": [\n${lines}\n  ]\n}\n`);
  return path;
}
