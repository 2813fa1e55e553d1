import { LogStoreError } from '../base/errors.js';
import { type Commit, decodeCommit, inlineBodyStart } from '../format/commit.js';
import type { CreateUpload, Mutation, PutObject, PutPart } from '../format/mutation.js';
import { noState, type ObjectState } from '../format/object-state.js';
import { RecordCache } from '../index/record-cache.js';
import type { Log, LogPin } from '../log/types.js';

/** Where records are read: in the log as it is, or as it was when it was pinned. */
export type RecordSource = Pick<LogPin, 'read'>;

/** A commit as it stands in the log. */
export interface StoredCommit {
  readonly commit: Commit;
  /** Of its only mutation; empty if that has none. Shared: never to be written or given away. */
  readonly inlineBody: Uint8Array;
}

/** What decoding adds to a commit's own bytes in memory, about. */
const decodedOverheadBytes = 1200;

/** Commits by sequence number, verified, from a bounded cache or the log. */
export class Commits {
  readonly #cache: RecordCache<StoredCommit>;

  constructor(
    private readonly log: Log,
    cacheBytesMax: number,
  ) {
    this.#cache = new RecordCache(cacheBytesMax);
  }

  /** Keeps readable what the index leads to now, also when it is removed meanwhile. */
  pin(): LogPin {
    return this.log.pin();
  }

  cached(sequence: number): StoredCommit | undefined {
    return this.#cache.get(sequence);
  }

  /** @throws LogStoreError `RECORD_CORRUPT`, `IO`, `UNSUPPORTED_VERSION` */
  async read(sequence: number, from: RecordSource = this.log): Promise<StoredCommit> {
    const cached = this.#cache.get(sequence);
    if (cached !== undefined) return cached;
    const { kind, payload } = await from.read(sequence);
    if (kind !== 'commit') throw notWhatTheIndexSays(sequence);
    const stored = {
      commit: decodeCommit(payload),
      inlineBody: payload.subarray(inlineBodyStart(payload)),
    };
    this.#cache.set(sequence, stored, payload.length + decodedOverheadBytes);
    return stored;
  }
}

/** @throws LogStoreError `RECORD_CORRUPT` unless the mutation puts exactly this version */
export function putObjectAt(
  { commit }: StoredCommit,
  sequence: number,
  index: number,
  version: number,
): PutObject {
  const mutation = mutationAt(commit, sequence, index);
  if (mutation.is === 'putObject' && commit.version + index === version) return mutation;
  throw notWhatTheIndexSays(sequence);
}

/**
 * The state that an object was put with, or that was set later.
 * @throws LogStoreError `RECORD_CORRUPT`
 */
export function objectStateAt(
  { commit }: StoredCommit,
  sequence: number,
  index: number,
): ObjectState {
  const mutation = mutationAt(commit, sequence, index);
  if (mutation.is === 'setObjectState') return mutation.state;
  if (mutation.is === 'putObject') return mutation.object.state ?? noState;
  throw notWhatTheIndexSays(sequence);
}

/** @throws LogStoreError `RECORD_CORRUPT` */
export function putPartAt({ commit }: StoredCommit, sequence: number, index: number): PutPart {
  const mutation = mutationAt(commit, sequence, index);
  if (mutation.is === 'putPart') return mutation;
  throw notWhatTheIndexSays(sequence);
}

/** @throws LogStoreError `RECORD_CORRUPT` */
export function createUploadAt(
  { commit }: StoredCommit,
  sequence: number,
  index: number,
): CreateUpload {
  const mutation = mutationAt(commit, sequence, index);
  if (mutation.is === 'createUpload') return mutation;
  throw notWhatTheIndexSays(sequence);
}

function mutationAt(commit: Commit, sequence: number, index: number): Mutation {
  const mutation = commit.mutations[index];
  if (mutation === undefined) throw notWhatTheIndexSays(sequence);
  return mutation;
}

function notWhatTheIndexSays(sequence: number): LogStoreError {
  return new LogStoreError('RECORD_CORRUPT', `record ${sequence} is not what the index says`);
}
