import { LogStoreError } from '../base/errors.js';
import { limits } from '../base/limits.js';
import { lengthOfRuns, type Piece, piecesOf, sliceRuns } from '../catalog/runs.js';
import type { ObjectRecord, PartRecord } from '../format/mutation.js';
import type { Log, LogPin } from '../log/types.js';
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
}

const noParts: readonly number[] = Object.freeze([]);

export function bodyOf(
  record: ObjectRecord | PartRecord,
  sequence: number,
  { inlineBody }: StoredCommit,
): StoredBody {
  const parts = 'parts' in record ? record.parts : noParts;
  return { sequence, sizeBytes: record.sizeBytes, runs: record.runs, parts, inlineBody };
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
    for await (const runs of this.runsOf(body, startBytes, endBytes, from)) {
      for (const piece of piecesOf(runs, 0, lengthOfRuns(runs))) {
        const next = this.#read(piece, body, from);
        // If nobody comes for it any more, its failure is nobody's; who comes gets it by `await`.
        next.catch(() => {});
        if (ahead !== undefined) yield await ahead;
        ahead = next;
      }
    }
    if (ahead !== undefined) yield await ahead;
  }

  /**
   * Runs that hold those bytes, for each part that has some.
   * @throws LogStoreError `RECORD_CORRUPT`, `IO`
   */
  async *runsOf(
    body: StoredBody,
    startBytes: number,
    endBytes: number,
    from: RecordSource = this.log,
  ): AsyncGenerator<readonly number[], void, void> {
    if (startBytes >= endBytes) return;
    if (body.parts.length === 0) {
      yield runsWithin(body, startBytes, endBytes);
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
      const { part } = putPartAt(stored, sequence, mutation);
      if (part.sizeBytes !== sizeBytes) throw corrupt(sequence);
      yield runsWithin(bodyOf(part, sequence, stored), start, end);
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

/** Of a body without parts. */
function runsWithin(body: StoredBody, startBytes: number, endBytes: number): readonly number[] {
  if (!isInline(body)) return sliceRuns(body.runs, startBytes, endBytes);
  if (body.inlineBody.length !== body.sizeBytes) throw corrupt(body.sequence);
  return [body.sequence, 0, startBytes, endBytes - startBytes];
}

function corrupt(sequence: number): LogStoreError {
  return new LogStoreError('RECORD_CORRUPT', `record ${sequence} is not as its object says`);
}
