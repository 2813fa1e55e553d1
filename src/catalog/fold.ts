import type { Commit } from '../format/commit.js';
import { bucketPrefix, encodeVersionKeyInto } from '../format/key-encoding.js';
import type {
  CreateBucket,
  CreateUpload,
  DeleteBucket,
  Ends,
  Mutation,
  PutObject,
  PutPart,
} from '../format/mutation.js';
import type { ObjectIndex } from '../index/object-index.js';
import { type CatalogState, keyScratch } from './catalog.js';
import {
  decodeUploadKey,
  encodePartKeyInto,
  encodeUploadKeyInto,
  partPrefixBytes,
} from './upload-keys.js';

const noEtag = new Uint8Array(16);

/** Where a mutation stands: its record, its place in it, its version and time. */
interface Place {
  readonly sequence: number;
  readonly mutation: number;
  readonly version: number;
  readonly timeMs: number;
}

/**
 * The fold (SPEC.md §8): inserts what each mutation creates and removes exactly what it ends.
 * Whatever it ends that is not there, and whatever belongs to a bucket or an upload that is not
 * there, is passed over: compaction drops records that others still name.
 */
export function applyCommit(state: CatalogState, commit: Commit, sequence: number): void {
  for (let index = 0; index < commit.mutations.length; index++) {
    const mutation = commit.mutations[index];
    if (mutation === undefined) continue;
    applyMutation(state, mutation, {
      sequence,
      mutation: index,
      version: commit.version + index,
      timeMs: commit.timeUnixMs,
    });
  }
}

function applyMutation(state: CatalogState, mutation: Mutation, place: Place): void {
  switch (mutation.is) {
    case 'putObject':
      putObject(state, mutation, place);
      break;
    case 'deleteObject':
      removeVersions(state.objects, mutation.bucket, mutation.key, mutation.ends);
      break;
    case 'createBucket':
      createBucket(state, mutation, place);
      break;
    case 'deleteBucket':
      deleteBucket(state, mutation);
      break;
    case 'createUpload':
      createUpload(state, mutation, place);
      break;
    case 'putPart':
      putPart(state, mutation, place);
      break;
    case 'abortUpload': {
      const { bucket, key, uploadVersion, ends } = mutation;
      // A stub may end a replaced part alone. With the upload go all its parts.
      const isEnd = endedVersions(ends).has(uploadVersion);
      removeParts(state.parts, uploadVersion, isEnd ? undefined : ends);
      if (!isEnd) break;
      state.uploads.remove(keyScratch, encodeUploadKeyInto(keyScratch, bucket, key, uploadVersion));
    }
  }
}

function putObject(state: CatalogState, put: PutObject, place: Place): void {
  const { bucket, key, object } = put;
  removeVersions(state.objects, bucket, key, put.ends);
  const { uploadVersion } = object;
  if (uploadVersion !== 0) {
    // Parts that the object has leave with those that it has not: they live on through it.
    const length = encodeUploadKeyInto(keyScratch, bucket, key, uploadVersion);
    if (state.uploads.remove(keyScratch, length)) removeParts(state.parts, uploadVersion);
  }
  if (state.buckets.get(bucket)?.version !== put.bucketVersion) return;
  if (object.expiresUnixMs !== 0) state.someExpire = true;
  const length = encodeVersionKeyInto(keyScratch, bucket, key, place.version);
  state.objects.insert(
    keyScratch,
    {
      sequence: place.sequence,
      mutation: place.mutation,
      sizeBytes: object.sizeBytes,
      timeMs: place.timeMs,
      expiresMs: object.expiresUnixMs,
      flags: 0,
      partCount: object.partCount,
      etag: object.etag,
      sha256: object.sha256 ?? undefined,
    },
    length,
  );
}

