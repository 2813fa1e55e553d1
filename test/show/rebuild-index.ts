import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openStore } from '../../src/open-store.js';
import { check, type Demonstration, inTemporaryDirectory, say } from './demonstration.js';

const objectCount = 20_000;
const atOnce = 64;

export const rebuildIndex: Demonstration = {
  name: 'rebuild-index',
  shows: 'without its snapshot, and without any footer, a store has the same index, only later',
  async run() {
    await inTemporaryDirectory(async (path) => {
      const dir = join(path, 'store');
      const digest = await fill(dir);
      say(`${objectCount} objects, some overwritten and deleted; index digest ${digest}`);
      check((await reopened(dir, 'with its snapshot')) === digest, 'the digest is the same');
      await rm(join(dir, 'index.snapshot'));
      check((await reopened(dir, 'without snapshot')) === digest, 'the digest is the same');
      await rm(join(dir, 'index.snapshot'));
      const footers = (await readdir(join(dir, 'log'))).filter((name) => name.endsWith('.footer'));
      check(footers.length > 0, 'there are footers to remove');
      for (const name of footers) await rm(join(dir, 'log', name));
      const what = `without snapshot and its ${footers.length} footers`;
      check((await reopened(dir, what)) === digest, 'the digest is the same');
    });
  },
};

async function fill(dir: string): Promise<string> {
  await using store = await openStore({ dir, segmentBytes: 1024 ** 2 });
  await store.createBucket('show');
  for (let from = 0; from < objectCount; from += atOnce) {
    const puts = Array.from({ length: atOnce }, (_, index) => {
      const key = `key-${(from + index) % (objectCount - 500)}`;
      return store.put('show', key, Buffer.from(`body ${from + index}`));
    });
    await Promise.all(puts);
  }
  for (let index = 0; index < 100; index++) await store.delete('show', `key-${index * 7}`);
  return Buffer.from(await store.indexDigest()).toString('hex');
}

async function reopened(dir: string, what: string): Promise<string> {
  const startMs = performance.now();
  await using store = await openStore({ dir });
  say(`opened ${what} in ${(performance.now() - startMs).toFixed(0)} ms`);
  return Buffer.from(await store.indexDigest()).toString('hex');
}
