import * as fs from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { crc32 } from 'node:zlib';
import { openStore } from '../src/index.js';
import type { Bench, Figure } from './figure.js';
import { fillStore } from './filled-store.js';
import { durationMs } from './in-flight.js';
import { alternate, compared } from './rounds.js';
import { inWorkingDirectory } from './working-directory.js';

const MiB = 1024 ** 2;
const logBytes = 256 * MiB;
const readBytes = MiB;

/** How fast a store comes back after kill -9, when nothing but its log is there. */
export const replay: Bench = {
  name: 'replay',
  asks: 'opening after kill -9, MiB of log a second, all of it in the segment that was written',
  async run() {
    const large = await inWorkingDirectory((dir) => measure(dir, 16 * 1024, 'ratio >= 0.5'));
    const small = await inWorkingDirectory((dir) => measure(dir, 1024, 'ratio >= 0.25'));
    return [large, small];
  },
};

async function measure(parent: string, objectBytes: number, target: string): Promise<Figure> {
  const left = join(parent, 'left');
  const objects = Math.floor(logBytes / objectBytes);
  // One segment: those that have ended open from their footers, at no cost by the byte.
  const segmentBytes = 4 * logBytes;
  await fillStore(left, { objects, objectBytes, segmentBytes, end: 'killed' });
  const segment = join(left, 'log', '0000000000000001.seg');
  const sizeMib = fs.statSync(segment).size / MiB;
  const copy = join(parent, 'copy');

  const rates = await alternate({
    async open() {
      fs.rmSync(copy, { recursive: true, force: true });
      fs.cpSync(left, copy, { recursive: true }); // opening ends the segment: once each
      const startedMs = performance.now();
      const store = await openStore({ dir: copy, create: false });
      const tookMs = performance.now() - startedMs;
      if (store.stats().objects !== objects) throw new Error('objects are missing');
      await store.close();
      return (sizeMib * 1000) / tookMs;
    },
    async read() {
      const tookMs = await durationMs(async () => checksumOf(segment));
      return (sizeMib * 1000) / tookMs;
    },
  });
  return {
    ...{ bench: `replay/${objectBytes / 1024}k`, unit: 'MiB/s', target },
    ...compared(rates('open'), rates('read')),
    note: `${objects} objects; reading and checksumming the same file, from the page cache`,
  };
}

function checksumOf(path: string): number {
  const descriptor = fs.openSync(path, 'r');
  const piece = Buffer.allocUnsafe(readBytes);
  let sum = 0;
  for (let got = 1; got > 0; ) {
    got = fs.readSync(descriptor, piece);
    sum = crc32(piece.subarray(0, got), sum);
  }
  fs.closeSync(descriptor);
  return sum;
}
