import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { errnoOf } from '../src/base/errors.js';
import { print } from './output.js';

/** A body from a file or, for `-`, from standard input; `sizeBytes` where it is known ahead. */
export async function bodyOf(
  path: string,
): Promise<{ body: AsyncIterable<Uint8Array>; sizeBytes: number | undefined }> {
  if (path === '-') return { body: process.stdin, sizeBytes: undefined };
  const file = await open(path, 'r');
  const stats = await file.stat();
  const stream = createReadStream('', { fd: file, highWaterMark: 256 * 1024 }); // closes it
  return { body: stream, sizeBytes: stats.isFile() ? stats.size : undefined };
}

/**
 * Takes a body into a file, which has its name only once it is whole; `-` is standard output.
 * What stands under the name and is no plain file (a pipe, /dev/null) is written into instead.
 */
export async function saveBody(path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  if (path === '-') {
    for await (const chunk of body) await print(Uint8Array.from(chunk)); // stdout keeps it a while
    return;
  }
  if (await isSpecial(path)) return writeInto(path, 'w', body);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeInto(temporary, 'wx', body);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeInto(path: string, flags: string, body: AsyncIterable<Uint8Array>) {
  await using file = await open(path, flags);
  for await (const chunk of body)
    for (let at = 0; at < chunk.length; ) {
      const { bytesWritten } = await file.write(chunk, at); // a short count comes before ENOSPC
      at += bytesWritten;
    }
  if (flags === 'wx') await file.sync();
}

async function isSpecial(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isFile();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
