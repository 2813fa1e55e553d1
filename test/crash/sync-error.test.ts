import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openStore } from '../../src/open-store.js';
import { type Entry, JournalOfWrites } from './journal-of-writes.js';
import { bucket, storeOptions } from './kill-9-store.js';

const it = suite('a sync that fails in the kernel');

/** Why strace cannot do it here, or undefined. */
function hindrance(): string | undefined {
  const tried = spawnSync('strace', ['-o', '/dev/null', '-e', 'trace=none', 'true']);
  if (tried.error !== undefined) return 'strace is not installed';
  return tried.status === 0 ? undefined : 'strace may not trace here';
}

type SyncCall = 'fsync' | 'fdatasync';

/** Runs the writers until the `when`th such call of their process gives EIO. */
async function untilSyncFails(
  dir: string,
  call: SyncCall,
  when: number,
  journal: JournalOfWrites,
): Promise<string[]> {
  const trace = `${dir}.trace`;
  const script = join(import.meta.dirname, 'kill-9-child.js');
  const inject = `inject=${call}:error=EIO:when=${when}`;
  const calls = ['-f', '-o', trace, '-e', 'trace=fdatasync,fsync', '-e', inject];
  const child = spawn('strace', [...calls, process.execPath, script, dir, String(when)], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' }, // `when` counts in each thread
  });
  const ended = once(child, 'close');
  for await (const line of createInterface(child.stdout)) {
    if (!line.endsWith('}')) continue;
    const entry = JSON.parse(line) as Entry | { readonly is: 'open' };
    if (entry.is !== 'open') journal.note(entry);
  }
  await ended;
  return (await readFile(trace, 'utf8')).split('\n').filter((line) => line.includes('sync('));
}

/** Of directories while it opens; of manifest and segments then and later. */
const failing: readonly (readonly [SyncCall, number])[] = [
  ...([1, 2, 3] as const).map((when) => ['fsync', when] as const),
  ...([1, 2, 3, 4, 5, 6, 8, 12, 30] as const).map((when) => ['fdatasync', when] as const),
];

it('faults 23: EIO of a sync ends the writer, nothing is synced again, nothing acknowledged is lost', async () => {
  const reason = hindrance();
  if (reason !== undefined) {
    console.log(`SKIPPED: ${reason}`);
    return;
  }
  const root = await mkdtemp(join(tmpdir(), 'logstore-sync-error-'));
  try {
    for (const [call, when] of failing) {
      const dir = join(root, `${call}-${when}`);
      const journal = new JournalOfWrites();
      {
        await using store = await openStore({ dir, ...storeOptions });
        await store.createBucket(bucket);
      }
      const syncs = await untilSyncFails(dir, call, when, journal);
      const failed = syncs.findIndex((line) => line.includes('(INJECTED)'));
      assert.ok(failed >= 0, `${call} ${when} was reached`);
      const [descriptor = ''] = /sync\(\d+\)/.exec(syncs[failed] ?? '') ?? [];
      const later = syncs.slice(failed + 1);
      // The manifest's other copy may be under way.
      assert.ok(later.length <= 1, later.join('\n'));
      assert.not.ok(later.some((line) => line.includes(descriptor)));
      await using store = await openStore({ dir, ...storeOptions });
      const verdict = await journal.check(store, bucket);
      assert.equal(verdict, { lost: [], wrong: [], resurrected: [] }, `${call} ${when}`);
      assert.is(store.stats().writer, 'ok');
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

it.run();
