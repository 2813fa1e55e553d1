import { createHash } from 'node:crypto';
import type { Host } from '../../src/base/host.js';
import { nodeHost } from '../../src/host/node-host.js';

/** 2026-01-01T00:00:00Z. */
const beginUnixMs = 1_767_225_600_000;

/**
 * The real disk with a clock and a chance of its own, so that a golden store can be written again
 * to see where its bytes come from. No timer ever fires: the last batch stays unproven, as in a
 * store that was killed at once.
 */
export function goldenHost(directory: string, seed: string): Host {
  let [nowUnixMs, drawn] = [beginUnixMs, 0];
  return {
    disk: nodeHost(directory).disk,
    clock: {
      nowUnixMs: () => {
        nowUnixMs += 1000;
        return nowUnixMs;
      },
      monotonicMs: () => nowUnixMs - beginUnixMs,
      after: () => ({ cancel: () => undefined }),
      wait: () => Promise.resolve(),
    },
    random: {
      bytes(countBytes) {
        drawn++;
        const hash = createHash('shake256', { outputLength: countBytes });
        return Uint8Array.from(hash.update(`${seed} ${drawn}`).digest());
      },
    },
  };
}
