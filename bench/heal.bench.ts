import { randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeHost } from '../src/host/node-host.js';
import { openStoreOn } from '../src/store/store.js';
import type { Store } from '../src/store/types.js';
import type { Bench } from './figure.js';
import { alternate, compared } from './rounds.js';
import { inWorkingDirectory } from './working-directory.js';

const bodyBytes = 256 * 1024;
const objectCount = 640; // more than one segment of 128 MiB
const getsPerRound = 20;
const [damaged, whole] = ['k160', 'k161'];

/** What a GET pays that meets rot: its block is rebuilt from 16 others before it is answered. */
export const heal: Bench = {
  name: 'heal',
  asks: 'a GET that rebuilds one bad block of 64 KiB, against one of the same size that need not',
  run: () => inWorkingDirectory(measure),
};

async function measure(path: string) {
  const host = nodeHost(path);
  const bodies = new Map<string, Buffer>();
  {
    await using store = await openStoreOn(host, { parity: 'thread' });
    await store.createBucket('bench');
    for (let index = 0; index < objectCount; index++) {
      const body = randomBytes(bodyBytes);
      await store.put('bench', `k${index}`, body);
      if (index === 160) bodies.set(damaged, body);
    }
    await store.scrub();
  }
  const body = bodies.get(damaged) ?? Buffer.of();
  await spoil(join(path, 'log', '0000000000000001.seg'), body);
  // One that only reads repairs nothing: each GET meets the damage again.
  await using store = await openStoreOn(host, { mode: 'read', cacheBytes: 0 });
  const { status } = await store.health({ check: true });
  const got = Buffer.from(await store.getBytes('bench', damaged));
  if (status !== 'recoverable' || !got.equals(body)) throw new Error('nothing was rebuilt');
  const times = await alternate({
    damaged: () => getMs(store, damaged),
    whole: () => getMs(store, whole),
  });
  const figure = compared(times('damaged'), times('whole'));
  const added = figure.value - (figure.baseline ?? 0);
  return [
    {
      ...{ bench: 'heal', unit: 'ms for 256 KiB', ...figure },
      ...{ target: 'adds < 10 ms', note: `a whole one; it adds ${added.toFixed(2)} ms` },
    },
  ];
}

async function getMs(store: Store, key: string): Promise<number> {
  const startMs = performance.now();
  for (let count = 0; count < getsPerRound; count++) await store.getBytes('bench', key);
  return (performance.now() - startMs) / getsPerRound;
}

/** One byte of the body, in place. */
async function spoil(path: string, body: Buffer): Promise<void> {
  const offset = (await readFile(path)).indexOf(body.subarray(0, 64)) + 1000;
  const file = await open(path, 'r+');
  await file.write(Uint8Array.of((body[1000] ?? 0) ^ 0xff), 0, 1, offset);
  await file.sync();
  await file.close();
}
