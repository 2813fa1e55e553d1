/**
 * A store with many writers, which says on its output what it began and what was acknowledged,
 * until it is killed: `node kill-9-child.js DIR SEED`.
 */
import { writeSync } from 'node:fs';
import { errnoOf } from '../../src/base/errors.js';
import { openStore } from '../../src/open-store.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { BusyWriter } from './busy-writer.js';
import type { Entry } from './journal-of-writes.js';
import { bucket, sizesBytes, storeOptions, writerCount } from './kill-9-store.js';

const [dir = '', seed = '1'] = process.argv.slice(2);

// At once, not through a stream: what is acknowledged here must be known there after the kill.
function say(entry: Entry | { is: 'open' }): void {
  let line = Buffer.from(`${JSON.stringify(entry)}\n`);
  while (line.length > 0) line = line.subarray(written(line));
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/** How much of it was written: nothing where the pipe is full and does not block. */
function written(line: Uint8Array): number {
  try {
    return writeSync(1, line);
  } catch (error) {
    if (errnoOf(error) !== 'EAGAIN') throw error;
    Atomics.wait(pause, 0, 0, 1);
    return 0;
  }
}

const store = await openStore({ dir, ...storeOptions });
say({ is: 'open' });
const writers = Array.from({ length: writerCount }, (_, number) => {
  const random = new SeededRandom(Number(seed) * 1_000 + number);
  const options = { bucket, random, note: say, run: `r${seed}`, sizesBytes };
  return new BusyWriter(store, number, options);
});
await Promise.all(writers.map((writer) => writer.work(Number.POSITIVE_INFINITY)));
