import { LogStoreError } from '../base/errors.js';
import { limits } from '../base/limits.js';
import { bucketPrefix, decodeVersionKey } from '../format/key-encoding.js';
import type { Mutation } from '../format/mutation.js';
import { bucketOf, type Catalog, versioningIn } from './catalog.js';
import { checkBucketName } from './keys.js';
import { endsOfUpload, type OpenUpload, uploadAt } from './multipart.js';
import { lockOn, stateFactsOf } from './object-states.js';
import { endOf } from './objects.js';
import type { PendingCommit } from './pending.js';
import type { CatalogState } from './state.js';
import { decodeUploadKey } from './upload-keys.js';
import { hasExpired } from './versions.js';

/** Numbers that a bucket's deletion lists of uploads and parts, at most: some 3 MB of them. */
const bucketEndsMax = 300_000;

/**
 * Admission of what changes buckets. A PendingCommit for an answer says: look again once that has
 * settled, as the answer rests on it.
 * @throws LogStoreError `INVALID_BUCKET_NAME`, `BUCKET_EXISTS`, `UNCERTAIN`
 */
export function admitCreateBucket(
  catalog: Catalog,
  bucket: string,
  owner: string | null,
): Mutation | PendingCommit {
  checkBucketName(bucket);
  const pending = catalog.pending.ofBucket(bucket);
  if (pending !== undefined) return pending;
  if (catalog.state.buckets.has(bucket)) {
    throw new LogStoreError('BUCKET_EXISTS', `there is a bucket ${bucket}`);
  }
  return { is: 'createBucket', bucket, owner, region: null, flags: 0 };
}

/**
 * The deletion of an empty bucket with the uploads that are open in it. Expired objects go in the
 * same commit; if there are too many for one, the answer is a commit of theirs alone.
 * @throws LogStoreError `NO_SUCH_BUCKET`, `BUCKET_NOT_EMPTY`, `UNCERTAIN`
 */
export function admitDeleteBucket(
  catalog: Catalog,
  name: string,
  nowMs: number,
  goes: (key: string) => boolean = () => false,
): readonly Mutation[] | PendingCommit {
  const { pending } = catalog;
  const hasVersions = versioningIn(catalog, name) !== 'off';
  const underWay =
    pending.ofBucket(name) ?? pending.ofUploadsIn(name) ?? pending.ofObjectsIn(name, hasVersions);
  if (underWay !== undefined) return underWay;
  const bucket = bucketOf(catalog, name);
  const expired = expiredIn(catalog, name, nowMs, goes);
  if (expired.length >= limits.transactionMutationsMax) return expired;
  const ends = [bucket.sequence, bucket.mutation, bucket.version];
  for (const upload of uploadsIn(catalog.state, name)) {
    ends.push(...endsOfUpload(catalog.state, upload));
    if (ends.length > bucketEndsMax) {
      throw new LogStoreError('BUCKET_NOT_EMPTY', 'too many uploads are open; abort them first');
    }
  }
  return [...expired, { is: 'deleteBucket', bucket: name, ends }];
}

/** Removals of the expired objects of a bucket that holds no others; as many as a commit takes. */
function expiredIn(
  catalog: Catalog,
  bucket: string,
  nowMs: number,
  goes: (key: string) => boolean,
): Mutation[] {
  const { objects } = catalog.state;
  const prefix = bucketPrefix(bucket);
  const ofVersions = new Map<string, number[]>();
  const mayGo = versioningIn(catalog, bucket) === 'off';
  objects.scan(prefix, (slot) => {
    if (!objects.keyStartsWith(slot, prefix)) return false;
    const { key } = decodeVersionKey(objects.keyView(slot));
    if (mayGo && goes(key)) return true;
    // What is under way here is a removal: puts under way were waited for.
    if (catalog.pending.ofObject(bucket, key) !== undefined) return true;
    const version = objects.versionAt(slot);
    const lock = lockOn(stateFactsOf(catalog.state, bucket, key, version), 0, false);
    if (!hasExpired(objects.expiresAt(slot), nowMs) || lock !== undefined) {
      throw new LogStoreError('BUCKET_NOT_EMPTY', `the bucket ${bucket} holds objects`);
    }
    ofVersions.set(key, [...(ofVersions.get(key) ?? []), ...endOf(objects, slot)]);
    return ofVersions.size < limits.transactionMutationsMax;
  });
  const removals: Mutation[] = [];
  for (const [key, ends] of ofVersions) {
    removals.push({ is: 'deleteObject', bucket, key, ends, reason: 1 });
  }
  return removals;
}

function uploadsIn({ uploads }: CatalogState, bucket: string): OpenUpload[] {
  const prefix = bucketPrefix(bucket);
  const open: OpenUpload[] = [];
  uploads.scan(prefix, (slot) => {
    if (!uploads.keyStartsWith(slot, prefix)) return false;
    const { version } = decodeUploadKey(uploads.keyView(slot));
    open.push(uploadAt(uploads, slot, version));
    return true;
  });
  return open;
}
