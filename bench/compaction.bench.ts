import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeHost } from '../src/host/node-host.js';
import { openStoreOn } from '../src/store/store.js';
import type { Bench } from './figure.js';
import { alternate, compared } from './rounds.js';
import { inWorkingDirectory } from './working-directory.js';

const mib = 1024 ** 2;
const segmentBytes = 64 * mib;
const pieceBytes = 4 * mib;
/** 256 MiB, every second object of which is removed again: no segment is without live bytes. */
const objectCount = 1024;

/** What it costs to give back the space of dead bytes, beside moving the same bytes. */
export const compaction: Bench = {
  name: 'compaction',
  asks: 'compacting segments half of which is dead, against reading all and writing half of it',
  run: () => inWorkingDirectory(measure),
};

async function measure(path: string) {
  const rates = await alternate({
    compact: () => inOwn(path, compactRate),
    copy: () => inOwn(path, copyRate),
  });
  return [
    {
      ...{ bench: 'compaction', unit: 'MiB/s read and written' },
      ...compared(rates('compact'), rates('copy')),
      ...{ target: 'ratio >= 0.5', note: 'reading the same, writing half of it, synced' },
    },
  ];
}

async function inOwn(path: string, action: (path: string) => Promise<number>): Promise<number> {
  const own = await mkdtemp(join(path, 'round-'));
  try {
    return await action(own);
  } finally {
    await rm(own, { recursive: true });
  }
}

async function compactRate(path: string): Promise<number> {
  await using store = await openStoreOn(nodeHost(path), { segmentBytes });
  await store.createBucket('bench');
  const body = randomBytes(256 * 1024);
  for (let index = 0; index < objectCount; index++) await store.put('bench', `k${index}`, body);
  for (let index = 0; index < objectCount; index += 2) await store.delete('bench', `k${index}`);
  const startMs = performance.now();
  const { sizeBytes, liveBytes, freedBytes } = await store.compact({ all: true });
  const seconds = (performance.now() - startMs) / 1000;
  if (freedBytes < 0.4 * sizeBytes) throw new Error(`only ${freedBytes} bytes were freed`);
  return (sizeBytes + liveBytes) / mib / seconds;
}

async function copyRate(path: string): Promise<number> {
  const sizeBytes = (objectCount / 4) * mib;
  const piece = randomBytes(pieceBytes);
  await using from = await open(join(path, 'from'), 'w+');
  for (let at = 0; at < sizeBytes; at += pieceBytes) await from.write(piece, 0, pieceBytes, at);
  await from.sync();
  await using to = await open(join(path, 'to'), 'w');
  const startMs = performance.now();
  let written = 0;
  for (let at = 0; at < sizeBytes; at += pieceBytes) {
    await from.read(piece, 0, pieceBytes, at);
    if ((at / pieceBytes) % 2 === 0) continue;
    await to.write(piece, 0, pieceBytes, written);
    written += pieceBytes;
  }
  await to.sync();
  return (sizeBytes + written) / mib / ((performance.now() - startMs) / 1000);
}