function createBucket(state: CatalogState, created: CreateBucket, place: Place): void {
  const { bucket: name, owner, region, flags } = created;
  const { sequence, mutation, version, timeMs: timeUnixMs } = place;
  const bucket = { name, version, timeUnixMs, owner, region, flags, sequence, mutation };
  state.buckets.set(name, bucket);
}

/** Its uploads end with it: a bucket that is deleted holds no objects, but may hold uploads. */
function deleteBucket(state: CatalogState, { bucket, ends }: DeleteBucket): void {
  const ended = endedVersions(ends);
  if (ended.has(state.buckets.get(bucket)?.version ?? 0)) state.buckets.delete(bucket);
  const prefix = bucketPrefix(bucket);
  const uploadKeys: Uint8Array[] = [];
  state.uploads.scan(prefix, (slot) => {
    if (!state.uploads.keyStartsWith(slot, prefix)) return false;
    const uploadKey = state.uploads.key(slot);
    if (ended.has(decodeUploadKey(uploadKey).version)) uploadKeys.push(uploadKey);
    return true;
  });
  for (const uploadKey of uploadKeys) {
    state.uploads.remove(uploadKey);
    removeParts(state.parts, decodeUploadKey(uploadKey).version, ends);
  }
}

function createUpload(state: CatalogState, upload: CreateUpload, place: Place): void {
  const { bucket, key, bucketVersion } = upload;
  if (state.buckets.get(bucket)?.version !== bucketVersion) return;
  const length = encodeUploadKeyInto(keyScratch, bucket, key, place.version);
  const { sequence, mutation, timeMs } = place;
  const flags = upload.checksumAlgorithm | (upload.checksumType << 8);
  const entry = { sequence, mutation, timeMs, flags, sizeBytes: 0, expiresMs: 0, partCount: 0 };
  state.uploads.insert(keyScratch, { ...entry, etag: noEtag, sha256: undefined }, length);
}

function putPart(state: CatalogState, put: PutPart, place: Place): void {
  const { bucket, key, part } = put;
  const uploadLength = encodeUploadKeyInto(keyScratch, bucket, key, put.uploadVersion);
  if (state.uploads.find(keyScratch, uploadLength) < 0) return;
  const length = encodePartKeyInto(keyScratch, put.uploadVersion, put.partNumber);
  // One part of a number: what stands there is what this one ends, or came before that.
  state.parts.remove(keyScratch, length);
  state.parts.insert(
    keyScratch,
    {
      sequence: place.sequence,
      mutation: place.mutation,
      sizeBytes: part.sizeBytes,
      timeMs: place.timeMs,
      expiresMs: place.version,
      flags: 0,
      partCount: 0,
      etag: part.md5,
      sha256: part.sha256,
    },
    length,
  );
}

function removeVersions(objects: ObjectIndex, bucket: string, key: string, ends: Ends): void {
  for (let at = 2; at < ends.length; at += 3) {
    const length = encodeVersionKeyInto(keyScratch, bucket, key, ends[at] ?? 0);
    objects.remove(keyScratch, length);
  }
}

/** Of one upload: the parts that `ends` lists, or all of them. */
function removeParts(parts: ObjectIndex, uploadVersion: number, ends?: Ends): void {
  const ended = ends === undefined ? undefined : endedVersions(ends);
  const prefix = new Uint8Array(partPrefixBytes + 4);
  encodePartKeyInto(prefix, uploadVersion, 0);
  const partKeys: Uint8Array[] = [];
  parts.scan(prefix, (slot) => {
    if (!parts.keyStartsWith(slot, prefix, partPrefixBytes)) return false;
    if (ended === undefined || ended.has(parts.expiresAt(slot))) partKeys.push(parts.key(slot));
    return true;
  });
  for (const partKey of partKeys) parts.remove(partKey);
}

function endedVersions(ends: Ends): Set<number> {
  const versions = new Set<number>();
  for (let at = 2; at < ends.length; at += 3) versions.add(ends[at] ?? 0);
  return versions;
}
