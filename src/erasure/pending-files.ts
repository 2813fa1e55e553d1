import { errnoOf } from '../base/errors.js';
import type { Disk, DiskFile } from '../base/host.js';
import { logDirectory, temporarySuffix } from '../format/file-names.js';

/**
 * Files of `log/` that are written under temporary names (SPEC.md §2) and take their own together,
 * when all of them are whole. Disposed of before that, they are gone.
 */
export class PendingFiles implements AsyncDisposable {
  readonly #open = new Map<string, DiskFile>();
  #isCommitted = false;

  constructor(private readonly disk: Disk) {}

  /** An empty file that is to be `path`; owned by this. */
  async create(path: string): Promise<DiskFile> {
    const temporary = path + temporarySuffix;
    if ((await this.disk.sizeBytes(temporary)) !== undefined) await this.disk.unlink(temporary);
    const file = await this.disk.open(temporary, 'create');
    this.#open.set(path, file);
    return file;
  }

  /** Gives the files, which the caller has synced and checked, their names, over what was there. */
  async commit(): Promise<void> {
    await this.#close();
    for (const path of this.#open.keys()) await this.disk.rename(path + temporarySuffix, path);
    this.#isCommitted = true;
    await this.disk.syncDirectory(logDirectory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isCommitted) return;
    await this.#close();
    for (const path of this.#open.keys())
      try {
        await this.disk.unlink(path + temporarySuffix);
      } catch (error) {
        // It has its name by now, or the disk fails: then opening the store removes it.
        if (errnoOf(error) === undefined) throw error;
      }
  }

  async #close(): Promise<void> {
    for (const file of this.#open.values()) await file.close();
  }
}
