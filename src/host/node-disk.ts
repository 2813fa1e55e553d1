import * as fs from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { errnoOf } from '../base/errors.js';
import type { Disk, DiskFile, DiskLock } from '../base/host.js';
import { invariant } from '../base/invariant.js';
import { lockData } from './data-lock.js';
import { NodeFile } from './node-file.js';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_RDWR } = fs.constants;
const openFlags = { read: O_RDONLY, create: O_RDWR | O_CREAT | O_EXCL, write: O_RDWR } as const;
const FILE_MODE = 0o600; // objects are their owner's business
const DIRECTORY_MODE = 0o700;

/** The tree below one directory of the real file system. */
export class NodeDisk implements Disk {
  /** @param root absolute */
  constructor(private readonly root: string) {}

  async open(path: string, mode: 'read' | 'create' | 'write'): Promise<DiskFile> {
    return new NodeFile(await openDescriptor(this.#inside(path), openFlags[mode]), path);
  }

  async list(path: string): Promise<string[]> {
    return fs.promises.readdir(this.#inside(path));
  }

  async sizeBytes(path: string): Promise<number | undefined> {
    try {
      const stats = await fs.promises.stat(this.#inside(path));
      return stats.isFile() ? stats.size : undefined;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /**
   * The caller syncs the parent of every name it made below the root. The root itself and what is
   * above it no `syncDirectory` can name, so these are synced here.
   */
  async makeDirectory(path: string): Promise<void> {
    const options = { recursive: true, mode: DIRECTORY_MODE } as const;
    const firstMade = await fs.promises.mkdir(this.#inside(path), options);
    if (firstMade === undefined || firstMade.startsWith(this.root + sep)) return;
    for (let made = this.root; made.length >= firstMade.length; made = dirname(made))
      await syncDirectoryAt(dirname(made));
  }

  async rename(from: string, to: string): Promise<void> {
    await fs.promises.rename(this.#inside(from), this.#inside(to));
  }

  async unlink(path: string): Promise<void> {
    await fs.promises.unlink(this.#inside(path));
  }

  async syncDirectory(path: string): Promise<void> {
    await syncDirectoryAt(this.#inside(path));
  }

  async space(): Promise<{ freeBytes: number; totalBytes: number }> {
    const { bavail, blocks, bsize } = await fs.promises.statfs(this.root);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  }

  async lock(path: string, holder: string): Promise<DiskLock> {
    return lockData(this.#inside(path), holder);
  }

  #inside(path: string): string {
    const plain = path === '' || path.split('/').every(isPlainName);
    invariant(plain, `a path stays below the root: '${path}'`);
    return join(this.root, path);
  }
}

function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('\0');
}

function openDescriptor(absolutePath: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.open(absolutePath, flags, FILE_MODE, (error, descriptor) => {
      if (error) reject(error);
      else resolve(descriptor);
    });
  });
}

async function syncDirectoryAt(absolutePath: string): Promise<void> {
  const directory = await openDescriptor(absolutePath, O_RDONLY | O_DIRECTORY);
  try {
    await new Promise<void>((resolve, reject) => {
      fs.fsync(directory, (error) => (error ? reject(error) : resolve()));
    });
  } finally {
    fs.closeSync(directory); // nothing is written through it: its close reports nothing
  }
}
