import type { Disk, DiskFile, DiskLock } from '../../../src/base/host.js';

/**
 * Files in memory that answer at once: for tests that change and heal the same few files tens of
 * thousands of times. It knows nothing of syncs and crashes; `SimulatedDisk` does.
 */
export class MemoryDisk implements Disk {
  readonly files = new Map<string, { bytes: Uint8Array }>();

  async open(path: string, mode: 'read' | 'create' | 'write'): Promise<DiskFile> {
    if (mode === 'create') this.files.set(path, { bytes: new Uint8Array(0) });
    const file = this.files.get(path);
    if (file === undefined) throw systemError('ENOENT', path);
    return new MemoryFile(file);
  }

  async list(path: string): Promise<string[]> {
    const prefix = `${path}/`;
    return [...this.files.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length));
  }

  async sizeBytes(path: string): Promise<number | undefined> {
    return this.files.get(path)?.bytes.length;
  }

  async rename(from: string, to: string): Promise<void> {
    const file = this.files.get(from);
    if (file === undefined) throw systemError('ENOENT', from);
    this.files.delete(from);
    this.files.set(to, file);
  }

  async unlink(path: string): Promise<void> {
    if (!this.files.delete(path)) throw systemError('ENOENT', path);
  }

  async makeDirectory(): Promise<void> {}
  async syncDirectory(): Promise<void> {}

  async space(): Promise<{ freeBytes: number; totalBytes: number }> {
    return { freeBytes: 2 ** 40, totalBytes: 2 ** 40 };
  }

  async lock(): Promise<DiskLock> {
    return { release: async () => {} };
  }
}

class MemoryFile implements DiskFile {
  constructor(private readonly file: { bytes: Uint8Array }) {}

  async read(into: Uint8Array, offset: number): Promise<number> {
    const found = this.file.bytes.subarray(offset, offset + into.length);
    into.set(found);
    return found.length;
  }

  async write(offset: number, parts: readonly Uint8Array[]): Promise<void> {
    let end = offset;
    for (const part of parts) {
      if (part.length === 0) continue;
      this.#grow(end + part.length);
      this.file.bytes.set(part, end);
      end += part.length;
    }
  }

  async sync(): Promise<void> {}

  async sizeBytes(): Promise<number> {
    return this.file.bytes.length;
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.#grow(sizeBytes);
    this.file.bytes = this.file.bytes.slice(0, sizeBytes);
  }

  async close(): Promise<void> {}

  #grow(sizeBytes: number): void {
    if (sizeBytes <= this.file.bytes.length) return;
    const grown = new Uint8Array(sizeBytes);
    grown.set(this.file.bytes);
    this.file.bytes = grown;
  }
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
