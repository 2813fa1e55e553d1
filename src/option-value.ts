import { LogStoreError } from './base/errors.js';

/** What a setting may hold. Bounds are inclusive, in bytes, milliseconds or plain numbers. */
export type OptionKind =
  | { readonly is: 'text' }
  | { readonly is: 'choice'; readonly choices: readonly string[] }
  | { readonly is: 'count' | 'size' | 'duration'; readonly min: number; readonly max: number };

const unitBytes = new Map([
  ['', 1],
  ['b', 1],
  ['kib', 1024],
  ['mib', 1024 ** 2],
  ['gib', 1024 ** 3],
  ['tib', 1024 ** 4],
  ['kb', 1e3],
  ['mb', 1e6],
  ['gb', 1e9],
  ['tb', 1e12],
]);
const unitMs = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);
const expected = {
  count: 'a whole number',
  size: 'a size such as 128MiB',
  duration: 'a time such as 500ms, 30s or 14d',
} as const;

/**
 * @param origin named in the error: the flag, variable or line that held `text`
 * @throws LogStoreError `INVALID_ARGUMENT`
 */
export function readOptionValue(kind: OptionKind, text: string, origin: string): string | number {
  if (kind.is === 'text') {
    if (text === '') throw bad(origin, text, 'must not be empty');
    return text;
  }
  if (kind.is === 'choice') {
    if (!kind.choices.includes(text))
      throw bad(origin, text, `is one of ${kind.choices.join(', ')}`);
    return text;
  }
  const value = readNumber(kind.is, text);
  if (value === undefined) throw bad(origin, text, `is ${expected[kind.is]}`);
  if (value < kind.min || value > kind.max)
    throw bad(
      origin,
      text,
      `lies between ${writeNumber(kind.is, kind.min)} and ${writeNumber(kind.is, kind.max)}`,
    );
  return value;
}

/** `128MiB`, `1.5 GiB` or `4096` -> bytes; undefined for anything else. */
function readNumber(is: 'count' | 'size' | 'duration', text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text.trim());
  const unit = (match?.[2] ?? '').toLowerCase();
  const scale =
    is === 'count' ? (unit === '' ? 1 : undefined) : (is === 'size' ? unitBytes : unitMs).get(unit);
  if (match === null || scale === undefined) return undefined;
  const value = Number(match[1]) * scale;
  return Number.isSafeInteger(value) ? value : undefined;
}

function writeNumber(is: 'count' | 'size' | 'duration', value: number): string {
  if (is === 'count' || value === 0) return String(value);
  const units = is === 'size' ? writtenSizes : writtenTimes;
  for (const [unit, scale] of units) if (value % scale === 0) return `${value / scale}${unit}`;
  return String(value);
}

const writtenSizes = [
  ['TiB', 1024 ** 4],
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
] as const;
const writtenTimes = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

function bad(origin: string, text: string, rule: string): LogStoreError {
  return new LogStoreError('INVALID_ARGUMENT', `${origin} ${rule}; it is '${text}'`);
}
