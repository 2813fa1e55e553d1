import { once } from 'node:events';
import { errnoOf } from '../src/base/errors.js';

/** The reader of our standard output has gone (`logstore ls | head`): no news worth a message. */
export function isReaderGone(error: unknown): boolean {
  return errnoOf(error) === 'EPIPE';
}

let failure: Error | undefined;
let watched = false;

/**
 * Writes to standard output and waits while its reader is slow, so that a listing of millions
 * takes no memory. Rejects with EPIPE once the reader has gone.
 */
export async function print(bytes: string | Uint8Array): Promise<void> {
  if (!watched) {
    watched = true;
    process.stdout.on('error', (error) => {
      failure = error;
    });
  }
  if (failure !== undefined) throw failure;
  if (process.stdout.write(bytes)) return;
  await once(process.stdout, 'drain'); // rejects with the stream's error
}

/** A value for programs, or a line for people. */
export async function printResult(json: boolean, value: unknown, line: string): Promise<void> {
  await print(json ? `${JSON.stringify(value)}\n` : `${line}\n`);
}

/** Keys and names may hold any character; a terminal must not obey them. */
export function shown(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return name.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

const sizeUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `1536` -> `1.5 KiB`. */
export function shownSize(sizeBytes: number): string {
  let value = sizeBytes;
  let unit = 0;
  while (value >= 1024 && unit < sizeUnits.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${sizeUnits[unit]}`;
}

/** `2026-01-31T12:00:00Z`. */
export function shownTime(unixMs: number): string {
  return new Date(unixMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
