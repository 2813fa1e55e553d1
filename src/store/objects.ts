import { LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import { limits } from '../base/limits.js';
import type { Catalog } from '../catalog/catalog.js';
import type { WriteCondition } from '../catalog/conditions.js';
import { checkKey } from '../catalog/keys.js';
import {
  admitWrite,
  bucketOf,
  hasExpired,
  noSuchKey,
  standingOf,
  versionSlot,
} from '../catalog/objects.js';
import { PendingCommit } from '../catalog/pending.js';
import { decodeVersionKey } from '../format/key-encoding.js';
import type { Ends, ObjectRecord } from '../format/mutation.js';
import type { LogPin } from '../log/types.js';
import { type AttributeFields, attributeFields } from './attributes.js';
import { type BodyReader, bodyOf } from './body-reader.js';
import { type BodyWriter, inlineBody, type WrittenBody } from './body-writer.js';
import { checksumField } from './checksum-numbers.js';
import { type Commits, putObjectAt, type RecordSource, type StoredCommit } from './commits.js';
import type { Committer } from './committer.js';
import { checkDigests, digestPlan, keptChecksum } from './expected-digests.js';
import { objectInfo } from './object-info.js';
import { type ReaderRegistry, rangeOf, StoredObjectReader } from './object-reader.js';
import type {
  BodySource,
  DeleteResult,
  GetOptions,
  ObjectInfo,
  ObjectReader,
  PutOptions,
} from './types.js';

/** The current version of an object as its commit tells of it. */
export interface FoundObject {
  readonly info: ObjectInfo;
  readonly record: ObjectRecord;
  readonly stored: StoredCommit;
  readonly sequence: number;
  readonly mutation: number;
}

/** Told of an expired object that somebody met, so that its removal can be logged. */
export type OnExpired = (bucket: string, key: string) => void;

const noChecksums: ObjectRecord['checksums'] = Object.freeze([]);
const noEnds: Ends = Object.freeze([]);
const noParts: readonly number[] = Object.freeze([]);

/** The verbs of single objects. */
export class Objects {
  constructor(
    private readonly catalog: Catalog,
    private readonly committer: Committer,
    private readonly commits: Commits,
    private readonly writer: BodyWriter,
    private readonly reader: BodyReader,
    private readonly registry: ReaderRegistry,
    private readonly onExpired: OnExpired,
  ) {}

  put(bucket: string, key: string, body: BodySource, options: PutOptions): Promise<ObjectInfo> {
    if (!(body instanceof Uint8Array && body.length <= limits.inlineBodyBytesMax)) {
      return this.#putStream(bucket, key, body, options);
    }
    try {
      this.#checkTarget(bucket, key);
      if (options.signal?.aborted === true) throw new LogStoreError('ABORTED', 'given up before');
      const attributes = attributeFields(options);
      const plan = digestPlan(options);
      const written = inlineBody(body, plan);
      checkDigests(options, plan, written.digests);
      const record = this.newRecord(written, attributes, plan);
      return this.commitPut(bucket, key, record, options, written.inlineBody);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #putStream(
    bucket: string,
    key: string,
    body: BodySource,
    options: PutOptions,
  ): Promise<ObjectInfo> {
    this.#checkTarget(bucket, key);
    const attributes = attributeFields(options);
    // A condition that fails already is told before the body is taken; it is asked again after.
    const early = admitWrite(this.catalog, bucket, key, options, this.committer.nowUnixMs());
    if (early instanceof Promise) return early;
    const plan = digestPlan(options);
    const inlineBytesMax = limits.inlineBodyBytesMax;
    const written = await this.writer.write(body, plan, { signal: options.signal, inlineBytesMax });
    try {
      checkDigests(options, plan, written.digests);
      const record = this.newRecord(written, attributes, plan);
      return await this.commitPut(bucket, key, record, options, written.inlineBody, () => {
        written.checkStored();
        return noEnds;
      });
    } finally {
      written.release();
    }
  }

  /** An object's record but for its expiry, which counts from its commit. */
  newRecord(
    { digests, runs }: WrittenBody,
    attributes: AttributeFields,
    plan: Parameters<typeof keptChecksum>[0],
  ): { record: ObjectRecord; ttlMs: number } {
    const { sizeBytes, md5, sha256 } = digests;
    invariant(sha256 !== undefined, 'every body is hashed');
    const checksum = keptChecksum(plan, digests);
    const record: ObjectRecord = {
      sizeBytes,
      etag: md5 ?? sha256.subarray(0, 16),
      partCount: 0,
      sha256,
      partsRoot: null,
      checksums: checksum === undefined ? noChecksums : [checksumField(checksum)],
      runs,
      parts: noParts,
      headers: attributes.headers,
      metadata: attributes.metadata,
      expiresUnixMs: 0,
      salt: this.committer.salt(),
      uploadVersion: 0,
      flags: 0,
    };
    return { record, ttlMs: attributes.ttlMs };
  }

  /**
   * @param alsoEnds asked in the turn of the commit, for what it ends beside the version before;
   *   a PendingCommit says when to ask again
   */
  commitPut(
    bucket: string,
    key: string,
    { record, ttlMs }: { readonly record: ObjectRecord; readonly ttlMs: number },
    condition: WriteCondition,
    inlineBytes: Uint8Array | undefined,
    alsoEnds?: () => Ends | PendingCommit,
  ): Promise<ObjectInfo> {
    return this.committer.admit(() => {
      const blocker = this.catalog.pending.ofBucket(bucket);
      if (blocker !== undefined) return blocker;
      const bucketVersion = bucketOf(this.catalog, bucket).version;
      const nowMs = this.committer.nowUnixMs();
      const others = alsoEnds?.();
      if (others instanceof PendingCommit) return others;
      const admitted = admitWrite(this.catalog, bucket, key, condition, nowMs);
      if (admitted instanceof Promise) return admitted;
      const ends = others === undefined ? admitted : [...admitted, ...others];
      const object = ttlMs === 0 ? record : { ...record, expiresUnixMs: nowMs + ttlMs };
      return this.committer.commit(
        nowMs,
        [{ is: 'putObject', bucket, key, bucketVersion, ends, object }],
        infoOfPut,
        inlineBytes,
      );
    });
  }

  /** @throws LogStoreError `NO_SUCH_BUCKET`, `NO_SUCH_KEY`, `UNCERTAIN`, `RECORD_CORRUPT` */
  find(bucket: string, key: string, from?: RecordSource): FoundObject | Promise<FoundObject> {
    const slot = this.#slotOf(bucket, key);
    const { objects } = this.catalog.state;
    const sequence = objects.sequenceAt(slot);
    const mutation = objects.mutationAt(slot);
    const version = objects.versionAt(slot);
    const cached = this.commits.cached(sequence);
    if (cached !== undefined) return foundIn(cached, bucket, key, sequence, mutation, version);
    return this.commits
      .read(sequence, from)
      .then((stored) => foundIn(stored, bucket, key, sequence, mutation, version));
  }

  async head(bucket: string, key: string): Promise<ObjectInfo> {
    return (await this.find(bucket, key)).info;
  }

  async get(bucket: string, key: string, options: GetOptions): Promise<ObjectReader> {
    // Before the key is looked up: what it leads to stays readable from here on.
    const pin = this.reader.pin();
    try {
      return this.#open(await this.find(bucket, key, pin), options, pin);
    } catch (error) {
      pin.release();
      throw error;
    }
  }

  #open(found: FoundObject, options: GetOptions, pin: LogPin): ObjectReader {
    const { info, record, stored, sequence } = found;
    const range = rangeOf(info, options);
    const body = bodyOf(record, sequence, stored);
    return new StoredObjectReader(info, range, body, this.reader, this.registry, pin);
  }

  /** A small object in the cache costs one look-up and one copy. */
  async getBytes(bucket: string, key: string): Promise<Uint8Array> {
    const slot = this.#slotOf(bucket, key);
    const { objects } = this.catalog.state;
    const stored = this.commits.cached(objects.sequenceAt(slot));
    const sizeBytes = objects.sizeAt(slot);
    if (stored !== undefined && sizeBytes > 0 && stored.inlineBody.length === sizeBytes) {
      return stored.inlineBody.slice();
    }
    return (await this.get(bucket, key, {})).bytes();
  }

  async getBySha256(sha256: Uint8Array): Promise<ObjectReader> {
    if (!(sha256 instanceof Uint8Array) || sha256.length !== 32) {
      throw new LogStoreError('INVALID_ARGUMENT', 'a SHA-256 has 32 bytes');
    }
    const { objects } = this.catalog.state;
    const nowMs = this.committer.nowUnixMs();
    let name: { bucket: string; key: string } | undefined;
    objects.scanContent(sha256, (slot) => {
      if (!hasExpired(objects.expiresAt(slot), nowMs)) name = decodeVersionKey(objects.key(slot));
      return name === undefined;
    });
    if (name === undefined) {
      this.catalog.lost.checkAll();
      throw new LogStoreError('NO_SUCH_KEY', 'no object has this content');
    }
    const found = await this.get(name.bucket, name.key, {});
    const { sha256: foundSha256 } = found.info;
    if (foundSha256 !== undefined && Buffer.compare(foundSha256, sha256) === 0) return found;
    await found[Symbol.asyncDispose]();
    throw new LogStoreError('NO_SUCH_KEY', 'no object has this content any more');
  }

  delete(bucket: string, key: string, condition: WriteCondition): Promise<DeleteResult> {
    return this.committer.admit(() => {
      checkKey(key);
      const blocker = this.catalog.pending.ofBucket(bucket);
      if (blocker !== undefined) return blocker;
      bucketOf(this.catalog, bucket);
      if (condition.ifAbsent === true) {
        throw new LogStoreError('INVALID_ARGUMENT', 'what is absent cannot be deleted');
      }
      const nowMs = this.committer.nowUnixMs();
      const { etag, ends, pending } = standingOf(this.catalog, bucket, key, nowMs);
      if (etag === undefined) {
        // Nothing to delete, as S3 has it also under If-Match. True once its removal is durable.
        const nothing = { removed: false };
        if (pending === undefined) return Promise.resolve(this.#certainlyAbsent(bucket, key));
        return pending.settled.then(() => nothing);
      }
      const admitted = admitWrite(this.catalog, bucket, key, condition, nowMs);
      if (admitted instanceof Promise) return admitted;
      return this.committer.commit(
        nowMs,
        [{ is: 'deleteObject', bucket, key, ends, reason: 0 }],
        () => ({ removed: true }),
      );
    });
  }

  #certainlyAbsent(bucket: string, key: string): DeleteResult {
    if (this.catalog.lost.any) versionSlot(this.catalog, bucket, key);
    return { removed: false };
  }

  #slotOf(bucket: string, key: string): number {
    const slot = versionSlot(this.catalog, bucket, key);
    if (slot < 0) throw noSuchKey(key);
    const expiresMs = this.catalog.state.objects.expiresAt(slot);
    if (expiresMs !== 0 && hasExpired(expiresMs, this.committer.nowUnixMs())) {
      this.onExpired(bucket, key);
      throw noSuchKey(key);
    }
    return slot;
  }

  #checkTarget(bucket: string, key: string): void {
    checkKey(key);
    if (this.catalog.pending.ofBucket(bucket) === undefined) bucketOf(this.catalog, bucket);
  }
}

function foundIn(
  stored: StoredCommit,
  bucket: string,
  key: string,
  sequence: number,
  mutation: number,
  version: number,
): FoundObject {
  const { object: record } = putObjectAt(stored, sequence, mutation, version);
  const info = objectInfo(bucket, key, version, stored.commit.timeUnixMs, record);
  return { info, record, stored, sequence, mutation };
}

function infoOfPut({ mutations, version, timeUnixMs }: PendingCommit): ObjectInfo {
  const [put] = mutations;
  invariant(put?.is === 'putObject', 'the answer is to a put');
  return objectInfo(put.bucket, put.key, version, timeUnixMs, put.object);
}
