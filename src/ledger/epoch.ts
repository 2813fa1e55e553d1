import { LogStoreError } from '../base/errors.js';
import type { Disk, Host } from '../base/host.js';
import { NotProven } from '../base/not-proven.js';
import * as form from '../format/text-lines.js';
import { listOrEmpty } from '../log/log-directory.js';
import type { Checkpoint } from './checkpoint.js';
import {
  epochDirectory,
  ledgerDirectory,
  originFile,
  readWhole,
  writeWhole,
} from './ledger-files.js';

/** ledger-origin/v1: who the log in an epoch's directory is (SPEC.md, The ledger on disk). */
const originRecord = form.lineFormat('ledger-origin/v1', {
  origin: form.word,
  follows: form.many(form.tuple(form.word, form.count, form.digest)),
});

/** One log of blocks: a store has a new one only when its operator says so. */
export interface Epoch {
  /** 1 and up. */
  readonly number: number;
  readonly origin: string;
  /** The last checkpoint of the epoch before. */
  readonly follows: Checkpoint | undefined;
}

const originBytes = 16;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The epoch that counts; undefined where no ledger was ever begun.
 * @throws LogStoreError `RECORD_CORRUPT` where its name is damaged
 */
export async function findEpoch(disk: Disk): Promise<Epoch | undefined> {
  const newest = await newestEpoch(disk);
  if (newest === undefined) return undefined;
  const { origin, follows } = readOrigin(newest.name);
  const [before] = follows.map(([old, size, root]) => ({ origin: old, size, root }));
  return { number: newest.number, origin, follows: before };
}

/** Its number, whatever became of its name. */
export async function newestEpoch(
  disk: Disk,
): Promise<{ readonly number: number; readonly name: Uint8Array } | undefined> {
  const names = await listOrEmpty(disk, ledgerDirectory);
  const numbers = names.filter((name) => /^[1-9]\d{0,8}$/.test(name)).map(Number);
  for (const number of numbers.sort((a, b) => b - a)) {
    const name = await readWhole(disk, `${epochDirectory(number)}/${originFile}`);
    // An epoch begins with this file: without it, its beginning was cut short.
    if (name !== undefined) return { number, name };
  }
  return undefined;
}

function readOrigin(bytes: Uint8Array): ReturnType<typeof originRecord.decode> {
  try {
    return originRecord.decode(decoder.decode(bytes));
  } catch (error) {
    // TypeError: it is no UTF-8.
    if (!(error instanceof NotProven) && !(error instanceof TypeError)) throw error;
    const message = `the name of the ledger's log is damaged: ${error.message}`;
    throw new LogStoreError('RECORD_CORRUPT', message, { cause: error });
  }
}

/** Begins a log under a name that nobody has. Durable when it resolves. */
export async function beginEpoch(
  { disk, random }: Host,
  number: number,
  follows: Checkpoint | undefined,
): Promise<Epoch> {
  const origin = `logstore/${Buffer.from(random.bytes(originBytes)).toString('hex')}`;
  const directory = epochDirectory(number);
  await disk.makeDirectory(directory);
  await syncNames(disk);
  const before: [string, number, Uint8Array][] = [];
  if (follows !== undefined) before.push([follows.origin, follows.size, follows.root]);
  const text = originRecord.encode({ origin, follows: before });
  await writeWhole(disk, `${directory}/${originFile}`, new TextEncoder().encode(text), true);
  return { number, origin, follows };
}

/** Makes it durable that an epoch was begun. */
export async function syncEpoch(disk: Disk, number: number): Promise<void> {
  await disk.syncDirectory(epochDirectory(number));
  await syncNames(disk);
}

async function syncNames(disk: Disk): Promise<void> {
  await disk.syncDirectory('');
  await disk.syncDirectory(ledgerDirectory);
}
