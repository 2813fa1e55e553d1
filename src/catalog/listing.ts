import type { ChecksumKind } from '../base/checksum-algorithm.js';
import { LogStoreError } from '../base/errors.js';
import { limits } from '../base/limits.js';
import { checksumKindOf } from '../format/checksum-numbers.js';
import {
  afterKey,
  afterPrefix,
  decodeVersionKey,
  encodedBytesMax,
  listingKey,
} from '../format/key-encoding.js';
import type { ObjectIndex } from '../index/object-index.js';
import { bucketOf, type Catalog } from './catalog.js';
import { etagText } from './conditions.js';
import { hasExpired, isMarker } from './versions.js';

const versionBytes = 8; // behind a key's prefix

/** What a listing shows of an object, from the index alone. */
export interface ListedObject {
  readonly key: string;
  readonly version: number;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly modifiedUnixMs: number;
  /** What checksum it has, if it has one. */
  readonly checksum: ChecksumKind | undefined;
}

export interface ListOptions {
  readonly prefix?: string | undefined;
  readonly delimiter?: string | undefined;
  /** Only keys (and common prefixes) after this one, in UTF-8 byte order. */
  readonly startAfter?: string | undefined;
  /** Objects and common prefixes together, at most; 1,000 at most. */
  readonly limit?: number | undefined;
}

export interface ListPage {
  readonly objects: readonly ListedObject[];
  readonly commonPrefixes: readonly string[];
  /** Whether anything follows; then `next` is the `startAfter` of the next page. */
  readonly truncated: boolean;
  readonly next: string | undefined;
}

/**
 * One page of a bucket's current objects. Whole subtrees under a common prefix are passed over, so
 * a page costs what it shows, however many keys lie behind it. Expired and deleted keys on the way
 * cost a step of a walk each.
 * @throws LogStoreError `NO_SUCH_BUCKET`, `INVALID_ARGUMENT`, `UNCERTAIN`
 */
export function listObjects(
  catalog: Catalog,
  bucket: string,
  options: ListOptions,
  nowMs: number,
): ListPage {
  bucketOf(catalog, bucket);
  catalog.lost.checkAll();
  const { prefix = '', delimiter = '' } = options;
  const limit = pageLimit(options.limit);
  const objects: ListedObject[] = [];
  const commonPrefixes: string[] = [];
  const index = catalog.state.objects;
  const begin = listingKey(bucket, prefix);
  let from = startOf(bucket, prefix, delimiter, options.startAfter);
  let next: string | undefined;
  while (from !== undefined && limit > 0) {
    const slot = firstShown(index, from, begin, nowMs);
    if (slot < 0) break;
    const { key, version } = decodeVersionKey(index.keyView(slot));
    if (objects.length + commonPrefixes.length === limit) {
      return { objects, commonPrefixes, truncated: true, next };
    }
    const common = commonPrefixOf(key, prefix, delimiter);
    if (common !== undefined) {
      commonPrefixes.push(common);
      next = common;
      from = afterPrefix(listingKey(bucket, common));
      continue;
    }
    objects.push(listedObject(index, slot, key, version));
    next = key;
    from = afterKey(bucket, key);
  }
  return { objects, commonPrefixes, truncated: false, next: undefined };
}

function listedObject(
  index: ObjectIndex,
  slot: number,
  key: string,
  version: number,
): ListedObject {
  const { sizeBytes, etag, partCount, timeMs, checksumKind } = index.entry(slot);
  return {
    ...{ key, version, sizeBytes, etag: etagText(etag, partCount), modifiedUnixMs: timeMs },
    checksum: checksumKindOf(checksumKind),
  };
}

const prefixScratch = new Uint8Array(encodedBytesMax);

/** The first current version from `from` on, below `begin`, that is an object; -1 if none is. */
function firstShown(
  index: ObjectIndex,
  from: Uint8Array,
  begin: Uint8Array,
  nowMs: number,
): number {
  const first = index.firstAtOrAfter(from);
  if (first < 0 || !index.keyStartsWith(first, begin)) return -1;
  if (!isMarker(index, first) && !hasExpired(index.expiresAt(first), nowMs)) return first;
  let found = -1;
  let passedBytes = 0; // of the key that was passed over last, in the scratch
  index.scan(from, (slot) => {
    if (!index.keyStartsWith(slot, begin)) return false;
    if (passedBytes > 0 && index.keyStartsWith(slot, prefixScratch, passedBytes)) return true;
    if (!isMarker(index, slot) && !hasExpired(index.expiresAt(slot), nowMs)) {
      found = slot;
      return false;
    }
    passedBytes = index.copyKey(slot, prefixScratch) - versionBytes;
    return true;
  });
  return found;
}

/** @throws LogStoreError `INVALID_ARGUMENT` */
export function pageLimit(limit: number | undefined): number {
  const wanted = limit ?? limits.listPageMax;
  if (!Number.isSafeInteger(wanted) || wanted < 0) {
    throw new LogStoreError('INVALID_ARGUMENT', 'a limit is a whole number, 0 or more');
  }
  return Math.min(wanted, limits.listPageMax);
}

/** The beginning of `key` up to and with the first delimiter behind the prefix, if there is one. */
export function commonPrefixOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

/** Where in the index a listing begins; undefined if nothing can come. */
function startOf(
  bucket: string,
  prefix: string,
  delimiter: string,
  startAfter = '',
): Uint8Array | undefined {
  const begin = listingKey(bucket, prefix);
  if (startAfter === '') return begin;
  const afterStart = afterKey(bucket, startAfter);
  if (Buffer.compare(afterStart, begin) < 0) return begin;
  if (!startAfter.startsWith(prefix)) return afterStart;
  // A common prefix that `startAfter` lies in, or is, was shown on the page before.
  const common = commonPrefixOf(startAfter, prefix, delimiter);
  return common === undefined ? afterStart : afterPrefix(listingKey(bucket, common));
}
