import { encodeKeyPrefixInto } from '../format/key-encoding.js';
import { type Ends, type ObjectRecord, objectFlags } from '../format/mutation.js';
import type { ObjectIndex } from '../index/object-index.js';
import { bucketOf, type Catalog, versioningIn } from './catalog.js';
import { etagText, refusalOf, type WriteCondition } from './conditions.js';
import { checkKey } from './keys.js';
import { PendingCommit } from './pending.js';
import { keyScratch } from './state.js';
import { hasExpired, isMarker, metMarker, noSuchKey, scanVersions } from './versions.js';

const noEnds: Ends = Object.freeze([]);

/** The newest version of a key, durable or pending, as a write that comes next meets it. */
interface Standing {
  /** None: the key does not exist, has expired, or is deleted. */
  readonly etag: string | undefined;
  /** What this rests on, if that is not durable yet. */
  readonly pending: PendingCommit | undefined;
}

const nothingStands: Standing = Object.freeze({ etag: undefined, pending: undefined });

/**
 * The slot of the current version of a key, for a read: synced state alone.
 * @throws LogStoreError `NO_SUCH_BUCKET`, `NO_SUCH_KEY`, `UNCERTAIN`; `KEY_TOO_LONG`,
 *   `INVALID_ARGUMENT`
 */
export function currentSlot(catalog: Catalog, bucket: string, key: string, nowMs: number): number {
  const slot = versionSlot(catalog, bucket, key);
  const { objects } = catalog.state;
  if (slot < 0 || hasExpired(objects.expiresAt(slot), nowMs)) throw noSuchKey(key);
  if (isMarker(objects, slot)) throw metMarker('NO_SUCH_KEY', objects, slot, key);
  return slot;
}

/**
 * The same with an expired version not yet removed counting as one, and a delete marker too; -1 if
 * there is none.
 */
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

/**
 * What a write that is admitted now meets.
 * @returns or the pending commit after which to look again
 */
export function standingOf(
  catalog: Catalog,
  bucket: string,
  key: string,
  nowMs: number,
): Standing | PendingCommit {
  const pending = catalog.pending.ofObject(bucket, key);
  if (pending === undefined) return durableStanding(catalog, bucket, key, nowMs);
  const { commit, mutationIndex } = pending;
  const mutation = commit.mutations[mutationIndex];
  if (mutation?.is === 'putObject')
    return { etag: etagOf(mutation.object, nowMs), pending: commit };
  // What is under a version that goes, only the index can tell.
  if (mutation?.is !== 'deleteObject' || hasVersions(catalog, bucket)) return commit;
  return { etag: undefined, pending: commit };
}

function etagOf(object: ObjectRecord, nowMs: number): string | undefined {
  if (hasExpired(object.expiresUnixMs, nowMs)) return undefined;
  if ((object.flags & objectFlags.marker) !== 0) return undefined;
  return etagText(object.etag, object.partCount);
}

function hasVersions(catalog: Catalog, bucket: string): boolean {
  return versioningIn(catalog, bucket) !== 'off';
}

/**
 * What a put that has no condition ends: the null version, where the bucket gives no ids. Versions
 * with ids of their own stay.
 * @returns or the pending commit after which to look again
 */
export function endsOf(catalog: Catalog, bucket: string, key: string): Ends | PendingCommit {
  const versioning = versioningIn(catalog, bucket);
  if (versioning === 'enabled') return noEnds;
  const pending = catalog.pending.ofObject(bucket, key);
  if (pending === undefined) return durableEnds(catalog, bucket, key);
  const { commit, mutationIndex } = pending;
  const mutation = commit.mutations[mutationIndex];
  if (mutation?.is === 'setObjectState') return durableEnds(catalog, bucket, key);
  if (versioning === 'suspended') return commit;
  if (mutation?.is === 'deleteObject') return noEnds;
  return [commit.sequence, mutationIndex, commit.version + mutationIndex];
}

/**
 * The ends of a write under `condition`.
 * @returns or the pending commit after which to look again; or the refusal, already waiting for
 *   what it rests on
 */
export function admitWrite(
  catalog: Catalog,
  bucket: string,
  key: string,
  condition: WriteCondition,
  nowMs: number,
): Ends | PendingCommit | Promise<never> {
  const { ifAbsent, ifMatch } = condition;
  if (ifAbsent !== true && ifMatch === undefined) return endsOf(catalog, bucket, key);
  const standing = standingOf(catalog, bucket, key, nowMs);
  if (standing instanceof PendingCommit) return standing;
  const refusal = refusalOf(condition, standing.etag);
  if (refusal === undefined) return endsOf(catalog, bucket, key);
  return standing.pending?.thenRefuse(refusal) ?? Promise.reject(refusal);
}

function durableStanding(catalog: Catalog, bucket: string, key: string, nowMs: number): Standing {
  const { objects } = catalog.state;
  const slot = objects.current(keyScratch, encodeKeyPrefixInto(keyScratch, bucket, key));
  if (slot < 0 || isMarker(objects, slot)) return nothingStands;
  const { etag, partCount, expiresMs } = objects.entry(slot);
  if (hasExpired(expiresMs, nowMs)) return nothingStands;
  return { etag: etagText(etag, partCount), pending: undefined };
}

/** The null version: one, unless a record that ended another was given up for lost. */
function durableEnds(catalog: Catalog, bucket: string, key: string): Ends {
  const { objects } = catalog.state;
  const length = encodeKeyPrefixInto(keyScratch, bucket, key);
  if (objects.current(keyScratch, length) < 0) return noEnds;
  const ends: number[] = [];
  scanVersions(objects, bucket, key, (slot) => {
    if ((objects.flagsAt(slot) & objectFlags.versioned) === 0) ends.push(...endOf(objects, slot));
    return true;
  });
  return ends;
}

/** Exactly the version of this slot. */
export function endOf(objects: ObjectIndex, slot: number): [number, number, number] {
  return [objects.sequenceAt(slot), objects.mutationAt(slot), objects.versionAt(slot)];
}
