import { checksumKindOf } from '../format/checksum-numbers.js';
import {
  afterKey,
  afterPrefix,
  decodeVersionKey,
  encodedBytesMax,
  encodeKeyPrefixInto,
  listingKey,
  versionKey,
} from '../format/key-encoding.js';
import { objectFlags } from '../format/mutation.js';
import type { ObjectIndex } from '../index/object-index.js';
import { bucketOf, type Catalog } from './catalog.js';
import { etagText } from './conditions.js';
import { checkKey } from './keys.js';
import { commonPrefixOf, type ListedObject, pageLimit } from './listing.js';
import { findVersion, hasExpired, nullVersionId, versionIdOf, versionOfId } from './versions.js';

export interface ListVersionsOptions {
  readonly prefix?: string | undefined;
  readonly delimiter?: string | undefined;
  /** Only keys (and common prefixes) after this one, in UTF-8 byte order. */
  readonly keyMarker?: string | undefined;
  /** With `keyMarker`: also the versions of that key that are older than this one. */
  readonly versionIdMarker?: string | undefined;
  /** Versions and common prefixes together, at most; 1,000 at most. */
  readonly limit?: number | undefined;
}

export interface ListedVersion extends ListedObject {
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly isDeleteMarker: boolean;
}

export interface VersionPage {
  readonly versions: readonly ListedVersion[];
  readonly commonPrefixes: readonly string[];
  readonly truncated: boolean;
  readonly nextKeyMarker: string | undefined;
  readonly nextVersionIdMarker: string | undefined;
}

/**
 * One page of all versions of a bucket's keys, delete markers among them.
 * @throws LogStoreError `NO_SUCH_BUCKET`, `INVALID_ARGUMENT`, `UNCERTAIN`
 */
export function listVersions(
  catalog: Catalog,
  bucket: string,
  options: ListVersionsOptions,
  nowMs: number,
): VersionPage {
  bucketOf(catalog, bucket);
  catalog.lost.checkAll();
  const { prefix = '', delimiter = '' } = options;
  const limit = pageLimit(options.limit);
  const { objects } = catalog.state;
  const begin = listingKey(bucket, prefix);
  const versions: ListedVersion[] = [];
  const commonPrefixes: string[] = [];
  let from = startOf(objects, bucket, options);
  let nextKeyMarker: string | undefined;
  let nextVersionIdMarker: string | undefined;
  while (from !== undefined && limit > 0) {
    const slot = objects.firstAtOrAfter(from);
    if (slot < 0 || !objects.keyStartsWith(slot, begin)) break;
    const { key, version } = decodeVersionKey(objects.keyView(slot));
    if (hasExpired(objects.expiresAt(slot), nowMs)) {
      from = afterVersion(bucket, key, version);
      continue;
    }
    if (versions.length + commonPrefixes.length === limit) {
      return { versions, commonPrefixes, truncated: true, nextKeyMarker, nextVersionIdMarker };
    }
    const common = commonPrefixOf(key, prefix, delimiter);
    if (common === undefined) {
      const isLatest = isNewest(objects, bucket, key, slot);
      versions.push(listedVersion(objects, slot, key, isLatest));
      // A number, whatever the id: it says where the page ended also when that version has gone.
      nextVersionIdMarker = versionIdOf(version, objectFlags.versioned);
      nextKeyMarker = key;
      from = afterVersion(bucket, key, version);
    } else {
      commonPrefixes.push(common);
      [nextKeyMarker, nextVersionIdMarker] = [common, undefined];
      from = afterPrefix(listingKey(bucket, common));
    }
  }
  const end = { nextKeyMarker: undefined, nextVersionIdMarker: undefined };
  return { versions, commonPrefixes, truncated: false, ...end };
}

function listedVersion(
  objects: ObjectIndex,
  slot: number,
  key: string,
  isLatest: boolean,
): ListedVersion {
  const { sizeBytes, etag, partCount, timeMs, flags, version, checksumKind } = objects.entry(slot);
  return {
    ...{ key, version, sizeBytes, etag: etagText(etag, partCount), modifiedUnixMs: timeMs },
    ...{ versionId: versionIdOf(version, flags), isLatest },
    checksum: checksumKindOf(checksumKind),
    isDeleteMarker: (flags & objectFlags.marker) !== 0,
  };
}

const scratch = new Uint8Array(encodedBytesMax);

function isNewest(objects: ObjectIndex, bucket: string, key: string, slot: number): boolean {
  return objects.current(scratch, encodeKeyPrefixInto(scratch, bucket, key)) === slot;
}

/** Where the next older version of the key would stand. */
function afterVersion(bucket: string, key: string, version: number): Uint8Array {
  return versionKey(bucket, key, version - 1);
}

function startOf(
  objects: ObjectIndex,
  bucket: string,
  options: ListVersionsOptions,
): Uint8Array | undefined {
  const { prefix = '', delimiter = '', keyMarker = '', versionIdMarker = '' } = options;
  const begin = listingKey(bucket, prefix);
  if (keyMarker === '') return begin;
  const after =
    versionIdMarker === ''
      ? afterKey(bucket, keyMarker)
      : afterMarker(objects, bucket, keyMarker, versionIdMarker);
  if (Buffer.compare(after, begin) < 0) return begin;
  if (!keyMarker.startsWith(prefix)) return after;
  // A common prefix that the marker lies in, or is, was shown on the page before.
  const common = commonPrefixOf(keyMarker, prefix, delimiter);
  return common === undefined ? after : afterPrefix(listingKey(bucket, common));
}

function afterMarker(
  objects: ObjectIndex,
  bucket: string,
  key: string,
  versionId: string,
): Uint8Array {
  if (versionId !== nullVersionId) return afterVersion(bucket, key, versionOfId(versionId));
  checkKey(key);
  const slot = findVersion(objects, bucket, key, versionId);
  // Gone: rather the key's versions once more than one of them never.
  if (slot < 0) return listingKey(bucket, key);
  return afterVersion(bucket, key, objects.versionAt(slot));
}
