import { errnoOf } from '../base/errors.js';
import type { Disk } from '../base/host.js';

/** Puts a whole file there, durable in bytes and name, in place of any other of that path. */
export async function writeDurably(disk: Disk, path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  if ((await disk.sizeBytes(temporary)) !== undefined) await disk.unlink(temporary);
  const file = await disk.open(temporary, 'create');
  try {
    await file.write(0, [new TextEncoder().encode(text)]);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, path);
  await disk.syncDirectory(path.slice(0, path.lastIndexOf('/')));
}

/** Undefined if there is no such file. */
export async function readText(disk: Disk, path: string): Promise<string | undefined> {
  const sizeBytes = await disk.sizeBytes(path);
  if (sizeBytes === undefined) return undefined;
  const bytes = new Uint8Array(sizeBytes);
  const file = await disk.open(path, 'read');
  try {
    const read = await file.read(bytes, 0);
    return new TextDecoder().decode(bytes.subarray(0, read));
  } finally {
    await file.close();
  }
}

/** Names of a directory that may not be there yet. */
export async function listIfThere(disk: Disk, path: string): Promise<string[]> {
  try {
    return await disk.list(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
