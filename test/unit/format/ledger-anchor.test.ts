import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  decodeAnchor,
  encodeAnchor,
  type LedgerAnchor,
} from '../../../src/format/ledger-anchor.js';
import { nodeSha256 } from '../ledger/golden.js';

const it = suite('anchors of pruned ledgers');
const root = nodeSha256(new Uint8Array(1));

const anchor: LedgerAnchor = {
  ...{ origin: 'store.example/ledger', height: 41, root },
  entries: [
    [900, 1],
    [901, 4711],
  ],
};
const text = `ledger-anchor/v1
origin store.example/ledger
height 41
root bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=
entries 900 1
entries 901 4711
`;

it('are written as SPEC.md has it, and read back', () => {
  const encoded = encodeAnchor(nodeSha256, anchor);
  const sum = Buffer.from(nodeSha256(new TextEncoder().encode(text))).toString('base64');
  assert.is(encoded, `${text}sum ${sum}\n`);
  assert.equal(decodeAnchor(nodeSha256, encoded), anchor);
  const empty = { ...anchor, height: 0, entries: [] };
  assert.equal(decodeAnchor(nodeSha256, encodeAnchor(nodeSha256, empty)), empty);
});

it('are none where a bit differs, a line is gone, or anything follows', () => {
  const encoded = Buffer.from(encodeAnchor(nodeSha256, anchor));
  for (let bit = 0; bit < 8 * encoded.length; bit++) {
    const flipped = Buffer.from(encoded);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.is(decodeAnchor(nodeSha256, flipped.toString('utf8')), undefined, `bit ${bit}`);
  }
  const whole = encoded.toString();
  assert.is(decodeAnchor(nodeSha256, whole.replace('entries 901 4711\n', '')), undefined);
  for (const other of ['', whole.slice(0, -1), `${whole}\n`, whole.slice(0, 60)])
    assert.is(decodeAnchor(nodeSha256, other), undefined);
});

it.run();
