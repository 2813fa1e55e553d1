import { verifyObjectProof } from '../../src/ledger/verify.js';
import { ObjectMap } from '../../src/merkle/object-map.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { bitCount, withBitFlipped, withLinesMoved } from '../unit/ledger/damaged-texts.js';
import { nodeSha256, toHex } from '../unit/ledger/golden.js';
import { changesOf, fate, LargeLog, nameOf } from '../unit/ledger/large-log.js';
import { check, type Demonstration, say } from './demonstration.js';

/** Proofs of which every single bit is flipped; of the others, so many. */
const wholeCountEach = 2;
const flipsEach = 20;
const sayEvery = 250;

interface Tally {
  readonly bytes: number[];
  readonly honestMs: number[];
  accepted: number;
  flipped: number;
  /** Flips after which the bytes are no text at all. */
  noText: number;
  moved: number;
}

/** What an honest proof is worth, and a damaged one. */
export const proofs: Demonstration = {
  name: 'proofs',
  shows:
    'every honest proof holds, and none with a bit flipped or a line dropped, swapped, repeated',
  full: 'npm run show -- proofs [OBJECTS] [PROOFS OF EACH KIND]',
  async run([objects = '100000', samples = '1000']) {
    const objectCount = Number(objects);
    const sampleCount = Number(samples);
    const log = new LargeLog(objectCount);
    say(`${objectCount} objects, ${log.map.count} versions in the map`);
    const random = new SeededRandom(1);
    const index = () => random.below(objectCount / 10) * 10;
    const kinds: Readonly<Record<string, () => string | undefined>> = {
      'stored objects': () => log.proofOfObject(index() + fate.stored),
      'deleted keys': () => log.proofOfAbsence(nameOf(index() + fate.deleted)),
      'keys never stored': () => log.proofOfAbsence(`${nameOf(index())}${random.word()}`),
    };
    for (const [kind, prove] of Object.entries(kinds)) {
      tell(kind, tallyOf(kind, log.vkey, prove, sampleCount, random));
    }
    sameRoot(objectCount, toHex(log.map.root()), random);
  },
};

function tallyOf(
  kind: string,
  vkey: string,
  prove: () => string | undefined,
  sampleCount: number,
  random: SeededRandom,
): Tally {
  const tally: Tally = { bytes: [], honestMs: [], accepted: 0, flipped: 0, noText: 0, moved: 0 };
  const holds = (text: string) => verifyObjectProof(text, { keys: [vkey] }).isProven;
  for (let sample = 0; sample < sampleCount; sample++) {
    const text = prove();
    const startedMs = performance.now();
    if (text === undefined || !holds(text)) throw new Error(`not kept: honest proof\n${text}`);
    tally.honestMs.push(performance.now() - startedMs);
    tally.bytes.push(Buffer.byteLength(text));
    for (const moved of withLinesMoved(text)) {
      tally.moved++;
      if (holds(moved)) tally.accepted++;
    }
    for (const bit of bitsOf(text, sample < wholeCountEach, random)) {
      const flipped = withBitFlipped(text, bit);
      if (flipped === undefined) tally.noText++;
      else if (holds(flipped)) tally.accepted++;
      tally.flipped++;
    }
    if ((sample + 1) % sayEvery === 0) say(`${kind}: ${sample + 1} of ${sampleCount}`);
  }
  return tally;
}

function* bitsOf(text: string, isWhole: boolean, random: SeededRandom): Generator<number> {
  const count = bitCount(text);
  if (isWhole) for (let bit = 0; bit < count; bit++) yield bit;
  else for (let flip = 0; flip < flipsEach; flip++) yield random.below(count);
}

function tell(kind: string, tally: Tally): void {
  const [bytes, most] = [median(tally.bytes), Math.max(...tally.bytes)];
  const honestMs = median(tally.honestMs).toFixed(1);
  check(true, `${tally.bytes.length} honest proofs of ${kind} hold, ${honestMs} ms each`);
  say(`they have ${bytes} bytes in the median, ${most} at most`);
  check(bytes < 4096, 'that is less than 4 KB');
  const { flipped, noText, moved, accepted } = tally;
  say(`${flipped} flipped bits (${noText} of them no text any more), ${moved} moved lines`);
  check(accepted === 0, `${accepted} of these are accepted`);
}

/** The root is of the set: not of the order in which it came about, nor of what went meanwhile. */
function sameRoot(objectCount: number, root: string, random: SeededRandom): void {
  const live = new Map<string, readonly [Uint8Array, Uint8Array]>();
  for (const [key, recordHash] of changesOf(objectCount)) {
    if (recordHash === undefined) live.delete(toHex(key));
    else live.set(toHex(key), [key, recordHash]);
  }
  const ranked = [...live].map(([hex, leaf]) => ({ hex, leaf, rank: random.word() }));
  const byName = ranked.toSorted((a, b) => (a.hex < b.hex ? -1 : 1));
  const orders = {
    ascending: byName,
    descending: byName.toReversed(),
    random: ranked.toSorted((a, b) => a.rank - b.rank),
  };
  for (const [name, leaves] of Object.entries(orders)) {
    const map = new ObjectMap(nodeSha256);
    for (const { leaf } of leaves) map.set(...leaf);
    for (const _ of map.rehash());
    check(toHex(map.root()) === root, `${leaves.length} leaves in ${name} order have that root`);
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
