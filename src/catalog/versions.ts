import { LogStoreError } from '../base/errors.js';
import { encodeKeyPrefixInto, encodeVersionKeyInto } from '../format/key-encoding.js';
import { objectFlags } from '../format/mutation.js';
import type { ObjectIndex } from '../index/object-index.js';
import { bucketOf, type Catalog } from './catalog.js';
import { checkKey } from './keys.js';
import { keyScratch } from './state.js';

/** The id of versions without one of their own: of a key there is one at most. */
export const nullVersionId = 'null';

/** 16 hex digits of the version's number, or `null`. To clients it is opaque. */
export function versionIdOf(version: number, flags: number): string {
  if ((flags & objectFlags.versioned) === 0) return nullVersionId;
  return version.toString(16).padStart(16, '0');
}

/**
 * The number that an id stands for, whether or not there is such a version; 0 is the null version.
 * @throws LogStoreError `INVALID_ARGUMENT` for what is no id
 */
export function versionOfId(versionId: string): number {
  if (versionId === nullVersionId) return 0;
  const version = /^[0-9a-f]{16}$/.test(versionId) ? Number.parseInt(versionId, 16) : 0;
  if (version > 0 && Number.isSafeInteger(version)) return version;
  throw new LogStoreError('INVALID_ARGUMENT', 'Invalid version id specified');
}

export function isMarker(objects: ObjectIndex, slot: number): boolean {
  return (objects.flagsAt(slot) & objectFlags.marker) !== 0;
}

/**
 * The slot of the version with this id, or -1; also one that has expired, and a delete marker.
 * @throws LogStoreError `INVALID_ARGUMENT`
 */
export function findVersion(
  objects: ObjectIndex,
  bucket: string,
  key: string,
  versionId: string,
): number {
  const version = versionOfId(versionId);
  if (version === 0) return findNullVersion(objects, bucket, key);
  const slot = objects.find(keyScratch, encodeVersionKeyInto(keyScratch, bucket, key, version));
  return slot >= 0 && (objects.flagsAt(slot) & objectFlags.versioned) !== 0 ? slot : -1;
}

function findNullVersion(objects: ObjectIndex, bucket: string, key: string): number {
  let found = -1;
  scanVersions(objects, bucket, key, (slot) => {
    if ((objects.flagsAt(slot) & objectFlags.versioned) === 0) found = slot;
    return found < 0;
  });
  return found;
}

/** Visits all versions of a key, the newest first, until `visit` says false. */
export function scanVersions(
  objects: ObjectIndex,
  bucket: string,
  key: string,
  visit: (slot: number) => boolean,
): void {
  const length = encodeKeyPrefixInto(keyScratch, bucket, key);
  objects.scan(
    keyScratch,
    (slot) => objects.keyStartsWith(slot, keyScratch, length) && visit(slot),
    length,
  );
}

/**
 * The slot that a read of this version meets: synced state alone.
 * @throws LogStoreError `NO_SUCH_BUCKET`, `NO_SUCH_KEY`, `NO_SUCH_VERSION`, `DELETE_MARKER`,
 *   `UNCERTAIN`, `INVALID_ARGUMENT`, `KEY_TOO_LONG`
 */
export function slotOfVersion(
  catalog: Catalog,
  bucket: string,
  key: string,
  versionId: string,
  nowMs: number,
): number {
  bucketOf(catalog, bucket);
  checkKey(key);
  const { objects } = catalog.state;
  const slot = findVersion(objects, bucket, key, versionId);
  if (catalog.lost.any) {
    const length = encodeKeyPrefixInto(keyScratch, bucket, key);
    catalog.lost.check(keyScratch.slice(0, length), slot < 0 ? 0 : objects.sequenceAt(slot));
  }
  if (slot < 0 || hasExpired(objects.expiresAt(slot), nowMs)) throw noSuchVersion(versionId);
  if (isMarker(objects, slot)) throw metMarker('DELETE_MARKER', objects, slot, key);
  return slot;
}

export function hasExpired(expiresMs: number, nowMs: number): boolean {
  return expiresMs !== 0 && expiresMs <= nowMs;
}

export function noSuchKey(key: string): LogStoreError {
  return new LogStoreError('NO_SUCH_KEY', `no key ${JSON.stringify(key)}`);
}

export function noSuchVersion(versionId: string): LogStoreError {
  return new LogStoreError('NO_SUCH_VERSION', `no version ${versionId}`);
}

/** A read that met a delete marker, as the newest version or by its id. */
export function metMarker(
  code: 'NO_SUCH_KEY' | 'DELETE_MARKER',
  objects: ObjectIndex,
  slot: number,
  key: string,
): LogStoreError {
  const error =
    code === 'NO_SUCH_KEY'
      ? noSuchKey(key)
      : new LogStoreError(code, 'this version is a delete marker');
  error.deleteMarkerId = versionIdOf(objects.versionAt(slot), objects.flagsAt(slot));
  return error;
}
