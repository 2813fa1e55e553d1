import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openStore } from '../../src/open-store.js';
import type { Store } from '../../src/store/types.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { check, type Demonstration, inTemporaryDirectory, say } from './demonstration.js';

const mib = 1024 ** 2;
const bodyBytes = 64 * 1024;
const writerCount = 16;

/** Puts each key once, in an order of its own; returns how long each put took, in milliseconds. */
async function putAll(store: Store, keyCount: number, seed: number): Promise<number[]> {
  const random = new SeededRandom(seed);
  const keys = Array.from({ length: keyCount }, (_, key) => key);
  for (let at = keyCount - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [keys[at], keys[other]] = [keys[other] ?? 0, keys[at] ?? 0];
  }
  const durationsMs: number[] = [];
  const body = new Uint8Array(bodyBytes);
  const work = async (writer: number) => {
    const own = body.slice().fill(writer + seed);
    for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
      const begunMs = performance.now();
      await store.put('bucket', `key-${key}`, own);
      durationsMs.push(performance.now() - begunMs);
    }
  };
  await Promise.all(Array.from({ length: writerCount }, (_, writer) => work(writer)));
  return durationsMs;
}

function p99(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? 0;
}

/** What the files of the log take, those that nobody names any more included. */
function diskBytes(dir: string): { log: number; parity: number } {
  let [log, parity] = [0, 0];
  for (const name of readdirSync(join(dir, 'log'))) {
    const stats = statSync(join(dir, 'log', name), { throwIfNoEntry: false });
    const bytes = (stats?.blocks ?? 0) * 512;
    if (/parity|\.p\d/.test(name)) parity += bytes;
    else log += bytes;
  }
  return { log, parity };
}

export const overwrite: Demonstration = {
  name: 'overwrite',
  shows:
    'a working set (first argument, 1024 MiB) is overwritten as often as the second says (20) by ' +
    '16 writers of 64 KiB: the disk holds less than 2.2 times it, and p99 of a put stays below ' +
    'twice what it is without compaction',
  run: ([sizeMib = '1024', rounds = '20']) =>
    inTemporaryDirectory(async (dir) => {
      const liveBytes = Number(sizeMib) * mib;
      const keyCount = liveBytes / bodyBytes;
      const segmentBytes = Math.max(mib, Math.min(128 * mib, liveBytes / 32));
      const idle = await fill(join(dir, 'idle'), keyCount, segmentBytes);
      await using store = await openStore({ dir: join(dir, 'store'), segmentBytes });
      await store.createBucket('bucket');
      await putAll(store, keyCount, 0);
      let worst = 0;
      const watch = setInterval(() => {
        const { log } = diskBytes(join(dir, 'store'));
        worst = Math.max(worst, log / liveBytes);
      }, 100);
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      const all: number[] = [];
      for (let round = 1; round <= Number(rounds); round++) {
        const begunMs = performance.now();
        const took = await putAll(store, keyCount, round);
        for (const each of took) all.push(each);
        const { log, parity } = diskBytes(join(dir, 'store'));
        const speed = (liveBytes / mib / (performance.now() - begunMs)) * 1000;
        say(
          `round ${round}: ${(log / liveBytes).toFixed(2)} x live, parity ` +
            `${(parity / liveBytes).toFixed(2)}, ${speed.toFixed(0)} MiB/s, p99 ${p99(took).toFixed(1)} ms`,
        );
      }
      clearInterval(watch);
      delay.disable();
      const loopMs = delay.percentile(99) / 1e6;
      say(`p99 of a put: ${p99(all).toFixed(1)} ms, ${idle.toFixed(1)} ms without compaction`);
      say(`p99 of the event loop's delay: ${loopMs.toFixed(1)} ms`);
      check(worst < 2.2, `the log takes at most ${worst.toFixed(2)} times what lives (2.2)`);
      check(p99(all) <= 2 * idle, `a put takes ${(p99(all) / idle).toFixed(2)} times as long (2)`);
    }),
};

/** A store of its own, so that nothing is dead in it. */
async function fill(dir: string, keyCount: number, segmentBytes: number): Promise<number> {
  await using store = await openStore({ dir, segmentBytes, compaction: 'manual' });
  await store.createBucket('bucket');
  return p99(await putAll(store, keyCount, 0));
}
