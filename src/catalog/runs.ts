import { LogStoreError } from '../base/errors.js';
import { limits } from '../base/limits.js';

/**
 * Runs of data records (SPEC.md §4): flat fours of number, count, skip and length. All records of
 * a run but its last hold `dataRecordBytesMax` bytes, so a byte's record follows from its offset.
 */

const recordBytes = limits.dataRecordBytesMax;

/** Some bytes of one record: of a data record's payload, or of a commit's inline body. */
export interface Piece {
  readonly sequence: number;
  readonly of: 'data' | 'inline';
  readonly skipBytes: number;
  readonly lengthBytes: number;
  /** All records but a run's last are full. */
  readonly endsRun: boolean;
}

/** Data records of one body, as they are appended, made into runs. */
export class RunBuilder {
  readonly #runs: number[] = [];

  get runs(): readonly number[] {
    return this.#runs;
  }

  add(sequence: number, lengthBytes: number): void {
    const last = this.#runs.length - 4;
    const number = this.#runs[last] ?? 0;
    const count = this.#runs[last + 1] ?? 0;
    if (last >= 0 && number + count === sequence) {
      this.#runs[last + 1] = count + 1;
      this.#runs[last + 3] = (this.#runs[last + 3] ?? 0) + lengthBytes;
    } else {
      this.#runs.push(sequence, 1, 0, lengthBytes);
    }
  }
}

/** The pieces that hold the bytes `[startBytes, endBytes)` of a body, in order. */
export function* piecesOf(
  runs: readonly number[],
  startBytes: number,
  endBytes: number,
): Generator<Piece, void, void> {
  for (const [number, count, skip, length] of runsWithin(runs, startBytes, endBytes)) {
    if (count === 0) {
      const common = { skipBytes: skip, lengthBytes: length, endsRun: true };
      yield { sequence: number, of: 'inline', ...common };
      continue;
    }
    let left = length;
    for (let index = 0; index < count; index++) {
      const skipBytes = index === 0 ? skip : 0;
      const endsRun = index === count - 1;
      const lengthBytes = endsRun ? left : recordBytes - skipBytes;
      yield { sequence: number + index, of: 'data', skipBytes, lengthBytes, endsRun };
      left -= lengthBytes;
    }
  }
}

/** Runs that hold the bytes `[startBytes, endBytes)` of what `runs` hold. */
export function sliceRuns(
  runs: readonly number[],
  startBytes: number,
  endBytes: number,
): readonly number[] {
  return [...runsWithin(runs, startBytes, endBytes)].flat();
}

export function lengthOfRuns(runs: readonly number[]): number {
  let lengthBytes = 0;
  for (let at = 3; at < runs.length; at += 4) lengthBytes += runs[at] ?? 0;
  return lengthBytes;
}

type Run = readonly [number: number, count: number, skip: number, length: number];

function* runsWithin(
  runs: readonly number[],
  startBytes: number,
  endBytes: number,
): Generator<Run, void, void> {
  let offset = 0;
  for (let at = 0; at + 3 < runs.length && offset < endBytes; at += 4) {
    const [number = 0, count = 0, skip = 0, length = 0] = runs.slice(at, at + 4);
    const from = Math.max(startBytes - offset, 0);
    const to = Math.min(endBytes - offset, length);
    offset += length;
    if (from >= to) continue;
    if (count === 0) {
      yield [number, 0, skip + from, to - from];
      continue;
    }
    const first = Math.floor((skip + from) / recordBytes);
    const last = Math.ceil((skip + to) / recordBytes);
    if (last > count) throw corruptRuns();
    yield [number + first, last - first, skip + from - first * recordBytes, to - from];
  }
  if (offset < endBytes) throw corruptRuns();
}

function corruptRuns(): LogStoreError {
  return new LogStoreError('RECORD_CORRUPT', 'the runs of a commit do not hold its body');
}
