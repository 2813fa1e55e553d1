import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  decodeHighWater,
  encodeSlot,
  type HighWater,
  maySign,
  slotBytes,
} from '../../../src/ledger/high-water.js';
import { nodeSha256 } from './golden.js';

const it = suite('high-water mark');
const origin = nodeSha256(Uint8Array.of(1));

function mark(number: number, size: number): HighWater {
  return { number, size, root: nodeSha256(Uint8Array.of(size)), originHash: origin };
}

it('counts the newer of its two slots, and the older one if that is torn', () => {
  const slots = [encodeSlot(mark(4, 40)), encodeSlot(mark(5, 50))];
  assert.equal(decodeHighWater(slots), mark(5, 50));
  assert.equal(decodeHighWater(slots.toReversed()), mark(5, 50));
  const torn = slots[1]?.slice(0, 64) ?? new Uint8Array();
  const rest = new Uint8Array(slotBytes - torn.length);
  assert.equal(
    decodeHighWater([encodeSlot(mark(4, 40)), Uint8Array.of(...torn, ...rest)]),
    mark(4, 40),
  );
  assert.is(decodeHighWater([new Uint8Array(slotBytes), new Uint8Array(0)]), undefined);
});

it('refuses every flipped bit of a slot', () => {
  const slot = encodeSlot(mark(7, 70));
  assert.is(slot.length, slotBytes);
  for (let bit = 0; bit < 8 * slot.length; bit++) {
    const flipped = slot.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    assert.is(decodeHighWater([flipped]), undefined, `bit ${bit}`);
  }
});

it('faults 91: lets nothing be signed that contradicts what was signed before', () => {
  const high = mark(5, 50);
  const may = (size: number, root = nodeSha256(Uint8Array.of(size)), of = origin) =>
    maySign(high, of, { size, root }).maySign;
  assert.ok(may(51));
  assert.ok(may(50)); // the same again
  assert.not(may(50, nodeSha256()));
  assert.not(may(49)); // a backup that was restored
  assert.not(may(51, nodeSha256(), nodeSha256()));
});

it('lets only the first block come without a mark', () => {
  const root = nodeSha256();
  assert.ok(maySign(undefined, origin, { size: 1, root }).maySign);
  const refused = maySign(undefined, origin, { size: 2, root });
  assert.match(refused.maySign ? '' : refused.because, /mark is gone/);
});

it.run();
