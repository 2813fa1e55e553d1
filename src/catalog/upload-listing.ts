import { afterKey, afterPrefix, listingKey } from '../format/key-encoding.js';
import { bucketOf, type Catalog } from './catalog.js';
import { commonPrefixOf, pageLimit } from './listing.js';
import { type OpenUpload, uploadAt, uploadIdOf, uploadVersionOf } from './multipart.js';
import { decodeUploadKey, encodeUploadKeyInto } from './upload-keys.js';

export interface ListUploadsOptions {
  readonly prefix?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly keyMarker?: string | undefined;
  /** With `keyMarker`: only uploads of that key after this one. */
  readonly uploadIdMarker?: string | undefined;
  readonly limit?: number | undefined;
}

export interface ListedUpload extends OpenUpload {
  readonly key: string;
}

export interface UploadPage {
  readonly uploads: readonly ListedUpload[];
  readonly commonPrefixes: readonly string[];
  readonly truncated: boolean;
  readonly nextKeyMarker: string | undefined;
  readonly nextUploadIdMarker: string | undefined;
}

/**
 * One page of a bucket's open uploads: by key, and of one key the oldest first.
 * @throws LogStoreError `NO_SUCH_BUCKET`, `INVALID_ARGUMENT`, `UNCERTAIN`
 */
export function listOpenUploads(
  catalog: Catalog,
  bucket: string,
  options: ListUploadsOptions,
): UploadPage {
  bucketOf(catalog, bucket);
  catalog.lost.checkAll();
  const { prefix = '', delimiter = '' } = options;
  const limit = pageLimit(options.limit);
  const index = catalog.state.uploads;
  const begin = listingKey(bucket, prefix);
  const uploads: ListedUpload[] = [];
  const commonPrefixes: string[] = [];
  let from = startOf(bucket, options);
  let nextKeyMarker: string | undefined;
  let nextUploadIdMarker: string | undefined;
  while (from !== undefined && limit > 0) {
    const slot = index.firstAtOrAfter(from);
    if (slot < 0 || !index.keyStartsWith(slot, begin)) break;
    const { key, version } = decodeUploadKey(index.keyView(slot));
    if (uploads.length + commonPrefixes.length === limit) {
      return { uploads, commonPrefixes, truncated: true, nextKeyMarker, nextUploadIdMarker };
    }
    const common = commonPrefixOf(key, prefix, delimiter);
    if (common === undefined) {
      uploads.push({ key, ...uploadAt(index, slot, version) });
      [nextKeyMarker, nextUploadIdMarker] = [key, uploadIdOf(version)];
      from = afterUpload(bucket, key, version);
    } else {
      commonPrefixes.push(common);
      [nextKeyMarker, nextUploadIdMarker] = [common, undefined];
      from = afterPrefix(listingKey(bucket, common));
    }
  }
  const end = { nextKeyMarker: undefined, nextUploadIdMarker: undefined };
  return { uploads, commonPrefixes, truncated: false, ...end };
}

function startOf(bucket: string, options: ListUploadsOptions): Uint8Array | undefined {
  const { prefix = '', delimiter = '', keyMarker = '', uploadIdMarker = '' } = options;
  const begin = listingKey(bucket, prefix);
  if (keyMarker === '') return begin;
  const version = uploadVersionOf(uploadIdMarker);
  let after = afterKey(bucket, keyMarker);
  if (version !== undefined) after = afterUpload(bucket, keyMarker, version);
  if (Buffer.compare(after, begin) < 0) return begin;
  if (!keyMarker.startsWith(prefix)) return after;
  const common = commonPrefixOf(keyMarker, prefix, delimiter);
  return common === undefined ? after : afterPrefix(listingKey(bucket, common));
}

function afterUpload(bucket: string, key: string, version: number): Uint8Array {
  const scratch = new Uint8Array(3 * (bucket.length + key.length) + 16);
  return scratch.slice(0, encodeUploadKeyInto(scratch, bucket, key, version + 1));
}
