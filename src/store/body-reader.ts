import { LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import { limits } from '../base/limits.js';
import { lengthOfRuns, type Piece, piecesOf, sliceRuns } from '../catalog/runs.js';
import { openFrame, partKey } from '../encryption/frame.js';
import { frameBytes, frameCount, sealedBytes } from '../format/encryption.js';
import type { ObjectRecord, PartRecord } from '../format/mutation.js';
import type { Log, LogPin } from '../log/types.js';
import { freeWithMemory } from '../memory/spent-memory.js';
import { type Commits, putPartAt, type RecordSource, type StoredCommit } from './commits.js';

/** A body by its commit: runs of data records, bytes inside the commit, or commits of parts. */
export interface StoredBody {
  /** Of the commit. */
  readonly sequence: number;
  readonly sizeBytes: number;
  readonly runs: readonly number[];
  /** Of a multipart object: flat fours of part number, sequence, mutation index and size. */
  readonly parts: readonly number[];
  readonly inlineBody: Uint8Array;
  /** Of the object, where it lies in frames; of a part, its own. */
  readonly key: Uint8Array | undefined;
}

/** Some bytes of a body without parts. */
interface Section {
  readonly body: StoredBody;
  readonly startBytes: number;
  readonly endBytes: number;
}

const noParts: readonly number[] = Object.freeze([]);

export function bodyOf(
  record: ObjectRecord | PartRecord,
  sequence: number,
  { inlineBody }: StoredCommit,
  key?: Uint8Array,
): StoredBody {
  const parts = 'parts' in record ? record.parts : noParts;
  const { sizeBytes, runs } = record;
  return { sequence, sizeBytes, runs, parts, inlineBody, key };
}

/** Whether all of the body travels in its commit. */
export function isInline({ sizeBytes, runs, parts }: StoredBody): boolean {
  return sizeBytes > 0 && runs.length === 0 && parts.length === 0;
}

/** Reads bodies from the log: whole records, each verified before any byte of it is given. */
export class BodyReader {
  constructor(
    private readonly log: Log,
    private readonly commits: Commits,
  ) {}

  /** Keeps what is in the log now readable, also what is removed meanwhile. */
  pin(): LogPin {
    return this.log.pin();
  }

  /**
   * The bytes `[startBytes, endBytes)` in chunks of at most 256 KiB, the caller's own. The next
   * record is read while the caller has the last one.
   * @throws LogStoreError `RECORD_CORRUPT`, `IO`
   */
  async *read(
    body: StoredBody,
    startBytes: number,
    endBytes: number,
    from: RecordSource = this.log,
  ): AsyncGenerator<Uint8Array, void, void> {
    let ahead: Promise<Uint8Array> | undefined;
    for await (const section of this.#sectionsOf(body, startBytes, endBytes, from)) {
      for (const next of this.#chunksOf(section, from)) {
        // If nobody comes for it any more, its failure is nobody's; who comes gets it by `await`.
        next.catch(() => {});
        const chunk = await ahead;
        if (chunk !== undefined && chunk.length > 0) yield chunk;
        ahead = next;
      }
    }
    const last = await ahead;
    if (last !== undefined && last.length > 0) yield last;
  }

  /**
   * Runs that hold those bytes, for each part that has some; of a body that is not in frames.
   * @throws LogStoreError `RECORD_CORRUPT`, `IO`
   */
  async *runsOf(
    body: StoredBody,
    startBytes: number,
    endBytes: number,
    from: RecordSource = this.log,
  ): AsyncGenerator<readonly number[], void, void> {
    for await (const section of this.#sectionsOf(body, startBytes, endBytes, from)) {
      invariant(section.body.key === undefined, 'frames are not shared in pieces');
      yield runsWithin(section.body, section.startBytes, section.endBytes);
    }
  }

  *#chunksOf(
    { body, startBytes, endBytes }: Section,
    from: RecordSource,
  ): Generator<Promise<Uint8Array>, void, void> {
    const { key, sizeBytes } = body;
    if (key === undefined) {
      const runs = runsWithin(body, startBytes, endBytes);
      for (const piece of piecesOf(runs, 0, lengthOfRuns(runs))) {
        yield this.#read(piece, body, from);
      }
      return;
    }
    const first = Math.floor(startBytes / frameBytes);
    // Who reads a body to its end is told if its last frame, which may be empty, is not there.
    const isToEnd = endBytes === sizeBytes;
    const count = isToEnd ? frameCount(sizeBytes) : Math.ceil(endBytes / frameBytes);
    const storedEnd = Math.min(count * limits.dataRecordBytesMax, sealedBytes(sizeBytes));
    const runs = runsWithin(body, first * limits.dataRecordBytesMax, storedEnd);
    let index = first;
    for (const piece of piecesOf(runs, 0, lengthOfRuns(runs))) {
      const at = index * frameBytes;
      const [start, end] = [Math.max(startBytes - at, 0), Math.max(endBytes - at, 0)];
      yield this.#open(piece, body, key, index, from).then((plain) => plain.subarray(start, end));
      index++;
    }
    if (index !== count) throw corrupt(body.sequence);
  }

  /** A frame is one record, or an inline body. */
  async #open(
    piece: Piece,
    body: StoredBody,
    key: Uint8Array,
    index: number,
    from: RecordSource,
  ): Promise<Uint8Array> {
    const isLast = index === frameCount(body.sizeBytes) - 1;
    const plainBytes = isLast ? body.sizeBytes % frameBytes : frameBytes;
    const sealed = await this.#read(piece, body, from);
    const plain = openFrame(key, index, sealed);
    freeWithMemory(sealed);
    if (plain.length !== plainBytes) throw corrupt(body.sequence);
    return plain;
  }

  async *#sectionsOf(
    body: StoredBody,
    startBytes: number,
    endBytes: number,
    from: RecordSource,
  ): AsyncGenerator<Section, void, void> {
    if (startBytes >= endBytes) return;
    if (body.parts.length === 0) {
      yield { body, startBytes, endBytes };
      return;
    }
    let offset = 0;
    for (let at = 0; at + 3 < body.parts.length && offset < endBytes; at += 4) {
      const [, sequence = 0, mutation = 0, sizeBytes = 0] = body.parts.slice(at, at + 4);
      const start = Math.max(startBytes - offset, 0);
      const end = Math.min(endBytes - offset, sizeBytes);
      offset += sizeBytes;
      if (start >= end) continue;
      const stored = await this.commits.read(sequence, from);
      const { part, partNumber } = putPartAt(stored, sequence, mutation);
      if (part.sizeBytes !== sizeBytes) throw corrupt(sequence);
      if ((part.isSealed === true) !== (body.key !== undefined)) throw corrupt(sequence);
      const key = body.key === undefined ? undefined : partKey(body.key, part.salt, partNumber);
      yield { body: bodyOf(part, sequence, stored, key), startBytes: start, endBytes: end };
    }
    if (offset < endBytes) throw corrupt(body.sequence);
  }

  async #read(piece: Piece, body: StoredBody, from: RecordSource): Promise<Uint8Array> {
    const { sequence, skipBytes, lengthBytes } = piece;
    const endBytes = skipBytes + lengthBytes;
    if (piece.of === 'inline') {
      const isOwn = sequence === body.sequence;
      const { inlineBody } = isOwn ? body : await this.commits.read(sequence, from);
      if (inlineBody.length < endBytes) throw corrupt(sequence);
      return inlineBody.slice(skipBytes, endBytes); // what it is a part of is shared
    }
    const { kind, payload } = await from.read(sequence);
    const isWhole = piece.endsRun || payload.length === limits.dataRecordBytesMax;
    if (kind !== 'data' || !isWhole || payload.length < endBytes) throw corrupt(sequence);
    return payload.subarray(skipBytes, endBytes);
  }
}

/** Of a body without parts: the bytes as they lie. */
function runsWithin(body: StoredBody, startBytes: number, endBytes: number): readonly number[] {
  if (!isInline(body)) return sliceRuns(body.runs, startBytes, endBytes);
  const storedBytes = body.key === undefined ? body.sizeBytes : sealedBytes(body.sizeBytes);
  if (body.inlineBody.length !== storedBytes) throw corrupt(body.sequence);
  return [body.sequence, 0, startBytes, endBytes - startBytes];
}

function corrupt(sequence: number): LogStoreError {
  return new LogStoreError('RECORD_CORRUPT', `record ${sequence} is not as its object says`);
}
