import { LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import { limits } from '../base/limits.js';
import { bucketOf, type Catalog, versioningIn } from '../catalog/catalog.js';
import type { WriteCondition } from '../catalog/conditions.js';
import { checkKey } from '../catalog/keys.js';
import { stateFactsOf } from '../catalog/object-states.js';
import { admitWrite, versionSlot } from '../catalog/objects.js';
import { PendingCommit } from '../catalog/pending.js';
import { placed } from '../catalog/placing.js';
import {
  hasExpired,
  isMarker,
  metMarker,
  noSuchKey,
  slotOfVersion,
  versionIdOf,
} from '../catalog/versions.js';
import { sealedEtag } from '../encryption/frame.js';
import { checksumField } from '../format/checksum-numbers.js';
import { encryptionMethods, sealedBytes } from '../format/encryption.js';
import { decodeVersionKey } from '../format/key-encoding.js';
import type { Ends, ObjectRecord } from '../format/mutation.js';
import { noState, type ObjectState } from '../format/object-state.js';
import type { LogPin } from '../log/types.js';
import { type AttributeFields, attributeFields } from './attributes.js';
import { type BodyReader, bodyOf } from './body-reader.js';
import { type BodyWriter, type InlineBody, inlineBody, type WrittenBody } from './body-writer.js';
import { type Commits, objectStateAt, type RecordSource } from './commits.js';
import type { Committer } from './committer.js';
import type { EncryptionOptions } from './encryption-types.js';
import type { Encryptions, ObjectSeal } from './encryptions.js';
import { checkDigests, digestPlan, keptChecksum } from './expected-digests.js';
import {
  type FoundObject,
  type FoundPlace,
  foundIn,
  infoOfPut,
  infoOfVersion,
} from './found-object.js';
import { type ReaderRegistry, rangeOf, StoredObjectReader } from './object-reader.js';
import { initialState } from './object-state.js';
import type {
  BodySource,
  GetOptions,
  HeadOptions,
  ObjectInfo,
  ObjectReader,
  PutOptions,
} from './object-types.js';
import type { CausedOptions, InitialState } from './version-options.js';

/** A version to be committed: its record but for its place, and what opens its body. */
export interface NewObject {
  readonly record: ObjectRecord;
  readonly ttlMs: number;
  readonly key?: Uint8Array | undefined;
  readonly origin?: 'copy' | 'post' | undefined;
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
    private readonly encryptions: Encryptions,
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
      const seal = this.sealOf(bucket, key, options);
      if (seal instanceof Promise) {
        return seal.then(() => this.#putStream(bucket, key, body, options)); // its key is known now
      }
      if (seal !== undefined && !fitsSealed(body)) {
        return this.#putStream(bucket, key, body, options);
      }
      const written = inlineBody(body, plan, seal?.key);
      checkDigests(options, plan, written.digests);
      const record = this.newRecord(written, attributes, plan, options, seal);
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
    const seal = await this.sealOf(bucket, key, options);
    const inlineBytesMax = limits.inlineBodyBytesMax;
    const { signal } = options;
    const written = await this.writer.write(body, plan, { signal, inlineBytesMax, key: seal?.key });
    try {
      checkDigests(options, plan, written.digests);
      const record = this.newRecord(written, attributes, plan, options, seal);
      return await this.commitPut(bucket, key, record, options, written.inlineBody, () => {
        written.checkStored();
        return noEnds;
      });
    } finally {
      written.release();
    }
  }

  /** What a new object's body is sealed with, if it is. @throws LogStoreError `NO_STORE_KEY` */
  sealOf(
    bucket: string,
    key: string,
    { encryption }: EncryptionOptions,
  ): ObjectSeal | Promise<ObjectSeal> | undefined {
    const wanted = this.encryptions.wanted(bucket, encryption);
    return wanted === undefined ? undefined : this.encryptions.seal(bucket, key, wanted);
  }

  /** The key of the body that was found. @throws LogStoreError as Encryptions.open */
  keyOf(
    { info, record }: FoundObject,
    customerKey: Uint8Array | undefined,
  ): Uint8Array | undefined {
    return this.encryptions.open(record.encryption, info.bucket, info.key, customerKey);
  }

  /** An object's record but for its expiry, which counts from its commit. */
  newRecord(
    { digests, runs }: WrittenBody,
    attributes: AttributeFields,
    plan: Parameters<typeof keptChecksum>[0],
    initial: InitialState & Pick<PutOptions, 'origin'>,
    seal: ObjectSeal | undefined,
  ): NewObject {
    const { sizeBytes, md5, sha256 } = digests;
    invariant(sha256 !== undefined, 'every body is hashed');
    const checksum = keptChecksum(plan, digests);
    const record: ObjectRecord = {
      sizeBytes,
      etag: isOfCustomer(seal) ? sealedEtag(seal.key, sha256) : (md5 ?? sha256.subarray(0, 16)),
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
      ...initialState(initial, this.committer.nowUnixMs()),
      ...(seal === undefined ? {} : { encryption: seal.field }),
    };
    const { origin } = initial;
    return { record, ttlMs: attributes.ttlMs, key: seal?.key, origin };
  }

  /**
   * @param alsoEnds asked in the turn of the commit, for what it ends beside the version before;
   *   a PendingCommit says when to ask again
   */
  commitPut(
    bucket: string,
    key: string,
    { record, ttlMs, origin }: NewObject,
    options: WriteCondition & CausedOptions,
    body: InlineBody | undefined,
    alsoEnds?: () => Ends | PendingCommit,
  ): Promise<ObjectInfo> {
    return this.committer.admit(() => {
      const blocker = this.catalog.pending.ofBucket(bucket);
      if (blocker !== undefined) return blocker;
      const inBucket = bucketOf(this.catalog, bucket);
      const nowMs = this.committer.nowUnixMs();
      const others = alsoEnds?.();
      if (others instanceof PendingCommit) return others;
      const admitted = admitWrite(this.catalog, bucket, key, options, nowMs);
      if (admitted instanceof Promise || admitted instanceof PendingCommit) return admitted;
      const ends = others === undefined ? admitted : [...admitted, ...others];
      const object = placed(inBucket, record, ttlMs, nowMs, this.committer.lockNowMs());
      const { version: bucketVersion, versioning } = inBucket;
      const { cause } = options;
      return this.committer.commit(
        nowMs,
        [{ is: 'putObject', bucket, key, bucketVersion, ends, object, origin, cause }],
        versioning === 'off' ? infoOfPut : infoOfVersion,
        body,
      );
    });
  }

  /** @throws LogStoreError `NO_SUCH_BUCKET`, `NO_SUCH_KEY`, `UNCERTAIN`, `RECORD_CORRUPT` */
  find(
    bucket: string,
    key: string,
    versionId?: string,
    from?: RecordSource,
  ): FoundObject | Promise<FoundObject> {
    const place = this.#placeOf(bucket, key, versionId);
    const cached = this.commits.cached(place.sequence);
    if (cached !== undefined) return foundIn(cached, bucket, key, place);
    return this.commits
      .read(place.sequence, from)
      .then((stored) => foundIn(stored, bucket, key, place));
  }

  async head(
    bucket: string,
    key: string,
    { versionId, reading }: HeadOptions,
  ): Promise<ObjectInfo> {
    const found = await this.find(bucket, key, versionId);
    if (reading !== undefined) this.keyOf(found, reading.customerKey);
    return found.info;
  }

  /** Of the version that was found, in full; from where the index had them then. */
  async stateOf({ facts }: FoundObject, from?: RecordSource): Promise<ObjectState> {
    if (facts === undefined) return noState;
    const stored = await this.commits.read(facts.sequence, from);
    return objectStateAt(stored, facts.sequence, facts.mutation);
  }

  async get(bucket: string, key: string, options: GetOptions): Promise<ObjectReader> {
    // Before the key is looked up: what it leads to stays readable from here on.
    const pin = this.reader.pin();
    try {
      return this.#open(await this.find(bucket, key, options.versionId, pin), options, pin);
    } catch (error) {
      pin.release();
      throw error;
    }
  }

  #open(found: FoundObject, options: GetOptions, pin: LogPin): ObjectReader {
    const { info, record, stored, sequence } = found;
    const bodyKey = this.keyOf(found, options.customerKey);
    const range = rangeOf(info, options);
    const body = bodyOf(record, sequence, stored, bodyKey);
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
    let name: { bucket: string; key: string; versionId: string } | undefined;
    objects.scanContent(sha256, (slot) => {
      if (hasExpired(objects.expiresAt(slot), nowMs)) return true;
      const { bucket, key, version } = decodeVersionKey(objects.key(slot));
      name = { bucket, key, versionId: versionIdOf(version, objects.flagsAt(slot)) };
      return false;
    });
    if (name === undefined) {
      this.catalog.lost.checkAll();
      throw new LogStoreError('NO_SUCH_KEY', 'no object has this content');
    }
    const found = await this.get(name.bucket, name.key, { versionId: name.versionId });
    const { sha256: foundSha256 } = found.info;
    if (foundSha256 !== undefined && Buffer.compare(foundSha256, sha256) === 0) return found;
    await found[Symbol.asyncDispose]();
    throw new LogStoreError('NO_SUCH_KEY', 'no object has this content any more');
  }

  #slotOf(bucket: string, key: string): number {
    const slot = versionSlot(this.catalog, bucket, key);
    if (slot < 0) throw noSuchKey(key);
    const expiresMs = this.catalog.state.objects.expiresAt(slot);
    if (expiresMs !== 0 && hasExpired(expiresMs, this.committer.nowUnixMs())) {
      this.onExpired(bucket, key);
      throw noSuchKey(key);
    }
    const { objects } = this.catalog.state;
    if (isMarker(objects, slot)) throw metMarker('NO_SUCH_KEY', objects, slot, key);
    return slot;
  }

  #placeOf(bucket: string, key: string, versionId: string | undefined): FoundPlace {
    const slot =
      versionId === undefined
        ? this.#slotOf(bucket, key)
        : slotOfVersion(this.catalog, bucket, key, versionId, this.committer.nowUnixMs());
    const { state } = this.catalog;
    const { objects } = state;
    const version = objects.versionAt(slot);
    return {
      sequence: objects.sequenceAt(slot),
      mutation: objects.mutationAt(slot),
      version,
      isVersioned: versioningIn(this.catalog, bucket) !== 'off',
      facts: stateFactsOf(state, bucket, key, version),
    };
  }

  #checkTarget(bucket: string, key: string): void {
    checkKey(key);
    if (this.catalog.pending.ofBucket(bucket) === undefined) bucketOf(this.catalog, bucket);
  }
}

function fitsSealed(body: Uint8Array): boolean {
  return sealedBytes(body.length) <= limits.inlineBodyBytesMax;
}

export function isOfCustomer(seal: ObjectSeal | undefined): seal is ObjectSeal {
  return seal?.field.method === encryptionMethods.customer;
}
