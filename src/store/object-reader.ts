import { LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import type { LogPin } from '../log/types.js';
import { type BodyReader, isInline, type StoredBody } from './body-reader.js';
import type { ByteRange, GetOptions, ObjectInfo, ObjectReader } from './object-types.js';

/** Told of each reader that is open, so that closing the store ends it. */
export interface ReaderRegistry {
  readonly closed: boolean;
}

/** Reads one version as it was found; what is written or deleted meanwhile does not reach it. */
export class StoredObjectReader implements ObjectReader {
  #taken = false;
  #disposed = false;

  constructor(
    readonly info: ObjectInfo,
    readonly range: ByteRange,
    private readonly stored: StoredBody,
    private readonly reader: BodyReader,
    private readonly store: ReaderRegistry,
    /** Released when the body has been read, or on disposal. */
    private readonly pin: LogPin,
  ) {}

  async *body(): AsyncGenerator<Uint8Array, void, void> {
    this.#take();
    const { startBytes, endBytes } = this.range;
    try {
      for await (const chunk of this.reader.read(this.stored, startBytes, endBytes, this.pin)) {
        this.#checkOpen();
        yield chunk;
        this.#checkOpen();
      }
    } finally {
      this.pin.release();
    }
  }

  async bytes(): Promise<Uint8Array> {
    const { startBytes, endBytes } = this.range;
    const { inlineBody, sizeBytes } = this.stored;
    if (isInline(this.stored) && inlineBody.length === sizeBytes) {
      this.#take();
      this.pin.release();
      return inlineBody.slice(startBytes, endBytes);
    }
    const all = new Uint8Array(endBytes - startBytes);
    let at = 0;
    for await (const chunk of this.body()) {
      all.set(chunk, at);
      at += chunk.length;
    }
    invariant(at === all.length, 'a body has the size of its range');
    return all;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.pin.release();
    return Promise.resolve();
  }

  #take(): void {
    this.#checkOpen();
    if (this.#taken) throw new LogStoreError('INVALID_ARGUMENT', 'a body is taken once');
    this.#taken = true;
  }

  #checkOpen(): void {
    if (this.#disposed || this.store.closed) {
      throw new LogStoreError('CLOSED', 'the reader is closed');
    }
  }
}

/**
 * What a get reads of an object.
 * @throws LogStoreError `INVALID_RANGE`, `INVALID_PART`, `INVALID_ARGUMENT`
 */
export function rangeOf(info: ObjectInfo, { range, partNumber }: GetOptions): ByteRange {
  if (range !== undefined && partNumber !== undefined) {
    throw new LogStoreError('INVALID_ARGUMENT', 'either a range or a part is read');
  }
  if (partNumber !== undefined) return rangeOfPart(info, partNumber);
  if (range === undefined) return { startBytes: 0, endBytes: info.sizeBytes };
  checkRange(range, info.sizeBytes);
  return { startBytes: range.startBytes, endBytes: range.endBytes };
}

/** @throws LogStoreError `INVALID_RANGE` unless the range lies within `sizeBytes` and has bytes */
export function checkRange({ startBytes, endBytes }: ByteRange, sizeBytes: number): void {
  const isWhole = Number.isSafeInteger(startBytes) && Number.isSafeInteger(endBytes);
  if (isWhole && startBytes >= 0 && startBytes < endBytes && endBytes <= sizeBytes) return;
  throw new LogStoreError('INVALID_RANGE', `the object has ${sizeBytes} bytes`);
}

function rangeOfPart(info: ObjectInfo, partNumber: number): ByteRange {
  if (info.parts.length === 0 && partNumber === 1) {
    return { startBytes: 0, endBytes: info.sizeBytes };
  }
  let startBytes = 0;
  for (const { number, sizeBytes } of info.parts) {
    if (number === partNumber) return { startBytes, endBytes: startBytes + sizeBytes };
    startBytes += sizeBytes;
  }
  throw new LogStoreError('INVALID_PART', `the object has no part ${partNumber}`);
}
