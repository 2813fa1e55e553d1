import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../src/base/errors.js';
import { limits } from '../../../src/base/limits.js';
import { lengthOfRuns, piecesOf, RunBuilder, sliceRuns } from '../../../src/catalog/runs.js';

const it = suite('runs');
const full = limits.dataRecordBytesMax;

it('joins consecutive records of one body into one run', () => {
  const builder = new RunBuilder();
  for (const [sequence, lengthBytes] of [
    [10, full],
    [11, full],
    [15, full],
    [16, 7],
  ] as const) {
    builder.add(sequence, lengthBytes);
  }
  assert.equal(builder.runs, [10, 2, 0, 2 * full, 15, 2, 0, full + 7]);
  assert.is(lengthOfRuns(builder.runs), 3 * full + 7);
});

/** The body's byte at each offset, as the record and offset that hold it. */
function placesOf(runs: readonly number[], start: number, end: number): string[] {
  const places: string[] = [];
  for (const { sequence, skipBytes, lengthBytes, of } of piecesOf(runs, start, end)) {
    places.push(`${of} ${sequence}: ${skipBytes}+${lengthBytes}`);
  }
  return places;
}

it('finds the records of any range', () => {
  const runs = [10, 2, 0, 2 * full, 20, 2, 0, full + 7, 30, 0, 5, 10];
  const end = lengthOfRuns(runs);
  assert.equal(placesOf(runs, 0, end), [
    `data 10: 0+${full}`,
    `data 11: 0+${full}`,
    `data 20: 0+${full}`,
    'data 21: 0+7',
    'inline 30: 5+10',
  ]);
  assert.equal(placesOf(runs, full - 1, full + 1), [`data 10: ${full - 1}+1`, 'data 11: 0+1']);
  assert.equal(placesOf(runs, end - 3, end), ['inline 30: 12+3']);
  assert.equal(placesOf(runs, 3 * full + 2, 3 * full + 4), ['data 21: 2+2']);
  assert.equal(placesOf(runs, 5, 5), []);
});

it('slices of slices are where the bytes are', () => {
  const runs = [10, 3, 0, 2 * full + 100, 40, 0, 0, 50];
  const slice = sliceRuns(runs, full + 10, 2 * full + 120);
  assert.equal(slice, [11, 2, 10, full + 90, 40, 0, 0, 20]);
  assert.equal(sliceRuns(slice, full - 20, full + 100), [11, 2, full - 10, 110, 40, 0, 0, 10]);
});

it('refuses runs that do not hold the body', () => {
  for (const runs of [[], [10, 1, 0, 5], [10, 1, 0, full + 1]]) {
    assert.throws(
      () => sliceRuns(runs, 0, full + 1),
      (error: unknown) => isLogStoreError(error, 'RECORD_CORRUPT'),
    );
  }
});

it.run();
