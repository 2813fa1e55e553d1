import { hash } from 'node:crypto';
import { join } from 'node:path';
import { encodeCommit } from '../src/format/commit.js';
import type { Mutation } from '../src/format/mutation.js';
import { noHeaders } from '../src/format/mutation.js';
import { nodeHost } from '../src/host/node-host.js';
import { CommitChunk } from '../src/ledger/commit-feed.js';
import { highWaterFile } from '../src/ledger/ledger-files.js';
import { secretOfText, secretText } from '../src/ledger/ledger-secret.js';
import { openSealer } from '../src/ledger/open-sealer.js';
import type { SealerLink } from '../src/ledger/sealer-link.js';
import type { Bench, Figure } from './figure.js';
import { durationMs } from './in-flight.js';
import { OtherProcess } from './other-process.js';
import { alternate, compared, median } from './rounds.js';
import { type Load, LoadedServer, portOf } from './served-pair.js';
import { inWorkingDirectory } from './working-directory.js';

/** Rounds as long as two blocks take: each side seals in every one. */
const load: Load = { sizeBytes: 4096, keys: 2_048, connections: 64, requests: 30_000 };
const roundCount = 4;
const changeCount = 1000;
const commitsPerChunk = 1000;
const chunkBytes = 512 * 1024;

/** What a ledger costs whoever puts. */
export const sealedPut: Bench = {
  name: 'sealed-put',
  asks: 'signed 4 KiB PUTs a second with a block each 10 s, beside a server without a ledger',
  run: () => measurePuts(),
};

/** What its thread does for a block, and for a start. */
export const sealing: Bench = {
  name: 'sealing',
  asks: 'CPU to seal 1,000 changes, and the time until the first block after a start',
  run: ({ full }) => inWorkingDirectory((dir) => measureBlocks(dir, full ? 1_000_000 : 100_000)),
};

function measurePuts(): Promise<Figure[]> {
  return inWorkingDirectory(async (dir) => {
    await using generator = OtherProcess.start('http-load');
    await using sealed = OtherProcess.start('store-server', [join(dir, 'sealed'), 'on']);
    await using plain = OtherProcess.start('store-server', [join(dir, 'plain'), 'off']);
    await generator.ask('prepare', { sizeBytes: load.sizeBytes, keys: load.keys });
    const ports = { sealed: await portOf(sealed), plain: await portOf(plain) };
    for (const port of Object.values(ports)) await generator.ask('createBucket', { port });
    const sides = {
      sealed: new LoadedServer(sealed, generator, ports.sealed, load),
      plain: new LoadedServer(plain, generator, ports.plain, load),
    };
    const rates = await alternate(
      { sealed: () => sides.sealed.round('put'), plain: () => sides.plain.round('put') },
      roundCount,
    );
    const of = (name: 'cpuMsPerRequest' | 'loopDelayP99Ms', factor: number) => {
      const [values, baselines] = [sides.sealed, sides.plain].map(({ outcomes }) =>
        outcomes.slice(1).map((outcome) => outcome[name] * factor),
      );
      return compared(values ?? [], baselines ?? []);
    };
    const note = 'the same server without a ledger';
    return [
      {
        ...{ bench: 'sealed-put', unit: 'requests/s', target: 'ratio >= 0.95', note },
        ...compared(rates('sealed'), rates('plain')),
      },
      { bench: 'sealed-put/cpu', unit: 'us/request', ...of('cpuMsPerRequest', 1000), note },
      {
        ...{ bench: 'sealed-put/loop-delay-p99', unit: 'ms', target: 'ratio about 1', note },
        ...of('loopDelayP99Ms', 1),
      },
    ];
  });
}

async function measureBlocks(dir: string, objectCount: number): Promise<Figure[]> {
  const note = `${objectCount} objects`;
  const writer = new Commits();
  const sealer = await opened(dir);
  while (writer.count < objectCount) await writer.seal(sealer, commitsPerChunk);
  const cpuMs: number[] = [];
  for (let round = 0; round < 7; round++) {
    const startedAt = process.cpuUsage();
    await writer.seal(sealer, changeCount);
    const { user, system } = process.cpuUsage(startedAt);
    cpuMs.push((user + system) / 1000);
  }
  await sealer[Symbol.asyncDispose]();
  const again: { link?: SealerLink } = {};
  // A block without a change is written when the map is there.
  const openMs = await durationMs(async () => {
    again.link = await opened(dir);
    await again.link.seal(writer.through, true);
  });
  await again.link?.[Symbol.asyncDispose]();
  const none = { baseline: null, ratio: null };
  return [
    {
      ...{ bench: 'sealing/block-of-1000', value: median(cpuMs), unit: 'ms of CPU', ...none },
      ...{ target: '< 100', note: `${note}; all threads, log and signature among it` },
    },
    {
      ...{ bench: 'sealing/open', value: openMs, unit: 'ms', ...none },
      note: `${note}; until the first block is sealed`,
    },
  ];
}

function opened(dir: string): Promise<SealerLink> {
  const host = nodeHost(dir);
  const secret = secretOfText(secretText(new Uint8Array(32).fill(1)));
  return openSealer(host, {
    secrets: [secret],
    highWater: { disk: host.disk, path: highWaterFile },
  });
}

/** Puts of new objects, and of older ones again, as the store's log would have them. */
class Commits {
  count = 0;
  through = { sequence: 1, version: 1 };

  async seal(sealer: SealerLink, count: number): Promise<void> {
    const chunk = new CommitChunk(chunkBytes * Math.ceil(count / commitsPerChunk));
    for (let index = 0; index < count; index++) {
      const version = this.through.version;
      const mutation = version === 1 ? bucket : putOf(version, this.count++);
      const commit = { timeUnixMs: 1_700_000_000_000, version, mutations: [mutation] };
      chunk.add(this.through.sequence, encodeCommit(commit).subarray(4));
      this.through = { sequence: this.through.sequence + 1, version: version + 1 };
    }
    sealer.take(chunk.take());
    const { is, reason } = await sealer.seal(this.through, false);
    if (is !== 'ok') throw new Error(reason);
  }
}

const bucket: Mutation = {
  ...{ is: 'createBucket', bucket: 'photos', owner: null, region: null, flags: 0 },
};

function putOf(version: number, index: number): Mutation {
  const digest = hash('sha256', String(index), 'buffer');
  const day = String(1 + (index % 28)).padStart(2, '0');
  const key = `logs/host-${index % 97}/2024-02-${day}/part-${String(index).padStart(8, '0')}.gz`;
  return {
    ...{ is: 'putObject', bucket: 'photos', key, bucketVersion: 1, ends: [] },
    object: {
      ...{ sizeBytes: 4096, etag: digest.subarray(0, 16), partCount: 0, sha256: digest },
      ...{ partsRoot: null, checksums: [], runs: [version, 1, 0, 4096], parts: [], metadata: [] },
      ...{ headers: ['application/gzip', ...noHeaders.slice(1)], expiresUnixMs: 0 },
      ...{ salt: digest.subarray(16), uploadVersion: 0, flags: 0 },
    },
  };
}
