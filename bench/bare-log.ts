import * as fs from 'node:fs';
import { crc32 } from 'node:zlib';

const headerBytes = 8; // length and checksum
const zeroFillBytes = 4 * 1024 ** 2;
const copyBytesMax = 16 * 1024;
const streamBytesMin = 1024 ** 2;
const queueBytesMax = 32 * 1024 ** 2;

interface Waiting {
  readonly payload: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The least that a durable log must do, as fast as it goes: all that arrives during one sync shares
 * the next; a checksum for each record, one write and one fdatasync for each batch, on space that
 * was filled with zeros before.
 */
export class BareLog {
  #queue: Waiting[] = [];
  #queueBytes = 0;
  #room: (() => void)[] = [];
  #running: Promise<void> | undefined;
  #offset = 0;
  #zeroedTo = 0;
  #scratch = Buffer.alloc(1024 ** 2);
  readonly #zeros = Buffer.alloc(zeroFillBytes);
  readonly #descriptor: number;

  constructor(path: string) {
    this.#descriptor = fs.openSync(path, 'w');
  }

  /** Resolves once the payload is durable; it must not change before. */
  append(payload: Uint8Array): Promise<void> {
    this.#queueBytes += payload.length;
    return new Promise((resolve, reject) => {
      this.#queue.push({ payload, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when a stream may append more. */
  room(): Promise<void> {
    if (this.#queueBytes <= queueBytesMax) return Promise.resolve();
    return new Promise((resolve) => {
      this.#room.push(resolve);
    });
  }

  async close(): Promise<void> {
    await this.#running;
    fs.closeSync(this.#descriptor);
  }

  async #run(): Promise<void> {
    await undefined; // what arrives in the same turn shares the batch
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      try {
        await this.#write(this.#encode(batch));
        for (const { payload, resolve } of batch) {
          this.#queueBytes -= payload.length;
          resolve();
        }
        for (const resolve of this.#room.splice(0)) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = undefined;
  }

  #encode(batch: readonly Waiting[]): Buffer[] {
    let copiedBytes = 0;
    for (const { payload } of batch)
      copiedBytes += headerBytes + (payload.length <= copyBytesMax ? payload.length : 0);
    if (copiedBytes > this.#scratch.length) this.#scratch = Buffer.alloc(2 * copiedBytes);
    const scratch = this.#scratch;
    const parts: Buffer[] = [];
    let [used, cut] = [0, 0];
    for (const { payload } of batch) {
      scratch.writeUInt32LE(payload.length, used);
      scratch.writeUInt32LE(crc32(payload), used + 4);
      used += headerBytes;
      if (payload.length <= copyBytesMax) {
        scratch.set(payload, used);
        used += payload.length;
      } else {
        const { buffer, byteOffset, length } = payload;
        parts.push(scratch.subarray(cut, used), Buffer.from(buffer, byteOffset, length));
        cut = used;
      }
    }
    if (used > cut) parts.push(scratch.subarray(cut, used));
    return parts;
  }

  async #write(parts: Buffer[]): Promise<void> {
    let sizeBytes = 0;
    for (const part of parts) sizeBytes += part.length;
    const end = this.#offset + sizeBytes;
    if (end > this.#zeroedTo && sizeBytes < streamBytesMin) {
      parts.push(this.#zeros);
      this.#zeroedTo = end + zeroFillBytes;
    }
    await new Promise<void>((resolve, reject) => {
      fs.writev(this.#descriptor, parts, this.#offset, (writeError) => {
        if (writeError) return reject(writeError);
        fs.fdatasync(this.#descriptor, (error) => (error ? reject(error) : resolve()));
      });
    });
    this.#offset = end;
  }
}
