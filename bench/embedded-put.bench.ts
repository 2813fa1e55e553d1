import { hash, randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { open as openLmdb } from 'lmdb';
import { openStore } from '../src/index.js';
import { BareLog } from './bare-log.js';
import type { Bench } from './figure.js';
import { ratePerSecond } from './in-flight.js';
import { alternate, compared } from './rounds.js';
import { inWorkingDirectory } from './working-directory.js';

const IN_FLIGHT = 256;
const PUTS = 40_000;
const LEVEL_PUTS = 8_000; // it is an order slower

/** How many durable 1 KiB puts a second one process makes, beside what it could at most. */
export const embeddedPut: Bench = {
  name: 'embedded-put',
  asks: 'durable 1 KiB puts a second, 256 in flight, embedded',
  run: () => inWorkingDirectory(measure),
};

async function measure(dir: string) {
  const value = randomFillSync(Buffer.alloc(1024));
  await using store = await openStore({ dir: join(dir, 'store') });
  await store.createBucket('bench');
  const bare = new BareLog(join(dir, 'bare.log'));
  // Without `overlappingSync: false` its puts are acknowledged before they are durable.
  const lmdb = openLmdb<Buffer, string>({
    ...{ path: join(dir, 'lmdb'), encoding: 'binary', overlappingSync: false },
  });
  const level = new ClassicLevel<string, Uint8Array>(join(dir, 'level'), { valueEncoding: 'view' });
  await level.open();
  const sha256 = () => hash('sha256', value, 'buffer');
  const keys = keyNames();

  const rates = await alternate({
    store: () => ratePerSecond(PUTS, IN_FLIGHT, () => store.put('bench', keys.next(), value)),
    bare: () =>
      ratePerSecond(PUTS, IN_FLIGHT, () => {
        sha256();
        return bare.append(value);
      }),
    lmdb: () =>
      ratePerSecond(PUTS, IN_FLIGHT, () => {
        sha256();
        return lmdb.put(keys.next(), value);
      }),
    level: () =>
      ratePerSecond(LEVEL_PUTS, IN_FLIGHT, () => level.put(keys.next(), value, { sync: true })),
  });
  await Promise.all([bare.close(), lmdb.close(), level.close()]);

  const unit = 'puts/s';
  const against = (baseline: 'bare' | 'lmdb' | 'level') => ({
    ...{ bench: `embedded-put/${baseline}`, unit, ...compared(rates('store'), rates(baseline)) },
  });
  return [
    {
      ...against('bare'),
      ...{ target: 'ratio >= 0.65', note: 'bare log: CRC-32, SHA-256, group commit' },
    },
    { ...against('lmdb'), target: 'ratio >= 0.8', note: 'lmdb, synced, plus the same SHA-256' },
    { ...against('level'), target: 'ratio >= 8', note: 'classic-level, synced' },
  ];
}

/** Names never used before: every put is of a new key. */
function keyNames(): { next(): string } {
  let count = 0;
  return { next: () => `objects/${String(count++).padStart(9, '0')}` };
}
