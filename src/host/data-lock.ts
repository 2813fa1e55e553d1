import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf, LogStoreError } from '../base/errors.js';
import type { DiskLock } from '../base/host.js';

/**
 * File systems on which a lock may be lost while its holder lives, by statfs(2) f_type. Others,
 * FUSE among them, are let through: most are local, and their type does not tell.
 */
const networkFileSystems = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9P'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'kAFS'],
  [0x73757245, 'Coda'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x564c, 'NCP'],
]);

const HOLDER_BYTES_MAX = 4096;

/**
 * Takes flock(2) on the file at `path`, making it if it is missing, and writes `holder` into it.
 * The system drops the lock with the process, so that none goes stale; a stopped process keeps it.
 * It belongs to the open file: a second open in the same process is refused as well.
 * @throws LogStoreError `LOCKED` with the holder's text; `UNSUPPORTED_FILE_SYSTEM`
 */
export async function lockData(path: string, holder: string): Promise<DiskLock> {
  refuseNetwork(dirname(path), (await fs.promises.statfs(dirname(path))).type);
  // Never truncated before the lock is ours: the text in it is another's.
  const flags = fs.constants.O_RDWR | fs.constants.O_CREAT;
  const file = await fs.promises.open(path, flags, 0o600);
  try {
    await lockOrRefuse(file, path);
    await file.truncate(0);
    await file.write(holder, 0);
  } catch (error) {
    await file.close();
    throw error;
  }
  let released: Promise<void> | undefined;
  return {
    release() {
      released ??= release(file);
      return released;
    },
  };
}

/** @param type f_type of statfs(2) */
export function refuseNetwork(directory: string, type: number): void {
  const network = networkFileSystems.get(type >>> 0);
  if (network === undefined) return;
  throw new LogStoreError(
    'UNSUPPORTED_FILE_SYSTEM',
    `'${directory}' is on ${network}: a network file system may drop the lock of a running store`,
  );
}

async function lockOrRefuse(file: fs.promises.FileHandle, path: string): Promise<void> {
  // Loaded where a lock is taken, and so never by a thread: the addon is not made for several.
  const { flock } = await import('fs-ext');
  try {
    await new Promise<void>((resolve, reject) => {
      flock(file.fd, 'exnb', (error) => (error ? reject(error) : resolve()));
    });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== 'EAGAIN' && errno !== 'EWOULDBLOCK') throw error;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HOLDER_BYTES_MAX), 0, null, 0);
    const text = buffer.toString('utf8', 0, bytesRead).trim();
    throw new LogStoreError('LOCKED', `'${path}' is held by ${text || 'an unnamed process'}`, {
      cause: error,
    });
  }
}

async function release(file: fs.promises.FileHandle): Promise<void> {
  await file.truncate(0); // while the lock is still ours: nobody is named who does not hold it
  await file.close();
}
