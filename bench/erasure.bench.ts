import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Codec } from '../src/erasure/codec.js';
import { openCodec } from '../src/erasure/open-codec.js';
import { packageWasmName } from '../src/erasure/package-codec.js';
import { newStripes, type Stripe } from '../src/erasure/stripe.js';
import type { Bench } from './figure.js';
import { alternate, compared } from './rounds.js';

const CODE = { dataCount: 10, parityCount: 4 };
const SOURCE_BYTES = 1024 ** 2;
const STRIPES = 24; // 336 MiB: no cache holds them
const SLOW_STRIPES = 2; // for those an order slower

/** How fast parity is computed, beside what it costs to copy the same data. */
export const erasure: Bench = {
  name: 'erasure',
  asks: 'RS(10,4) encode, 1 MiB sources beyond the cache, against a memcpy of the sources',
  run: measure,
};

async function measure() {
  const stripes = newStripes({ code: CODE, rowBytes: SOURCE_BYTES, stripeCount: STRIPES });
  const sources = stripes.map((stripe) => stripe.rows.slice(0, CODE.dataCount));
  for (const row of sources.flat()) randomFillSync(row);
  const copy = new Uint8Array(STRIPES * CODE.dataCount * SOURCE_BYTES).fill(1);
  const packageWasm = readFileSync(fileURLToPath(import.meta.resolve(packageWasmName)));

  const simd = openCodec('simd');
  const plain = openCodec('plain');
  const theirs = openCodec('package', packageWasm);

  const rates = await alternate({
    simd: async () => encodeRate(simd, stripes),
    plain: async () => encodeRate(plain, stripes.slice(0, SLOW_STRIPES)),
    package: async () => encodeRate(theirs, stripes.slice(0, SLOW_STRIPES)),
    memcpy: async () => copyRate(sources, copy),
  });

  const against = (side: 'simd' | 'plain', baseline: 'memcpy' | 'package') => ({
    ...{ bench: `erasure/${side}-${baseline}`, unit: 'GB/s of data' },
    ...compared(rates(side), rates(baseline)),
  });
  return [
    { ...against('simd', 'memcpy'), target: 'ratio >= 0.45', note: 'memcpy of the sources' },
    { ...against('simd', 'package'), target: 'ratio >= 8', note: 'the package' },
    { ...against('plain', 'package'), note: 'without SIMD, beside the package' },
  ];
}

function encodeRate(codec: Codec, stripes: readonly Stripe[]): number {
  const startMs = performance.now();
  for (const stripe of stripes) codec.encode(stripe);
  return gigabytesPerSecond(stripes.length, startMs);
}

function copyRate(sources: readonly (readonly Uint8Array[])[], into: Uint8Array): number {
  const startMs = performance.now();
  for (const [index, row] of sources.flat().entries()) into.set(row, index * SOURCE_BYTES);
  return gigabytesPerSecond(sources.length, startMs);
}

function gigabytesPerSecond(stripeCount: number, startMs: number): number {
  const bytes = stripeCount * CODE.dataCount * SOURCE_BYTES;
  return bytes / (performance.now() - startMs) / 1e6;
}
