import { createHash } from 'node:crypto';
import { LogStoreError } from '../base/errors.js';
import { bucketOf, type Catalog } from '../catalog/catalog.js';
import { etagText, refusalOf } from '../catalog/conditions.js';
import { checkKey } from '../catalog/keys.js';
import { lockOn, stateFactsOf } from '../catalog/object-states.js';
import { admitWrite, endOf, standingOf, versionSlot } from '../catalog/objects.js';
import { PendingCommit } from '../catalog/pending.js';
import type { Bucket } from '../catalog/state.js';
import { findVersion, hasExpired, isMarker, versionIdOf } from '../catalog/versions.js';
import { noHeaders, type ObjectRecord, objectFlags } from '../format/mutation.js';
import type { Committer } from './committer.js';
import type { LockTime } from './lock-time.js';
import type { DeleteOptions, DeleteResult } from './version-options.js';

const sha256OfNothing = createHash('sha256').digest();

/** What stands in the place of a deleted object, where older versions stay (SPEC.md §4). */
export function markerRecord(salt: Uint8Array): ObjectRecord {
  return {
    ...{ sizeBytes: 0, etag: sha256OfNothing.subarray(0, 16), partCount: 0 },
    ...{ sha256: sha256OfNothing, partsRoot: null, checksums: [], runs: [], parts: [] },
    ...{ headers: noHeaders, metadata: [], expiresUnixMs: 0, salt, uploadVersion: 0 },
    flags: objectFlags.marker,
  };
}

/** Removes objects, or says that they are deleted, or removes one version of them. */
export class Deletions {
  constructor(
    private readonly catalog: Catalog,
    private readonly committer: Committer,
    private readonly lockTime: LockTime,
  ) {}

  delete(bucket: string, key: string, options: DeleteOptions): Promise<DeleteResult> {
    return this.committer.admit(() => {
      checkKey(key);
      const blocker = this.catalog.pending.ofBucket(bucket);
      if (blocker !== undefined) return blocker;
      const inBucket = bucketOf(this.catalog, bucket);
      if (options.ifAbsent === true) {
        throw new LogStoreError('INVALID_ARGUMENT', 'what is absent cannot be deleted');
      }
      const { versionId } = options;
      if (versionId !== undefined) return this.#deleteVersion(bucket, key, versionId, options);
      if (inBucket.versioning !== 'off') return this.#mark(inBucket, key, options);
      return this.#deleteOnly(bucket, key, options);
    });
  }

  /** Where a key has one version. */
  #deleteOnly(
    bucket: string,
    key: string,
    options: DeleteOptions,
  ): Promise<DeleteResult> | PendingCommit {
    const nowMs = this.committer.nowUnixMs();
    const standing = standingOf(this.catalog, bucket, key, nowMs);
    if (standing instanceof PendingCommit) return standing;
    const { etag, pending } = standing;
    if (etag === undefined) return this.#nothingThere(bucket, key, pending);
    const ends = admitWrite(this.catalog, bucket, key, options, nowMs);
    if (ends instanceof Promise || ends instanceof PendingCommit) return ends;
    return this.committer.commit(
      nowMs,
      [{ is: 'deleteObject', bucket, key, ends, reason: 0, cause: options.cause }],
      ({ version }): DeleteResult => ({ removed: true, version }),
    );
  }

  /** Nothing to delete, as S3 has it also under If-Match. True once its removal is durable. */
  #nothingThere(
    bucket: string,
    key: string,
    pending: PendingCommit | undefined,
  ): Promise<DeleteResult> {
    if (pending !== undefined) return pending.settled.then(() => ({ removed: false }));
    if (this.catalog.lost.any) versionSlot(this.catalog, bucket, key);
    return Promise.resolve({ removed: false });
  }

  /** Where older versions stay: a delete marker is put above them, whether or not there are any. */
  #mark(
    bucket: Bucket,
    key: string,
    options: DeleteOptions,
  ): Promise<DeleteResult> | PendingCommit {
    const { name, versioning, version: bucketVersion } = bucket;
    const nowMs = this.committer.nowUnixMs();
    if (options.ifMatch !== undefined) {
      const standing = standingOf(this.catalog, name, key, nowMs);
      if (standing instanceof PendingCommit) return standing;
      if (standing.etag === undefined) return this.#nothingThere(name, key, standing.pending);
    }
    const ends = admitWrite(this.catalog, name, key, options, nowMs);
    if (ends instanceof Promise || ends instanceof PendingCommit) return ends;
    const marker = markerRecord(this.committer.salt());
    const flags = marker.flags | (versioning === 'enabled' ? objectFlags.versioned : 0);
    const object = { ...marker, flags };
    return this.committer.commit(
      nowMs,
      [{ is: 'putObject', bucket: name, key, bucketVersion, ends, object, cause: options.cause }],
      ({ version }): DeleteResult => {
        const made = { deleteMarker: true, versionId: versionIdOf(version, flags) };
        return { removed: true, version, ...made };
      },
    );
  }

  /** One version for good; what was under it is the newest then. */
  #deleteVersion(
    bucket: string,
    key: string,
    versionId: string,
    options: DeleteOptions,
  ): Promise<DeleteResult> | PendingCommit {
    const underWay = this.catalog.pending.ofObject(bucket, key);
    if (underWay !== undefined) return underWay.commit;
    const { state } = this.catalog;
    const { objects } = state;
    const nowMs = this.committer.nowUnixMs();
    const slot = findVersion(objects, bucket, key, versionId);
    if (slot < 0 || hasExpired(objects.expiresAt(slot), nowMs)) {
      if (this.catalog.lost.any) versionSlot(this.catalog, bucket, key);
      return Promise.resolve({ removed: false, versionId });
    }
    const deleteMarker = isMarker(objects, slot);
    const { etag, partCount, version } = objects.entry(slot);
    const ifMatch = deleteMarker ? undefined : etagText(etag, partCount);
    const refusal = refusalOf(options, ifMatch);
    if (refusal !== undefined) throw refusal;
    const bypass = options.bypassGovernance === true;
    const facts = stateFactsOf(state, bucket, key, version);
    const locked = lockOn(facts, this.lockTime.nowMs(), bypass);
    if (locked !== undefined) throw new LogStoreError('OBJECT_LOCKED', locked);
    const ends = endOf(objects, slot);
    return this.committer.commit(
      nowMs,
      [{ is: 'deleteObject', bucket, key, ends, reason: 0, cause: options.cause }],
      ({ version: removal }): DeleteResult => {
        return {
          ...{ removed: true, version: removal, versionId },
          ...(deleteMarker && { deleteMarker }),
        };
      },
    );
  }
}
