import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { nodeHost } from '../../src/host/node-host.js';
import { replayStore } from '../../src/store/replay.js';
import { openStoreOn } from '../../src/store/store.js';
import { describeStore } from './describe-store.js';
import { goldenHost } from './golden-host.js';
import { goldenKeys, goldenKeysAtFirst } from './golden-keys.js';
import { type Plain, toHex } from './plain-json.js';
import { fillEncrypted, fillWithEverything, patternBytes, streamOf } from './store-content.js';

/** Larger files are kept compressed. */
const plainBytesMax = 4096;
const KiB = 1024;
const MiB = KiB ** 2;

/** Each writes one store into an empty directory and returns where it lies. */
export const goldenStores: Readonly<Record<string, (directory: string) => Promise<string>>> = {
  closed: async (directory) => {
    const host = goldenHost(directory, 'closed');
    await using first = await openStoreOn(host);
    await first.createBucket('before');
    await first.close();
    await using store = await openStoreOn(host);
    await fillWithEverything(store);
    await store.close();
    return directory;
  },

  // Killed twice: recovery took over the tail of the first life, and the second one ended in the
  // middle of writing a batch of three.
  killed: async (directory) => {
    const [first, second, third] = ['1', '2', '3'].map((life) => join(directory, life));
    if (first === undefined || second === undefined || third === undefined) throw new Error();
    {
      await using store = await openStoreOn(goldenHost(first, 'killed 1'), { boundaryBytes: 4096 });
      await fillWithEverything(store);
      cpSync(first, second, { recursive: true });
    }
    {
      await using store = await openStoreOn(goldenHost(second, 'killed 2'));
      await store.put('photos', 'second life', patternBytes(1000, 11));
      await store.put('photos', 'second life, large', patternBytes(300_000, 12));
      await Promise.all(
        ['tail/1', 'tail/2', 'tail/3: torn'].map((key, index) =>
          store.put('photos', key, patternBytes(500, 13 + index)),
        ),
      );
      cpSync(second, third, { recursive: true });
    }
    tearTail(join(third, 'log'));
    return third;
  },

  // Without its snapshot: what it holds is read from the footer of the first segment.
  'two-segments': async (directory) => {
    const host = goldenHost(directory, 'two-segments');
    {
      await using store = await openStoreOn(host, { segmentBytes: MiB });
      await store.createBucket('photos');
      for (const index of [1, 2, 3, 4, 5]) {
        await store.put('photos', `small/${index}`, patternBytes(100 * index, index));
        const body = streamOf(patternBytes(300 * KiB + index, index), 50_000);
        await store.put('photos', `large/${index}`, body, { md5: true });
      }
      await store.delete('photos', 'small/1');
      await store.put('photos', 'large/2', patternBytes(10, 20));
    }
    rmSync(join(directory, 'index.snapshot'));
    return directory;
  },

  // Rewritten twice; what a removal stub removes still lies in a segment as first written.
  compacted: async (directory) => {
    const host = goldenHost(directory, 'compacted');
    {
      await using store = await openStoreOn(host, { segmentBytes: MiB });
      await fillWithEverything(store);
      await store.put('photos', 'removed/1', patternBytes(1000, 1));
      await store.put('photos', 'removed/2', patternBytes(2000, 2));
      const { uploadId } = await store.createUpload('photos', 'given up');
      await store.putPart('photos', 'given up', uploadId, 1, patternBytes(3000, 3));
      for (const index of [1, 2, 3]) {
        await store.put('photos', `stays/${index}`, patternBytes(300 * KiB + index, index));
      }
      for (const round of [1, 2]) {
        await store.delete('photos', `removed/${round}`);
        if (round === 2) await store.abortUpload('photos', 'given up', uploadId);
        for (let count = 0; count < 8; count++) {
          await store.put('photos', 'overwritten', patternBytes(300 * KiB + count, round));
        }
        await store.put('photos', `stays/after ${round}`, patternBytes(200, round));
        await store.compact();
      }
    }
    rmSync(join(directory, 'index.snapshot'));
    return directory;
  },

  // Each of its segments but the last has parity; the scrub has gone over them once.
  protected: async (directory) => {
    const host = goldenHost(directory, 'protected');
    await using store = await openStoreOn(host, { segmentBytes: MiB, parity: 'inline' });
    await store.createBucket('photos');
    for (const index of [1, 2, 3, 4]) {
      await store.put('photos', `small/${index}`, patternBytes(100 * index, index));
      await store.put('photos', `large/${index}`, patternBytes(500 * KiB + index, index));
    }
    await store.scrub();
    await store.close();
    return directory;
  },

  // Under a key of the store, under the next one, and under a customer's; by default in one bucket.
  encrypted: async (directory) => {
    const host = goldenHost(directory, 'encrypted');
    {
      await using store = await openStoreOn(host, { keys: goldenKeysAtFirst });
      await store.createBucket('photos');
      await fillEncrypted(store, 'before the rotation', [0, 1, 65_521, 262_128]);
    }
    await using store = await openStoreOn(host, { keys: goldenKeys });
    await fillEncrypted(store, 'after it', [13]);
    await store.setBucketConfiguration('photos', 'encryption', 'AES256');
    await store.put('photos', 'by default', patternBytes(100, 9));
    await store.close();
    return directory;
  },
};

/** Takes the end of the last batch back to zeros, as a write that was cut short leaves it. */
function tearTail(log: string): void {
  const last =
    readdirSync(log)
      .filter((name) => name.endsWith('.seg'))
      .sort()
      .at(-1) ?? '';
  const bytes = readFileSync(join(log, last));
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  bytes.fill(0, end - 100, end);
  writeFileSync(join(log, last), bytes);
}

/** What every later reader must find in a store that lies in `directory`; changes nothing there. */
export async function expectedOf(directory: string): Promise<Plain> {
  const host = nodeHost(directory);
  const replayed = await replayStore(host, {}, () => undefined);
  await using store = await openStoreOn(host, { mode: 'read', keys: goldenKeys });
  return {
    log: {
      commitCount: replayed.commitCount,
      recordCount: replayed.recordCount,
      indexDigest: toHex(replayed.indexDigest),
    },
    store: await describeStore(store),
  };
}

/** Copies a store into the repository, long files compressed. The lock is nobody's. */
export function freezeStore(from: string, to: string): void {
  for (const path of filesOf(from)) {
    if (path === 'lock') continue;
    const bytes = readFileSync(join(from, path));
    const target = join(to, path);
    mkdirSync(dirname(target), { recursive: true });
    if (bytes.length <= plainBytesMax) writeFileSync(target, bytes);
    else writeFileSync(`${target}.gz`, gzipSync(bytes, { level: 9 }));
  }
}

/** Brings a frozen store back as it was. */
export function thawStore(from: string, to: string): void {
  for (const path of filesOf(from)) {
    const bytes = readFileSync(join(from, path));
    const isPacked = path.endsWith('.gz');
    const target = join(to, isPacked ? path.slice(0, -'.gz'.length) : path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, isPacked ? gunzipSync(bytes) : bytes);
  }
}

export function filesOf(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  return names.filter((name) => statSync(join(directory, name)).isFile());
}
