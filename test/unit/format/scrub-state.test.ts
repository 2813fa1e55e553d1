import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  decodeScrubState,
  encodeScrubState,
  type ScrubState,
} from '../../../src/format/scrub-state.js';

const it = suite('format: state of the scrub');
const state: ScrubState = {
  ...{
    storeId: new Uint8Array(16).fill(3),
    passCount: 2 ** 40,
    passBeganUnixMs: 1_767_225_600_000,
  },
  ...{ sequenceNext: 70_000, passEndedUnixMs: 0, healedCount: 7 },
};

it('what was written is read back', () => {
  assert.equal(decodeScrubState(encodeScrubState(state)), state);
});

it('a flipped bit in any byte, and a cut, leave nothing', () => {
  const bytes = encodeScrubState(state);
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Uint8Array.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
    assert.is(decodeScrubState(flipped), undefined, `byte ${at}`);
    assert.is(decodeScrubState(bytes.subarray(0, at)), undefined, `${at} bytes`);
  }
});

it.run();
