import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../src/base/errors.js';
import { type Code, range } from '../../../src/erasure/code.js';
import type { Codec } from '../../../src/erasure/codec.js';
import { openCodec } from '../../../src/erasure/open-codec.js';
import { newStripes, type Stripe } from '../../../src/erasure/stripe.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { packageWasm } from './package-wasm.js';

const it = suite('codec');
const oracle = openCodec('package', packageWasm());
const ours = [openCodec('simd'), openCodec('plain')];

const codes = [
  ...[code(1, 3), code(2, 1), code(4, 2), code(6, 3)],
  ...[code(10, 4), code(16, 2), code(17, 3), code(30, 3)],
];

function code(dataCount: number, parityCount: number): Code {
  return { dataCount, parityCount };
}

function stripeOf(of: Code, rowBytes: number): Stripe {
  const [stripe] = newStripes({ code: of, rowBytes, stripeCount: 1 });
  if (stripe === undefined) throw new Error('one stripe was asked for');
  return stripe;
}

/** Random data, and parity that the package computed. */
function encodedStripe(of: Code, rowBytes: number, random: SeededRandom): Stripe {
  const stripe = stripeOf(of, rowBytes);
  for (const row of stripe.rows.slice(0, of.dataCount)) row.set(random.bytes(rowBytes));
  oracle.encode(stripe);
  return stripe;
}

function name({ dataCount, parityCount }: Code): string {
  return `RS(${dataCount},${parityCount})`;
}

function assertRows(stripe: Stripe, expected: readonly Uint8Array[], message: string): void {
  for (const [index, row] of stripe.rows.entries())
    assert.is(
      Buffer.compare(row, expected[index] ?? row.subarray(1)),
      0,
      `${message}, row ${index}`,
    );
}

/** Loses the rows, rebuilds them, and compares all. */
function assertRebuilt(codec: Codec, stripe: Stripe, lost: readonly number[]): void {
  const expected = stripe.rows.map((row) => row.slice());
  for (const row of lost) stripe.rows[row]?.fill(0xee);
  codec.reconstruct(stripe, lost);
  assertRows(stripe, expected, `${codec.kind} ${name(stripe.code)} lost ${lost.join()}`);
}

/** Every choice of `count` of the numbers below `bound`. */
function choices(count: number, bound: number): number[][] {
  if (count === 0) return [[]];
  return range(count - 1, bound).flatMap((last) =>
    choices(count - 1, last).map((rest) => [...rest, last]),
  );
}

for (const of of codes)
  it(`${name(of)}: parity is byte for byte what the package computes`, () => {
    const random = new SeededRandom(of.dataCount);
    for (const rowBytes of [1, 15, 16, 17, 500, 4096, 70_001]) {
      const stripe = encodedStripe(of, rowBytes, random);
      const expected = stripe.rows.map((row) => row.slice());
      for (const codec of ours) {
        for (const row of stripe.rows.slice(of.dataCount)) row.fill(0xee);
        codec.encode(stripe);
        assertRows(stripe, expected, `${codec.kind}, ${rowBytes} bytes`);
      }
    }
  });

for (const of of [code(2, 1), code(4, 2), code(6, 3)])
  it(`${name(of)}: every loss that the code makes good is rebuilt`, () => {
    const stripe = encodedStripe(of, 333, new SeededRandom(7));
    for (let count = 1; count <= of.parityCount; count++)
      for (const lost of choices(count, of.dataCount + of.parityCount))
        for (const codec of ours) assertRebuilt(codec, stripe, lost);
  });

for (const of of [code(16, 2), code(10, 4), code(30, 3)])
  it(`${name(of)}: 1,000 random losses are rebuilt`, () => {
    const random = new SeededRandom(of.dataCount);
    const stripe = encodedStripe(of, 1000, random);
    const shardCount = of.dataCount + of.parityCount;
    for (let round = 0; round < 1000; round++) {
      const lost = new Set<number>();
      const count = random.between(1, of.parityCount);
      while (lost.size < count) lost.add(random.below(shardCount));
      for (const codec of ours) assertRebuilt(codec, stripe, [...lost]);
    }
  });

it('the package rebuilds, too, each time by a fresh instance', () => {
  const random = new SeededRandom(3);
  for (const of of [code(4, 2), code(10, 4)]) {
    const stripe = encodedStripe(of, 4096, random);
    for (let round = 0; round < 20; round++)
      assertRebuilt(oracle, stripe, [random.below(of.dataCount), of.dataCount + 1]);
  }
});

it('codes of 256 shards work, and those with more than four of parity', () => {
  for (const of of [code(250, 6), code(3, 9)]) {
    const stripe = encodedStripe(of, 64, new SeededRandom(5));
    for (const codec of ours) assertRebuilt(codec, stripe, range(1, of.parityCount + 1));
  }
});

it('more losses than parity are refused with RECORD_CORRUPT', () => {
  for (const of of codes)
    for (const codec of [...ours, oracle]) {
      const stripe = stripeOf(of, 64);
      const lost = range(0, of.parityCount + 1);
      try {
        codec.reconstruct(stripe, lost);
        assert.unreachable(`${codec.kind} took ${lost.length} losses`);
      } catch (error) {
        assert.ok(isLogStoreError(error, 'RECORD_CORRUPT'), String(error));
      }
    }
});

it('a length below the rows leaves the rest of them alone', () => {
  const of = code(4, 2);
  for (const codec of ours) {
    const stripe = encodedStripe(of, 4096, new SeededRandom(9));
    const expected = stripe.rows.map((row) => row.slice());
    stripe.rows[2]?.fill(0xee, 0, 512);
    codec.reconstruct(stripe, [2], 512);
    assertRows(stripe, expected, codec.kind);
  }
});

it('nothing missing, and nothing to do, change nothing', () => {
  for (const codec of [...ours, oracle]) {
    const stripe = encodedStripe(code(4, 2), 64, new SeededRandom(11));
    const expected = stripe.rows.map((row) => row.slice());
    codec.reconstruct(stripe, []);
    codec.reconstruct(stripe, [1], 0);
    codec.encode(stripe, 0);
    assertRows(stripe, expected, codec.kind);
  }
});

it.run();
