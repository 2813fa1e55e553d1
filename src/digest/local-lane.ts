import type { DigestLane } from './digest-worker.js';
import { type HashKind, runningHash } from './running-hash.js';

/** A lane without a thread: hashed at once where it is asked for, the same in every run. */
export function localLane(kinds: readonly HashKind[]): DigestLane {
  const hashes = kinds.map((kind) => [kind, runningHash(kind)] as const);
  return {
    update: (slab, lengthBytes) => {
      for (const [, hash] of hashes) hash.update(slab.bytes.subarray(0, lengthBytes));
    },
    finish: async () => new Map(hashes.map(([kind, hash]) => [kind, hash.digest()])),
    drop: () => {},
  };
}
