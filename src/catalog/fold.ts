import { checksumKindNumber } from '../format/checksum-numbers.js';
import type { Commit } from '../format/commit.js';
import { encryptionMethods } from '../format/encryption.js';
import { bucketPrefix, encodeVersionKeyInto } from '../format/key-encoding.js';
import {
  type ConfigureBucket,
  type CreateBucket,
  type CreateUpload,
  type DeleteBucket,
  type Ends,
  type Mutation,
  objectFlags,
  type PutObject,
  type PutPart,
  type SetAccess,
} from '../format/mutation.js';
import type { ObjectState } from '../format/object-state.js';
import type { ObjectIndex } from '../index/object-index.js';
import { noConfigurations, versioningOf } from './configurations.js';
import { flagsOfState } from './object-states.js';
import { accessId, type CatalogState, keyScratch } from './state.js';
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
      removeVersions(state, mutation.bucket, mutation.key, mutation.ends);
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
    case 'configureBucket':
      configureBucket(state, mutation, place);
      break;
    case 'setObjectState': {
      const { bucket, key, version } = mutation;
      setState(state, bucket, key, version, mutation.state, place);
      break;
    }
    case 'setAccess':
      setAccess(state, mutation, place);
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
  removeVersions(state, bucket, key, put.ends);
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
      flags: object.flags,
      partCount: object.partCount,
      checksumKind: checksumKindNumber(object.checksums),
      etag: object.etag,
      sha256: isFoundByContent(object) ? (object.sha256 ?? undefined) : undefined,
    },
    length,
  );
  if (object.state !== undefined) setState(state, bucket, key, place.version, object.state, place);
}

/** Nobody looks for a delete marker by its content; what a customer's key opens, nobody may. */
function isFoundByContent({ flags, encryption }: PutObject['object']): boolean {
  return (flags & objectFlags.marker) === 0 && encryption?.method !== encryptionMethods.customer;
}

/** The state of one version, in the place of what was said of it before. */
function setState(
  { objects, states }: CatalogState,
  bucket: string,
  key: string,
  ofVersion: number,
  state: ObjectState,
  place: Place,
): void {
  const length = encodeVersionKeyInto(keyScratch, bucket, key, ofVersion);
  if (objects.find(keyScratch, length) < 0) return;
  states.remove(keyScratch, length);
  states.insert(
    keyScratch,
    {
      sequence: place.sequence,
      mutation: place.mutation,
      sizeBytes: state.retainUntilMs,
      timeMs: place.timeMs,
      expiresMs: place.version,
      flags: flagsOfState(state),
      partCount: state.tags.length / 2,
      checksumKind: 0,
      etag: noEtag,
      sha256: undefined,
    },
    length,
  );
}

function configureBucket(state: CatalogState, set: ConfigureBucket, place: Place): void {
  const bucket = state.buckets.get(set.bucket);
  if (bucket?.version !== set.bucketVersion) return;
  const { name, value } = set;
  const configurations = new Map(bucket.configurations);
  if (endedVersions(set.ends).has(configurations.get(name)?.version ?? 0)) {
    configurations.delete(name);
  }
  if (value !== null) {
    const { sequence, mutation, version, timeMs: timeUnixMs } = place;
    configurations.set(name, { value, version, timeUnixMs, sequence, mutation });
  }
  const versioning = versioningOf(configurations);
  state.buckets.set(set.bucket, { ...bucket, configurations, versioning });
}

function setAccess({ access }: CatalogState, set: SetAccess, place: Place): void {
  const { kind, name, value, ends } = set;
  const id = accessId(kind, name);
  if (endedVersions(ends).has(access.get(id)?.version ?? 0)) access.delete(id);
  if (value === null) return;
  const { sequence, mutation, version, timeMs: timeUnixMs } = place;
  access.set(id, { kind, name, value, version, timeUnixMs, sequence, mutation });
}

function createBucket(state: CatalogState, created: CreateBucket, place: Place): void {
  const { bucket: name, owner, region, flags } = created;
  const { sequence, mutation, version, timeMs: timeUnixMs } = place;
  state.buckets.set(name, {
    ...{ name, version, timeUnixMs, owner, region, flags, sequence, mutation },
    ...{ configurations: noConfigurations, versioning: 'off' },
  });
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
  const none = { sizeBytes: 0, expiresMs: 0, partCount: 0, checksumKind: 0 };
  const entry = { sequence, mutation, timeMs, flags, ...none, etag: noEtag, sha256: undefined };
  state.uploads.insert(keyScratch, entry, length);
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
      checksumKind: 0,
      etag: part.md5,
      sha256: part.sha256,
    },
    length,
  );
}

function removeVersions(
  { objects, states }: CatalogState,
  bucket: string,
  key: string,
  ends: Ends,
): void {
  for (let at = 2; at < ends.length; at += 3) {
    const length = encodeVersionKeyInto(keyScratch, bucket, key, ends[at] ?? 0);
    if (objects.remove(keyScratch, length) && states.count > 0) states.remove(keyScratch, length);
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
