import { LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import { bucketPrefix, encodeKeyPrefixInto } from '../format/key-encoding.js';
import type { Ends } from '../format/mutation.js';
import { type Bucket, type Catalog, keyScratch } from './catalog.js';
import { etagText, refusalOf, type WriteCondition } from './conditions.js';
import { checkKey } from './keys.js';
import type { PendingCommit } from './pending.js';

const noEnds: Ends = Object.freeze([]);

/** The newest version of a key, durable or pending, as a write that comes next meets it. */
interface Standing {
  /** None: the key does not exist, or has expired. */
  readonly etag: string | undefined;
  /** What the next write of the key ends: also a version that has expired. */
  readonly ends: Ends;
  /** What this rests on, if that is not durable yet. */
  readonly pending: PendingCommit | undefined;
  /** The upload that made the version, or 0; unknown unless it is pending. */
  readonly uploadVersion: number;
}

/** @throws LogStoreError `NO_SUCH_BUCKET`, `UNCERTAIN` */
export function bucketOf(catalog: Catalog, name: string): Bucket {
  const bucket = catalog.state.buckets.get(name);
  if (catalog.lost.any) catalog.lost.check(bucketPrefix(name), bucket?.sequence ?? 0);
  if (bucket === undefined) throw new LogStoreError('NO_SUCH_BUCKET', `no bucket ${name}`);
  return bucket;
}

/**
 * The slot of the current version of a key, for a read: synced state alone.
 * @throws LogStoreError `NO_SUCH_BUCKET`, `NO_SUCH_KEY`, `UNCERTAIN`; `KEY_TOO_LONG`,
 *   `INVALID_ARGUMENT`
 */
export function currentSlot(catalog: Catalog, bucket: string, key: string, nowMs: number): number {
  const slot = versionSlot(catalog, bucket, key);
  if (slot < 0 || hasExpired(catalog.state.objects.expiresAt(slot), nowMs)) throw noSuchKey(key);
  return slot;
}

/** The same with an expired version not yet removed counting as one; -1 if there is none. */
export function versionSlot(catalog: Catalog, bucket: string, key: string): number {
  if (!catalog.state.buckets.has(bucket)) bucketOf(catalog, bucket); // throws, for one reason
  checkKey(key);
  const { objects } = catalog.state;
  const length = encodeKeyPrefixInto(keyScratch, bucket, key);
  const slot = objects.current(keyScratch, length);
  if (catalog.lost.any) {
    // A version that came after a lost commit needs no more: it proves its bucket.
    catalog.lost.check(keyScratch.slice(0, length), slot < 0 ? 0 : objects.sequenceAt(slot));
    if (slot < 0) bucketOf(catalog, bucket);
  }
  return slot;
}

export function noSuchKey(key: string): LogStoreError {
  return new LogStoreError('NO_SUCH_KEY', `no key ${JSON.stringify(key)}`);
}

export function hasExpired(expiresMs: number, nowMs: number): boolean {
  return expiresMs !== 0 && expiresMs <= nowMs;
}

/** What a write that is admitted now meets. */
export function standingOf(catalog: Catalog, bucket: string, key: string, nowMs: number): Standing {
  const pending = catalog.pending.ofObject(bucket, key);
  if (pending === undefined) return durableStanding(catalog, bucket, key, nowMs);
  const { commit, mutationIndex } = pending;
  const mutation = commit.mutations[mutationIndex];
  if (mutation?.is === 'deleteObject') {
    return { etag: undefined, ends: noEnds, pending: commit, uploadVersion: 0 };
  }
  invariant(mutation?.is === 'putObject', 'a pending object is put or deleted');
  const { object } = mutation;
  const exists = !hasExpired(object.expiresUnixMs, nowMs);
  return {
    etag: exists ? etagText(object.etag, object.partCount) : undefined,
    ends: [commit.sequence, mutationIndex, commit.version + mutationIndex],
    pending: commit,
    uploadVersion: object.uploadVersion,
  };
}

/** What a put that has no condition ends: the same without a word about the ETag. */
export function endsOf(catalog: Catalog, bucket: string, key: string): Ends {
  const pending = catalog.pending.ofObject(bucket, key);
  if (pending === undefined) return durableEnds(catalog, bucket, key);
  const { commit, mutationIndex } = pending;
  if (commit.mutations[mutationIndex]?.is === 'deleteObject') return noEnds;
  return [commit.sequence, mutationIndex, commit.version + mutationIndex];
}

/**
 * The ends of a write under `condition`.
 * @returns or the refusal, already waiting for what it rests on
 */
export function admitWrite(
  catalog: Catalog,
  bucket: string,
  key: string,
  condition: WriteCondition,
  nowMs: number,
): Ends | Promise<never> {
  const { ifAbsent, ifMatch } = condition;
  if (ifAbsent !== true && ifMatch === undefined) return endsOf(catalog, bucket, key);
  const standing = standingOf(catalog, bucket, key, nowMs);
  const refusal = refusalOf(condition, standing.etag);
  if (refusal === undefined) return standing.ends;
  return standing.pending?.thenRefuse(refusal) ?? Promise.reject(refusal);
}

function durableStanding(catalog: Catalog, bucket: string, key: string, nowMs: number): Standing {
  const { objects } = catalog.state;
  const slot = objects.current(keyScratch, encodeKeyPrefixInto(keyScratch, bucket, key));
  const common = { pending: undefined, uploadVersion: 0 };
  if (slot < 0) return { etag: undefined, ends: noEnds, ...common };
  const { etag, partCount, expiresMs } = objects.entry(slot);
  const exists = !hasExpired(expiresMs, nowMs);
  return {
    etag: exists ? etagText(etag, partCount) : undefined,
    ends: durableEnds(catalog, bucket, key),
    ...common,
  };
}

/** All versions of the key: one, unless a record that ended another was given up for lost. */
function durableEnds(catalog: Catalog, bucket: string, key: string): Ends {
  const { objects } = catalog.state;
  const length = encodeKeyPrefixInto(keyScratch, bucket, key);
  if (objects.current(keyScratch, length) < 0) return noEnds;
  const ends: number[] = [];
  objects.scan(
    keyScratch,
    (slot) => {
      if (!objects.keyStartsWith(slot, keyScratch, length)) return false;
      ends.push(objects.sequenceAt(slot), objects.mutationAt(slot), objects.versionAt(slot));
      return true;
    },
    length,
  );
  return ends;
}
