import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { segmentPath } from '../src/format/file-names.js';
import { nodeHost } from '../src/host/node-host.js';
import { encodeSegment } from '../src/log/encode-segment.js';
import { readManifest } from '../src/log/manifest.js';
import { ParityCoder } from '../src/log/parity-coder.js';
import { openStoreOn } from '../src/store/store.js';
import type { Bench } from './figure.js';
import { alternate, compared } from './rounds.js';
import { inWorkingDirectory } from './working-directory.js';

const MiB = 1024 ** 2;
const stepBytes = 4 * MiB;

/** What protecting a segment takes: it is read twice, verified, encoded, and an eighth written. */
export const parity: Bench = {
  name: 'parity',
  asks: 'parity of a segment of 128 MiB, made on a thread, against reading and writing its bytes',
  run: () => inWorkingDirectory(measure),
};

async function measure(path: string) {
  const host = nodeHost(path);
  {
    await using store = await openStoreOn(host);
    await store.createBucket('bench');
    for (let index = 0; index < 140; index++)
      await store.put('bench', `k${index}`, randomBytes(MiB));
  }
  const state = await readManifest(host.disk);
  const named = state?.files[0];
  if (state === undefined || named?.position === undefined) throw new Error('none has ended');
  const sizeBytes = named.position.offset;
  await using coder = new ParityCoder('thread');
  const unpaced = () => Promise.resolve();
  const rates = await alternate({
    parity: () =>
      rate(sizeBytes, () =>
        coder.use((by) => encodeSegment(host.disk, state.storeId, named, by, unpaced)),
      ),
    copy: () => rate(sizeBytes, () => copy(path, segmentPath(named.fileId))),
  });
  const figure = compared(rates('parity'), rates('copy'));
  return [{ bench: 'parity', unit: 'MB/s of data', ...figure, note: 'reading and writing them' }];
}

async function rate(sizeBytes: number, work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return sizeBytes / 1e3 / (performance.now() - startMs);
}

async function copy(path: string, name: string): Promise<void> {
  const from = await open(join(path, name), 'r');
  const to = await open(join(path, 'copy'), 'w');
  const bytes = new Uint8Array(stepBytes);
  for (;;) {
    const { bytesRead } = await from.read(bytes, 0, stepBytes);
    if (bytesRead === 0) break;
    await to.write(bytes, 0, bytesRead);
  }
  await to.datasync();
  await from.close();
  await to.close();
}
