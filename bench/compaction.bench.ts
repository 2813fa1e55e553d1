import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeHost } from '../src/host/node-host.js';
import { encodeSegment } from '../src/log/encode-segment.js';
import { readManifest } from '../src/log/manifest.js';
import { ParityCoder } from '../src/log/parity-coder.js';
import { openStoreOn } from '../src/store/store.js';
import type { Bench } from './figure.js';
import { alternate, compared } from './rounds.js';
import { inWorkingDirectory } from './working-directory.js';

const mib = 1024 ** 2;
const segmentBytes = 64 * mib;
const pieceBytes = 4 * mib;
/** 256 MiB, every second object of which is removed again: no segment is without live bytes. */
const objectCount = 1024;
const sizeBytes = (objectCount / 4) * mib;

/** What it costs to give back the space of dead bytes, beside moving the same bytes. */
export const compaction: Bench = {
  name: 'compaction',
  asks: 'compacting segments half of which is dead, against reading all and writing half of it',
  run: () => inWorkingDirectory(measure),
};

async function measure(path: string) {
  const rates = await alternate({
    compact: () => inOwn(path, async (own) => rateOf([await compact(own)])),
    copy: () => inOwn(path, async (own) => rateOf([await copy(own, sizeBytes, 2)])),
    compactAndEncode: () =>
      inOwn(path, async (own) => rateOf([await compact(own), await encode(own)])),
    copyTwice: () =>
      inOwn(path, async (own) =>
        rateOf([await copy(own, sizeBytes, 2), await copy(own, sizeBytes / 2, 8)]),
      ),
  });
  const common = { unit: 'MiB/s read and written', target: 'ratio >= 0.5' };
  return [
    {
      ...{ bench: 'compaction', ...common, ...compared(rates('compact'), rates('copy')) },
      note: 'reading the same, writing half of it, synced',
    },
    {
      ...{ bench: 'compaction/encode', ...common },
      ...compared(rates('compactAndEncode'), rates('copyTwice')),
      note: 'the same with parity of what is written; reading that as well, writing an eighth of it',
    },
  ];
}

interface Moved {
  readonly bytes: number;
  readonly ms: number;
}

function rateOf(steps: readonly Moved[]): number {
  const bytes = steps.reduce((sum, step) => sum + step.bytes, 0);
  return bytes / mib / (steps.reduce((sum, step) => sum + step.ms, 0) / 1000);
}

async function inOwn(path: string, action: (path: string) => Promise<number>): Promise<number> {
  const own = await mkdtemp(join(path, 'round-'));
  try {
    return await action(own);
  } finally {
    await rm(own, { recursive: true });
  }
}

async function compact(path: string): Promise<Moved> {
  await using store = await openStoreOn(nodeHost(path), { segmentBytes });
  await store.createBucket('bench');
  const body = randomBytes(256 * 1024);
  for (let index = 0; index < objectCount; index++) await store.put('bench', `k${index}`, body);
  for (let index = 0; index < objectCount; index += 2) await store.delete('bench', `k${index}`);
  const startMs = performance.now();
  const report = await store.compact({ all: true });
  const ms = performance.now() - startMs;
  if (report.freedBytes < 0.4 * report.sizeBytes)
    throw new Error(`only ${report.freedBytes} bytes were freed`);
  return { bytes: report.sizeBytes + report.liveBytes, ms };
}

/** Of all that has ended. */
async function encode(path: string): Promise<Moved> {
  const { disk } = nodeHost(path);
  const state = await readManifest(disk);
  if (state === undefined) throw new Error('there is a store');
  await using coder = new ParityCoder('thread');
  const unpaced = () => Promise.resolve();
  let bytes = 0;
  const startMs = performance.now();
  for (const named of state.files) {
    if (named.position === undefined) continue;
    await coder.use((by) => encodeSegment(disk, state.storeId, named, by, unpaced));
    bytes += named.position.offset * (1 + 1 / 8);
  }
  return { bytes, ms: performance.now() - startMs };
}

/** Reads `readBytes` and writes one piece of each `every`, synced. */
async function copy(path: string, readBytes: number, every: number): Promise<Moved> {
  const piece = randomBytes(pieceBytes);
  await using from = await open(join(path, 'from'), 'w+');
  for (let at = 0; at < readBytes; at += pieceBytes) await from.write(piece, 0, pieceBytes, at);
  await from.sync();
  await using to = await open(join(path, 'to'), 'w');
  const startMs = performance.now();
  let written = 0;
  for (let at = 0; at < readBytes; at += pieceBytes) {
    await from.read(piece, 0, pieceBytes, at);
    if ((at / pieceBytes) % every !== 0) continue;
    await to.write(piece, 0, pieceBytes, written);
    written += pieceBytes;
  }
  await to.sync();
  return { bytes: readBytes + written, ms: performance.now() - startMs };
}
