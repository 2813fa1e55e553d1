import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf, LogStoreError } from '../base/errors.js';

const PRIVATE_MODE = 0o600;
const OTHERS_MASK = 0o077;
const PRIVATE_BYTES_MAX = 64 * 1024;

/**
 * The text of a small file that only its owner may read; undefined if there is none.
 * @throws LogStoreError `INVALID_ARGUMENT` when others may read or write it
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  const file = await openIfThere(path);
  if (file === undefined) return undefined;
  try {
    const { mode, size } = await file.stat(); // of the open file: the name may change hands
    if ((mode & OTHERS_MASK) !== 0)
      throw new LogStoreError(
        'INVALID_ARGUMENT',
        `'${path}' holds a secret and others may use it (mode ${modeText(mode)}); ` +
          `run: chmod 600 '${path}'`,
      );
    if (size > PRIVATE_BYTES_MAX)
      throw new LogStoreError('INVALID_ARGUMENT', `'${path}' is no credentials file: too large`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/**
 * Writes a file that only its owner may read: whole under its name, or not there at all.
 * The caller alone creates this name.
 */
export async function createPrivateFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  await fs.promises.rm(temporary, { force: true }); // of an attempt that was cut short
  await writeWhole(temporary, text);
  await fs.promises.rename(temporary, path);
  await syncPath(dirname(path));
}

/**
 * The same where others may create the name at this moment.
 * @returns false where one of them has: then what they wrote stays
 */
export async function createFirstPrivateFile(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  await writeWhole(temporary, text);
  try {
    await fs.promises.link(temporary, path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EEXIST') return false;
    if (errno !== 'EPERM' && errno !== 'ENOTSUP' && errno !== 'EOPNOTSUPP') throw error;
    await fs.promises.rename(temporary, path); // a file system without hard links
  } finally {
    await fs.promises.rm(temporary, { force: true });
  }
  await syncPath(dirname(path));
  return true;
}

/** What somebody else has put there, and may still be syncing, is durable afterwards. */
export async function syncPrivateFile(path: string): Promise<void> {
  await syncPath(path);
  await syncPath(dirname(path));
}

async function writeWhole(temporary: string, text: string): Promise<void> {
  const file = await fs.promises.open(temporary, 'wx', PRIVATE_MODE);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncPath(path: string): Promise<void> {
  const file = await fs.promises.open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function openIfThere(path: string): Promise<fs.promises.FileHandle | undefined> {
  try {
    return await fs.promises.open(path, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function modeText(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}
