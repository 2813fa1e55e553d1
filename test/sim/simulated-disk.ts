import { LogStoreError } from '../../src/base/errors.js';
import type { Disk, DiskFile, DiskLock } from '../../src/base/host.js';
import { invariant } from '../../src/base/invariant.js';
import type { DiskState, OperationQueue } from './operation-queue.js';
import { SimulatedFile } from './simulated-file.js';
import { applyTo, DirectoryNode, FileNode, type SimulatedTree } from './simulated-tree.js';

/** A disk in memory. What a test does to it through `test...` is no operation and cannot fail. */
export class SimulatedDisk implements Disk {
  readonly #holders = new Map<string, string>();
  #descriptorLast = 0;
  readonly #room = ({ tree }: DiskState): number => this.capacityBytes - usedBytes(tree.root);

  /** @param capacityBytes may change at any time; Infinity for a disk that is never full */
  constructor(
    private readonly tree: SimulatedTree,
    private readonly queue: OperationQueue,
    public capacityBytes: number,
  ) {}

  async open(path: string, mode: 'read' | 'create' | 'write'): Promise<DiskFile> {
    checkPath(path);
    const node = await this.queue.call(mode === 'create' ? 'create' : 'open', path, {
      whole: ({ tree }) => (mode === 'create' ? tree.create(path) : tree.file(path)),
    });
    const opening = { path, descriptor: ++this.#descriptorLast, writable: mode !== 'read' };
    return new SimulatedFile(node, opening, this.queue, this.#room);
  }

  async list(path: string): Promise<string[]> {
    checkPath(path);
    return this.queue.call('list', path, {
      whole: ({ tree }) => [...tree.directory(path).live.keys()],
    });
  }

  async sizeBytes(path: string): Promise<number | undefined> {
    checkPath(path);
    return this.queue.call('sizeBytes', path, {
      whole: ({ tree }) => {
        const node = tree.find(path);
        return node instanceof FileNode ? node.live.sizeBytes : undefined;
      },
    });
  }

  async makeDirectory(path: string): Promise<void> {
    checkPath(path);
    await this.queue.call('makeDirectory', path, {
      whole: ({ tree }) => tree.makeDirectory(path),
    });
  }

  async rename(from: string, to: string): Promise<void> {
    checkPath(from);
    checkPath(to);
    const effect = { whole: ({ tree }: DiskState) => tree.rename(from, to) };
    await this.queue.call('rename', from, effect, { to });
  }

  async unlink(path: string): Promise<void> {
    checkPath(path);
    await this.queue.call('unlink', path, { whole: ({ tree }) => tree.unlink(path) });
  }

  async syncDirectory(path: string): Promise<void> {
    checkPath(path);
    await this.queue.call('syncDirectory', path, {
      whole: ({ tree }) => tree.syncDirectory(path),
      lost: () => undefined, // the names stay as uncertain as they were
    });
  }

  async space(): Promise<{ freeBytes: number; totalBytes: number }> {
    return this.queue.call('space', '', {
      whole: (state) => {
        const totalBytes = Math.min(this.capacityBytes, Number.MAX_SAFE_INTEGER);
        return { freeBytes: Math.max(0, Math.min(this.#room(state), totalBytes)), totalBytes };
      },
    });
  }

  async lock(path: string, holder: string): Promise<DiskLock> {
    checkPath(path);
    await this.queue.call('lock', path, {
      whole: ({ tree }) => {
        const other = this.#holders.get(path);
        if (other !== undefined) throw new LogStoreError('LOCKED', `'${path}' is held by ${other}`);
        const file = tree.find(path) === undefined ? tree.create(path) : tree.file(path);
        file.truncate(0);
        file.write(0, Buffer.from(holder));
        this.#holders.set(path, holder);
      },
    });
    let released: Promise<void> | undefined;
    return {
      release: () => {
        released ??= this.queue.call('unlock', path, {
          whole: ({ tree }) => {
            tree.file(path).truncate(0);
            this.#holders.delete(path);
          },
        });
        return released;
      },
    };
  }

  /** What a process reads from the file now. */
  testBytesOf(path: string): Uint8Array {
    return this.tree.file(path).live.all();
  }

  /** What is on the platter for certain. */
  testDurableBytesOf(path: string): Uint8Array {
    return this.tree.file(path).durable.all();
  }

  /** The paths of all files, in order. */
  testPaths(): string[] {
    return pathsBelow(this.tree.root, '').sort();
  }

  /** Puts a file there, durable in bytes and name, over any other of that path. */
  testPlant(path: string, bytes: Uint8Array): void {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    this.tree.makeDirectory(parent);
    if (this.tree.find(path) !== undefined) this.tree.unlink(path);
    const file = this.tree.create(path);
    file.write(0, Uint8Array.from(bytes));
    file.sync();
    const names = parent === '' ? [] : parent.split('/');
    for (let depth = 0; depth <= names.length; depth++)
      this.tree.syncDirectory(names.slice(0, depth).join('/'));
  }

  /** Takes a file away, durably. */
  testRemove(path: string): void {
    this.tree.unlink(path);
    this.tree.syncDirectory(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
  }

  /** Bit rot: turns bit `bit` (0 to 7) of the byte at `offset` round. */
  testFlip(path: string, offset: number, bit: number): void {
    const { live, durable } = this.tree.file(path);
    invariant(offset < live.sizeBytes, `'${path}' has no byte ${offset}`);
    for (const image of [live, durable]) {
      const byte = new Uint8Array(1);
      if (image.read(byte, offset) === 0) continue;
      byte[0] = (byte[0] ?? 0) ^ (1 << bit);
      image.write(offset, byte);
    }
  }

  /** Forgets clean pages: lost and misdirected writes come to light, as after a restart. */
  testDropCaches(): void {
    for (const path of this.testPaths()) {
      const file = this.tree.file(path);
      file.live = file.durable.clone();
      for (const change of file.unsynced) applyTo(file.live, change);
    }
  }
}

function usedBytes(directory: DirectoryNode): number {
  let sum = 0;
  for (const node of directory.live.values())
    sum += node instanceof DirectoryNode ? usedBytes(node) : node.live.sizeBytes;
  return sum;
}

function pathsBelow(directory: DirectoryNode, prefix: string): string[] {
  return [...directory.live].flatMap(([name, node]) =>
    node instanceof DirectoryNode ? pathsBelow(node, `${prefix}${name}/`) : [prefix + name],
  );
}

function checkPath(path: string): void {
  const plain = path === '' || path.split('/').every((name) => !['', '.', '..'].includes(name));
  invariant(plain && !path.includes('\0'), `a path stays below the root: '${path}'`);
}
