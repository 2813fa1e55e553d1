import { LogStoreError } from '../base/errors.js';
import { encodeKeyPrefixInto } from '../format/key-encoding.js';
import type { Ends } from '../format/mutation.js';
import type { ObjectIndex } from '../index/object-index.js';
import { bucketOf, type Catalog } from './catalog.js';
import { checkKey } from './keys.js';
import type { PendingCommit } from './pending.js';
import { type CatalogState, keyScratch } from './state.js';
import {
  encodePartKeyInto,
  encodeUploadKeyInto,
  partNumberOf,
  partPrefixBytes,
} from './upload-keys.js';

/** An open upload, as the index has it. */
export interface OpenUpload {
  readonly version: number;
  readonly sequence: number;
  readonly mutation: number;
  readonly timeUnixMs: number;
  /** Numbers of SPEC.md §4; 0 none. */
  readonly checksumAlgorithm: number;
  readonly checksumType: number;
}

/** A part of an open upload, as the index has it. */
export interface OpenPart {
  readonly number: number;
  readonly version: number;
  readonly sequence: number;
  readonly mutation: number;
  readonly sizeBytes: number;
  readonly timeUnixMs: number;
  readonly md5: Uint8Array;
  readonly sha256: Uint8Array;
}

/** 16 hex digits of the upload's version. */
export function uploadIdOf(uploadVersion: number): string {
  return uploadVersion.toString(16).padStart(16, '0');
}

/** The version that an upload id stands for, whether or not there is such an upload. */
export function uploadVersionOf(uploadId: string): number | undefined {
  if (!/^[0-9a-f]{16}$/.test(uploadId)) return undefined;
  const version = Number.parseInt(uploadId, 16);
  return Number.isSafeInteger(version) && version > 0 ? version : undefined;
}

/** @throws LogStoreError `NO_SUCH_BUCKET`, `NO_SUCH_UPLOAD`, `UNCERTAIN` */
export function openUpload(
  catalog: Catalog,
  bucket: string,
  key: string,
  uploadId: string,
): OpenUpload {
  bucketOf(catalog, bucket);
  checkKey(key);
  const version = uploadVersionOf(uploadId);
  const { uploads } = catalog.state;
  const slot =
    version === undefined
      ? -1
      : uploads.find(keyScratch, encodeUploadKeyInto(keyScratch, bucket, key, version));
  if (catalog.lost.any) {
    const length = encodeKeyPrefixInto(keyScratch, bucket, key);
    catalog.lost.check(keyScratch.slice(0, length), slot < 0 ? 0 : uploads.sequenceAt(slot));
  }
  if (version === undefined || slot < 0) throw noSuchUpload();
  return uploadAt(uploads, slot, version);
}

export function uploadAt(uploads: ObjectIndex, slot: number, version: number): OpenUpload {
  const flags = uploads.flagsAt(slot);
  return {
    version,
    sequence: uploads.sequenceAt(slot),
    mutation: uploads.mutationAt(slot),
    timeUnixMs: uploads.timeAt(slot),
    checksumAlgorithm: flags & 0xff,
    checksumType: flags >>> 8,
  };
}

export function noSuchUpload(): LogStoreError {
  return new LogStoreError('NO_SUCH_UPLOAD', 'there is no such upload; it may have ended');
}

/** Visits the parts of an upload above `afterNumber` in order, until `visit` says false. */
export function scanParts(
  { parts }: CatalogState,
  uploadVersion: number,
  afterNumber: number,
  visit: (part: OpenPart) => boolean,
): void {
  const from = new Uint8Array(partPrefixBytes + 4);
  encodePartKeyInto(from, uploadVersion, afterNumber + 1);
  parts.scan(from, (slot) => {
    if (!parts.keyStartsWith(slot, from, partPrefixBytes)) return false;
    return visit(partAt(parts, slot));
  });
}

export function findPart(
  { parts }: CatalogState,
  uploadVersion: number,
  partNumber: number,
): OpenPart | undefined {
  const slot = parts.find(keyScratch, encodePartKeyInto(keyScratch, uploadVersion, partNumber));
  return slot < 0 ? undefined : partAt(parts, slot);
}

function partAt(parts: ObjectIndex, slot: number): OpenPart {
  const { sequence, mutation, sizeBytes, timeMs, expiresMs, etag, sha256 } = parts.entry(slot);
  return {
    number: partNumberOf(parts.keyView(slot)),
    ...{ version: expiresMs, sequence, mutation, sizeBytes, timeUnixMs: timeMs, md5: etag },
    sha256: sha256 ?? new Uint8Array(32),
  };
}

/**
 * What a part that is admitted now ends.
 * @returns or what to wait for, then to look again
 * @throws LogStoreError `NO_SUCH_BUCKET`, `NO_SUCH_UPLOAD`
 */
export function admitPart(
  catalog: Catalog,
  bucket: string,
  key: string,
  uploadId: string,
  partNumber: number,
): Ends | PendingCommit {
  const blocker = catalog.pending.ofBucket(bucket);
  if (blocker !== undefined) return blocker;
  const version = uploadVersionOf(uploadId) ?? 0;
  const { pending } = catalog;
  const underWay = pending.ofUpload(version, 'end') ?? pending.ofPart(version, partNumber);
  if (underWay !== undefined) return underWay;
  openUpload(catalog, bucket, key, uploadId);
  const part = findPart(catalog.state, version, partNumber);
  return part === undefined ? [] : [part.sequence, part.mutation, part.version];
}

/** What stands in the way of ending an upload now. */
export function blockerOfEnd(
  catalog: Catalog,
  bucket: string,
  uploadId: string,
): PendingCommit | undefined {
  const version = uploadVersionOf(uploadId) ?? 0;
  return catalog.pending.ofBucket(bucket) ?? catalog.pending.ofUpload(version, 'any');
}

/** The upload and its parts; those whose numbers are in `kept` live on in the object. */
export function endsOfUpload(
  state: CatalogState,
  upload: OpenUpload,
  kept?: ReadonlySet<number>,
): number[] {
  const ends = [upload.sequence, upload.mutation, upload.version];
  scanParts(state, upload.version, 0, (part) => {
    if (kept?.has(part.number) !== true) ends.push(part.sequence, part.mutation, part.version);
    return true;
  });
  return ends;
}
