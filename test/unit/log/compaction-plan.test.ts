import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type CompactionPolicy,
  planCompaction,
  type SegmentLife,
} from '../../../src/log/compaction-plan.js';

const it = suite('compaction plan');
const policy: CompactionPolicy = {
  ...{
    deadRatioMin: 0.25,
    deadRatioLeft: 0,
    workBytes: Infinity,
    segmentBytes: 1000,
    roomBytes: 10_000,
    youngCount: 0,
    all: false,
  },
};

/** Segments by size and live bytes; file ids count from 1. */
function segments(...sizes: readonly (readonly [sizeBytes: number, liveBytes: number])[]) {
  return sizes.map(([sizeBytes, liveBytes], index): SegmentLife => {
    return { fileId: index + 1, sizeBytes, liveBytes, numberCount: 10 };
  });
}

function planned(lives: readonly SegmentLife[], changes: Partial<CompactionPolicy> = {}) {
  const groups = planCompaction(lives, { ...policy, ...changes });
  return groups.map((group) => group.map(({ fileId }) => fileId));
}

it('rewrites what is dead enough, and leaves the rest', () => {
  assert.equal(planned(segments([1000, 1000], [1000, 740], [1000, 760], [1000, 0])), [[2], [4]]);
  assert.equal(planned(segments()), []);
});

it('with all, rewrites whatever has anything dead', () => {
  assert.equal(planned(segments([1000, 1000], [1000, 999], [1000, 1000]), { all: true }), [[2]]);
});

it('joins neighbours as long as they fit one segment', () => {
  assert.equal(planned(segments([1000, 500], [1000, 400], [1000, 300], [1000, 300])), [
    [1, 2],
    [3, 4],
  ]);
  assert.equal(planned(segments([1000, 300], [1000, 1000], [1000, 300])), [[1], [3]]);
});

it('takes small neighbours along, and joins small ones when there are four', () => {
  assert.equal(planned(segments([100, 100], [1000, 500], [100, 100])), [[1, 2, 3]]);
  assert.equal(planned(segments([100, 100], [100, 100], [100, 100])), []);
  const four = segments([100, 100], [0, 0], [100, 100], [0, 0], [1000, 1000]);
  assert.equal(planned(four), [[1, 2, 3, 4]]);
});

it('an emptied range goes into its neighbour at the next chance', () => {
  assert.equal(planned(segments([1000, 1000], [0, 0], [1000, 1000])), []);
  assert.equal(planned(segments([1000, 1000], [0, 0], [1000, 600])), [[2, 3]]);
});

it('takes the emptiest first, until little enough is dead', () => {
  const lives = segments([1000, 700], [1000, 0], [1000, 600], [1000, 100], [1000, 1000]);
  assert.equal(planned(lives), [
    [1, 2],
    [3, 4],
  ]);
  assert.equal(planned(lives, { deadRatioLeft: 0.25 }), [[2], [4]]);
  assert.equal(planned(lives, { deadRatioLeft: 0.4 }), [[2]]);
  assert.equal(planned(lives, { deadRatioLeft: 0.4, all: true }), [
    [1, 2],
    [3, 4],
  ]);
});

it('does no more than is wanted at once', () => {
  const lives = segments([1000, 700], [1000, 0], [1000, 600], [1000, 100], [1000, 1000]);
  assert.equal(planned(lives, { workBytes: 100 }), [[2], [4]]);
  assert.equal(planned(lives, { workBytes: 1000 }), [[2, 3, 4]]);
});

it('the newest wait until half of them is dead', () => {
  const lives = segments([1000, 700], [1000, 700], [1000, 400]);
  assert.equal(planned(lives, { youngCount: 2 }), [[1], [3]]);
  assert.equal(planned(lives, { youngCount: 2, all: true }), [[1], [2], [3]]);
});

it('plans nothing that there is no room to write', () => {
  const lives = segments([1000, 700], [1000, 100], [1000, 0], [1000, 50]);
  assert.equal(planned(lives, { roomBytes: 120 }), [[2, 3], [4]]);
  assert.equal(planned(lives, { roomBytes: 0 }), [[3]]);
});

it('a segment larger than one is rewritten alone', () => {
  assert.equal(planned(segments([5000, 3000], [1000, 500])), [[1], [2]]);
});

it('keeps the numbers of a segment within the 32 bits of its table', () => {
  const wide = segments([0, 0], [0, 0], [0, 0], [0, 0], [1000, 100]);
  const lives = wide.map((life) => ({ ...life, numberCount: 2 ** 31 - 1 }));
  assert.equal(planned(lives), [[5]]);
});

it.run();
