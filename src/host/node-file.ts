import * as fs from 'node:fs';
import { errnoOf } from '../base/errors.js';
import type { DiskFile } from '../base/host.js';
import { invariant } from '../base/invariant.js';
import { SystemError } from './system-error.js';

/** EAGAIN on a regular file passes at once or never: beyond this many tries it rises. */
const INTERRUPTED_TRIES_MAX = 16;

type Done<T> = (error: NodeJS.ErrnoException | null, value: T) => void;

/**
 * A file by its raw descriptor: one callback and one promise per call, no FileHandle between.
 * Owns the descriptor. Whoever holds the file closes it; a close waits for calls under way, since
 * the system gives a closed descriptor's number to the next file opened.
 */
export class NodeFile implements DiskFile {
  #callsUnderWay = 0;
  #closed: Promise<void> | undefined;
  #whenIdle: (() => void) | undefined;
  #syncFailure: unknown;

  constructor(
    private readonly descriptor: number,
    private readonly path: string,
  ) {}

  async read(into: Uint8Array, offset: number): Promise<number> {
    invariant(Number.isSafeInteger(offset) && offset >= 0, 'offsets start at 0');
    let filled = 0;
    while (filled < into.length) {
      const start = filled;
      const count = await this.#call<number>((done) =>
        fs.read(this.descriptor, into, start, into.length - start, offset + start, done),
      );
      if (count === 0) break; // only this is the end; any other short count is the system's whim
      filled += count;
    }
    return filled;
  }

  async write(offset: number, parts: readonly Uint8Array[]): Promise<void> {
    invariant(Number.isSafeInteger(offset) && offset >= 0, 'offsets start at 0');
    this.#refuseAfterFailedSync();
    let wanted = 0;
    for (const part of parts) wanted += part.length;
    if (wanted === 0) return;
    const first = await this.#writeSome(offset, parts);
    if (first === wanted) return;
    // libuv keeps a failure to itself once some bytes are written: asking for the rest brings the
    // system's own reason (ENOSPC, EDQUOT, EFBIG), or finishes the write if there is room again.
    const second = await this.#writeSome(offset + first, partsAfter(parts, first));
    if (first + second < wanted)
      throw new SystemError(
        'ENOSPC',
        `wrote ${first + second} of ${wanted} bytes at ${offset} of '${this.path}'`,
      );
  }

  async sync(): Promise<void> {
    this.#refuseAfterFailedSync();
    try {
      await this.#call<void>((done) => fs.fdatasync(this.descriptor, done));
    } catch (error) {
      // The kernel marks pages clean that it failed to write: a later success would be a lie.
      this.#syncFailure = error;
      throw error;
    }
  }

  async sizeBytes(): Promise<number> {
    const { size } = await this.#call<fs.Stats>((done) => fs.fstat(this.descriptor, done));
    return size;
  }

  async truncate(sizeBytes: number): Promise<void> {
    invariant(Number.isSafeInteger(sizeBytes) && sizeBytes >= 0, 'sizes start at 0');
    this.#refuseAfterFailedSync();
    await this.#call<void>((done) => fs.ftruncate(this.descriptor, sizeBytes, done));
  }

  close(): Promise<void> {
    this.#closed ??= this.#closeWhenIdle();
    return this.#closed;
  }

  async #closeWhenIdle(): Promise<void> {
    if (this.#callsUnderWay > 0)
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    await new Promise<void>((resolve, reject) => {
      fs.close(this.descriptor, (error) => {
        // Linux has freed the descriptor even when close was interrupted.
        if (error && errnoOf(error) !== 'EINTR') reject(error);
        else resolve();
      });
    });
  }

  #writeSome(offset: number, parts: readonly Uint8Array[]): Promise<number> {
    const [only] = parts;
    return this.#call<number>((done) => {
      if (parts.length === 1 && only !== undefined)
        fs.write(this.descriptor, only, 0, only.length, offset, done);
      else fs.writev(this.descriptor, parts, offset, done); // libuv splits it by IOV_MAX
    });
  }

  #refuseAfterFailedSync(): void {
    if (this.#syncFailure !== undefined) throw this.#syncFailure;
  }

  #call<T>(start: (done: Done<T>) => void): Promise<T> {
    invariant(this.#closed === undefined, `'${this.path}' is used after its close`);
    this.#callsUnderWay++;
    return new Promise<T>((resolve, reject) => {
      let tries = 1;
      const done: Done<T> = (error, value) => {
        if (error && isInterruption(error) && tries < INTERRUPTED_TRIES_MAX) {
          tries++;
          start(done);
          return;
        }
        this.#callsUnderWay--;
        if (this.#callsUnderWay === 0) this.#whenIdle?.();
        if (error) reject(error);
        else resolve(value);
      };
      start(done);
    });
  }
}

function isInterruption(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'EINTR' || errno === 'EAGAIN';
}

function partsAfter(parts: readonly Uint8Array[], skipBytes: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = skipBytes;
  for (const part of parts) {
    if (skip < part.length) rest.push(part.subarray(skip));
    skip = Math.max(0, skip - part.length);
  }
  return rest;
}
