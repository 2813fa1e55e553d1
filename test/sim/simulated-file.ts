import type { DiskFile } from '../../src/base/host.js';
import { invariant } from '../../src/base/invariant.js';
import { SystemError } from '../../src/host/system-error.js';
import type { OperationKind } from './fault-plan.js';
import type { DiskState, Effect, OperationQueue } from './operation-queue.js';
import { asUnsynced, type FileNode } from './simulated-tree.js';

/** How far a file of this disk can still grow. */
export type RoomBytes = (state: DiskState) => number;

export interface Opening {
  readonly path: string;
  /** Its number among all openings of the disk. */
  readonly descriptor: number;
  readonly writable: boolean;
}

/** An open file of the simulated disk. It lives on when its name goes, as on a real one. */
export class SimulatedFile implements DiskFile {
  #closed = false;
  #syncFailure: unknown;

  constructor(
    private readonly node: FileNode,
    private readonly opening: Opening,
    private readonly queue: OperationQueue,
    private readonly room: RoomBytes,
  ) {}

  async read(into: Uint8Array, offset: number): Promise<number> {
    this.#mustBeOpen();
    invariant(Number.isSafeInteger(offset) && offset >= 0, 'offsets start at 0');
    const effect = { whole: ({ at }: DiskState) => at(this.node).live.read(into, offset) };
    return this.#call('read', effect, { offset, lengthBytes: into.length });
  }

  async write(offset: number, parts: readonly Uint8Array[]): Promise<void> {
    this.#mustBeOpen();
    this.#mustBeWritable();
    invariant(Number.isSafeInteger(offset) && offset >= 0, 'offsets start at 0');
    const lengthBytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (lengthBytes === 0) return;
    // The parts are read when the write is done: whoever changes them before sees it on the disk.
    const bytesOf = (countBytes: number) => Buffer.concat(parts, countBytes);
    const detail = { offset, lengthBytes };
    await this.#call(
      'write',
      {
        whole: (state) => {
          const node = state.at(this.node);
          const growBytes = offset + lengthBytes - node.live.sizeBytes;
          const missing = Math.max(0, growBytes - Math.max(0, this.room(state)));
          const fits = lengthBytes - (growBytes > 0 ? Math.min(missing, lengthBytes) : 0);
          if (fits > 0) node.write(offset, bytesOf(fits));
          if (fits < lengthBytes)
            throw new SystemError(
              'ENOSPC',
              `wrote ${fits} of ${lengthBytes} to '${this.opening.path}'`,
            );
        },
        part: ({ at }, portion) => {
          const countBytes = Math.floor(lengthBytes * portion);
          if (countBytes > 0) at(this.node).write(offset, bytesOf(countBytes));
        },
        lost: ({ at }) => at(this.node).live.write(offset, bytesOf(lengthBytes)),
        elsewhere: ({ at, tree }, path, offsetThere) => {
          const bytes = bytesOf(lengthBytes);
          at(this.node).live.write(offset, bytes);
          tree.file(path).unsynced.push(asUnsynced(offsetThere, bytes));
        },
      },
      detail,
    );
  }

  async sync(): Promise<void> {
    this.#mustBeOpen();
    this.#mustNotHaveFailedSync();
    try {
      await this.#call('sync', {
        whole: ({ at }) => at(this.node).sync(),
        lost: ({ at }) => {
          at(this.node).unsynced = []; // clean in the cache, never written
        },
      });
    } catch (error) {
      this.#syncFailure = error;
      throw error;
    }
  }

  async sizeBytes(): Promise<number> {
    this.#mustBeOpen();
    const effect = { whole: ({ at }: DiskState) => at(this.node).live.sizeBytes };
    return this.#call('fileSize', effect);
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.#mustBeOpen();
    this.#mustBeWritable();
    invariant(Number.isSafeInteger(sizeBytes) && sizeBytes >= 0, 'sizes start at 0');
    const effect = { whole: ({ at }: DiskState) => at(this.node).truncate(sizeBytes) };
    await this.#call('truncate', effect, { offset: sizeBytes });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#call('close', { whole: () => undefined });
  }

  #call<T>(
    kind: OperationKind,
    effect: Effect<T>,
    detail: { offset?: number; lengthBytes?: number } = {},
  ): Promise<T> {
    const { path, descriptor } = this.opening;
    return this.queue.call(kind, path, effect, { ...detail, descriptor });
  }

  #mustBeOpen(): void {
    invariant(!this.#closed, `'${this.opening.path}' is used after its close`);
  }

  #mustBeWritable(): void {
    this.#mustNotHaveFailedSync();
    if (!this.opening.writable)
      throw new SystemError('EBADF', `'${this.opening.path}' is open for reading`);
  }

  #mustNotHaveFailedSync(): void {
    if (this.#syncFailure !== undefined) throw this.#syncFailure;
  }
}
