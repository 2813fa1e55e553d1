import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { open as openLmdb } from 'lmdb';
import { openStore } from '../src/index.js';
import type { Bench } from './figure.js';
import { ratePerSecond } from './in-flight.js';
import { alternate, compared } from './rounds.js';
import { inWorkingDirectory } from './working-directory.js';

const OBJECTS = 10_000; // they fit the record cache
const GETS = 200_000;
const STRIDE = 7_919; // prime: visits all objects in an order that no cache line likes

/** How fast small objects are read again. */
export const embeddedGet: Bench = {
  name: 'embedded-get',
  asks: '1 KiB gets a second, embedded, from the record cache',
  run: () => inWorkingDirectory(measure),
};

async function measure(dir: string) {
  const keys = Array.from({ length: OBJECTS }, (_, i) => `objects/${String(i).padStart(9, '0')}`);
  await using store = await openStore({ dir: join(dir, 'store') });
  await store.createBucket('bench');
  const lmdb = openLmdb<Buffer, string>({ path: join(dir, 'lmdb'), encoding: 'binary' });
  const value = randomFillSync(Buffer.alloc(1024));
  await Promise.all(keys.map((key) => store.put('bench', key, value)));
  await Promise.all(keys.map((key) => lmdb.put(key, value)));
  for (const key of keys) await store.getBytes('bench', key); // into the cache
  const keyOf = (index: number) => keys[(index * STRIDE) % OBJECTS] ?? '';

  const rates = await alternate({
    store: () => ratePerSecond(GETS, 1, (index) => store.getBytes('bench', keyOf(index))),
    lmdb: async () => getsPerSecond((index) => lmdb.getBinary(keyOf(index))),
    inFlight: () => ratePerSecond(GETS, 16, (index) => store.getBytes('bench', keyOf(index))),
  });
  await lmdb.close();

  const target = 'ratio >= 0.5';
  const against = (name: string, values: readonly number[]) => ({
    ...{ bench: `embedded-get/${name}`, unit: 'gets/s', ...compared(values, rates('lmdb')) },
  });
  return [
    {
      ...against('one-by-one', rates('store')),
      target,
      note: 'lmdb getBinary, which awaits nothing',
    },
    { ...against('16-in-flight', rates('inFlight')), target, note: 'the same' },
  ];
}

/** As ratePerSecond, of what answers at once. */
function getsPerSecond(action: (index: number) => unknown): number {
  const startedMs = performance.now();
  for (let index = 0; index < GETS; index++) action(index);
  return (GETS * 1000) / (performance.now() - startedMs);
}
