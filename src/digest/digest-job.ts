import type { HashKind } from './running-hash.js';

/** What a hashing worker knows from its start. */
export interface DigestWorkerData {
  readonly memory: SharedArrayBuffer;
  readonly slabBytes: number;
}

/** A lane is one body's hashes on one worker; jobs of a lane are done in the order sent. */
export type DigestJob =
  | { readonly do: 'open'; readonly lane: number; readonly kinds: readonly HashKind[] }
  | { readonly do: 'update'; readonly lane: number; readonly slab: number; readonly bytes: number }
  | { readonly do: 'finish'; readonly lane: number }
  | { readonly do: 'drop'; readonly lane: number };

/** The answer to each message of jobs, in order: all of them are done, and these lanes ended. */
export type DigestReply = readonly FinishedLane[];

export interface FinishedLane {
  readonly lane: number;
  readonly digests: readonly (readonly [HashKind, Uint8Array])[];
}
