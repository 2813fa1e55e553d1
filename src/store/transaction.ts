import { LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import { limits } from '../base/limits.js';
import { admitDeleteBucket } from '../catalog/buckets.js';
import { bucketOf, type Catalog, versioningIn } from '../catalog/catalog.js';
import { refusalOf } from '../catalog/conditions.js';
import { noConfigurations } from '../catalog/configurations.js';
import { checkBucketName, checkKey } from '../catalog/keys.js';
import { endsOf } from '../catalog/objects.js';
import { objectId, PendingCommit } from '../catalog/pending.js';
import { type PlacingBucket, placed } from '../catalog/placing.js';
import { noSuchKey } from '../catalog/versions.js';
import type { Ends, Mutation, ObjectRecord } from '../format/mutation.js';
import type { Log } from '../log/types.js';
import { attributeFields } from './attributes.js';
import { type BodyReader, bodyOf } from './body-reader.js';
import type { BodyWriter, WrittenBody } from './body-writer.js';
import type { Committer } from './committer.js';
import { markerRecord } from './deletions.js';
import { checkDigests, digestPlan } from './expected-digests.js';
import type { FoundObject } from './found-object.js';
import { objectInfo } from './object-info.js';
import type { BodySource, ObjectInfo, PutOptions } from './object-types.js';
import type { NewObject, Objects } from './objects.js';
import type { Transaction } from './types.js';

/** What a transaction will have done to one key; no object: it is deleted. */
interface ObjectWrite {
  readonly bucket: string;
  readonly key: string;
  readonly object: NewObject | undefined;
}

/** What it will have done to one bucket; both: deleted, then created anew. */
interface BucketWrite {
  deleted: boolean;
  created: boolean;
}

/** All that a transaction needs of the store. */
export interface TransactionParts {
  readonly catalog: Catalog;
  readonly committer: Committer;
  readonly log: Log;
  readonly objects: Objects;
  readonly writer: BodyWriter;
  readonly reader: BodyReader;
}

const noInline = new Uint8Array(0);
/** One that the transaction makes itself. */
const newBucket: PlacingBucket = { versioning: 'off', configurations: noConfigurations };

/**
 * Runs `action` and commits what it did as one record.
 * @throws LogStoreError `CONFLICT`, as Transaction says; whatever `action` throws
 */
export async function runTransaction<T>(
  parts: TransactionParts,
  action: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const transaction = new StoreTransaction(parts);
  try {
    const answer = await action(transaction);
    await transaction.commit();
    return answer;
  } finally {
    await transaction.end();
  }
}

/**
 * Names it reads or writes must not have changed since it began, at the time of the read as well
 * as at the end; so all that it reads is the state at its beginning.
 */
class StoreTransaction implements Transaction {
  readonly #begin: number;
  readonly #objects = new Map<string, ObjectWrite>();
  readonly #buckets = new Map<string, BucketWrite>();
  /** Names of keys and buckets that this rests on. */
  readonly #touched = new Map<string, { bucket: string; key: string | undefined }>();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #bodies: WrittenBody[] = [];
  #ended = false;

  constructor(private readonly parts: TransactionParts) {
    this.#begin = parts.catalog.changes.begin();
  }

  createBucket(bucket: string): Promise<void> {
    return this.#run(() => {
      checkBucketName(bucket);
      if (this.#hasBucket(bucket)) {
        throw new LogStoreError('BUCKET_EXISTS', `there is a bucket ${bucket}`);
      }
      this.#bucketWrite(bucket).created = true;
    });
  }

  deleteBucket(bucket: string): Promise<void> {
    return this.#run(() => {
      this.#checkBucket(bucket);
      const holdsOwn = [...this.#objects.values()].some(
        (write) => write.bucket === bucket && write.object !== undefined,
      );
      if (holdsOwn) throw new LogStoreError('BUCKET_NOT_EMPTY', `${bucket} holds objects`);
      const write = this.#bucketWrite(bucket);
      if (!write.created || write.deleted) this.#removalsOf(bucket);
      if (write.created) write.created = false;
      else write.deleted = true;
      if (!write.created && !write.deleted) this.#buckets.delete(bucket);
    });
  }

  put(bucket: string, key: string, body: BodySource, options: PutOptions = {}): Promise<void> {
    return this.#run(async () => {
      this.#checkTarget(bucket, key);
      const attributes = attributeFields(options);
      const plan = digestPlan(options);
      const found = await this.#find(bucket, key);
      const refusal = refusalOf(options, found?.info.etag);
      if (refusal !== undefined) throw refusal;
      const { objects, writer } = this.parts;
      const { signal } = options;
      const seal = await objects.sealOf(bucket, key, options);
      const how = { signal, inlineBytesMax: 0, key: seal?.key };
      const written = await writer.write(body, plan, how);
      this.#bodies.push(written);
      checkDigests(options, plan, written.digests);
      const object = objects.newRecord(written, attributes, plan, options, seal);
      this.#write({ bucket, key, object });
    });
  }

  get(bucket: string, key: string): Promise<Uint8Array> {
    return this.#run(async () => {
      this.#checkTarget(bucket, key);
      const own = this.#objects.get(objectId(bucket, key));
      if (own !== undefined) return await this.#ownBytes(own);
      this.#touchDurable(bucket, key);
      return await (await this.parts.objects.get(bucket, key, {})).bytes();
    });
  }

  head(bucket: string, key: string): Promise<ObjectInfo> {
    return this.#run(async () => {
      this.#checkTarget(bucket, key);
      const found = await this.#find(bucket, key);
      if (found === undefined) throw noSuchKey(key);
      return found.info;
    });
  }

  delete(bucket: string, key: string): Promise<void> {
    return this.#run(() => {
      this.#checkTarget(bucket, key);
      this.#touch(bucket, key);
      this.#write({ bucket, key, object: undefined });
    });
  }

  /** All in one turn: nothing it rests on has changed, and nothing that might change it pends. */
  async commit(): Promise<void> {
    await Promise.all(this.#underWay);
    this.#ended = true;
    if (this.#objects.size === 0 && this.#buckets.size === 0) return;
    const { catalog, committer } = this.parts;
    await committer.admit<void>(() => {
      for (const body of this.#bodies) body.checkStored();
      for (const [name, { bucket, key }] of this.#touched) {
        this.#checkUnchanged(name);
        const ofKey = key === undefined ? undefined : catalog.pending.ofObject(bucket, key);
        const pending = ofKey?.commit ?? catalog.pending.ofBucket(bucket);
        if (pending !== undefined) return pending.thenRefuse(conflict());
      }
      const nowMs = committer.nowUnixMs();
      const removals = this.#removals(nowMs);
      if (removals instanceof PendingCommit) return removals;
      const count = removals.length + this.#creationCount();
      if (count === 0) return Promise.resolve();
      if (count > limits.transactionMutationsMax) throw tooMany();
      const build = (version: number) => this.#mutations(removals, version, nowMs);
      return committer.commitBuilt(nowMs, count, build, () => undefined);
    });
  }

  /** To be called once, whatever happened. What is still under way comes to nothing. */
  async end(): Promise<void> {
    this.#ended = true;
    this.parts.catalog.changes.end();
    await Promise.allSettled(this.#underWay);
    for (const body of this.#bodies) body.release();
  }

  /** Removals come first, then buckets are created, then objects put into them. */
  #mutations(removals: readonly Mutation[], version: number, nowMs: number): Mutation[] {
    const mutations = [...removals];
    const bucketVersions = new Map<string, number>();
    for (const [bucket, { created }] of this.#buckets) {
      if (!created) continue;
      bucketVersions.set(bucket, version + mutations.length);
      mutations.push({ is: 'createBucket', bucket, owner: null, region: null, flags: 0 });
    }
    const { catalog, committer } = this.parts;
    for (const write of this.#objects.values()) {
      const { bucket, key } = write;
      const written = this.#isMarked(write) ? this.#marker() : write.object;
      if (written === undefined) continue;
      const created = bucketVersions.get(bucket);
      const inBucket = created === undefined ? bucketOf(catalog, bucket) : newBucket;
      const bucketVersion = created ?? bucketOf(catalog, bucket).version;
      const ends = created === undefined ? this.#endsOf(bucket, key) : [];
      const { record, ttlMs } = written;
      const object = placed(inBucket, record, ttlMs, nowMs, committer.lockNowMs());
      mutations.push({ is: 'putObject', bucket, key, bucketVersion, ends, object });
    }
    return mutations;
  }

  /** A deletion where older versions stay. */
  #isMarked({ bucket, object }: ObjectWrite): boolean {
    if (object !== undefined || this.#buckets.has(bucket)) return false;
    return versioningIn(this.parts.catalog, bucket) !== 'off';
  }

  #marker(): { record: ObjectRecord; ttlMs: number } {
    return { record: markerRecord(this.parts.committer.salt()), ttlMs: 0 };
  }

  #endsOf(bucket: string, key: string): Ends {
    const ends = endsOf(this.parts.catalog, bucket, key);
    invariant(!(ends instanceof PendingCommit), 'nothing pends for what was touched');
    return ends;
  }

  #removals(nowMs: number): Mutation[] | PendingCommit {
    const { catalog } = this.parts;
    const removals: Mutation[] = [];
    for (const { bucket, key, object } of this.#objects.values()) {
      const bucketGoes = this.#buckets.get(bucket)?.deleted === true;
      if (object !== undefined && !bucketGoes) continue;
      if (versioningIn(catalog, bucket) !== 'off') continue;
      const ends = this.#endsOf(bucket, key);
      if (ends.length > 0) removals.push({ is: 'deleteObject', bucket, key, ends, reason: 0 });
    }
    for (const [bucket, { deleted }] of this.#buckets) {
      if (!deleted) continue;
      const mutations = this.#removalsOf(bucket, nowMs);
      if (mutations instanceof PendingCommit) return mutations;
      removals.push(...mutations);
    }
    return removals;
  }

  #removalsOf(
    bucket: string,
    nowMs = this.parts.committer.nowUnixMs(),
  ): readonly Mutation[] | PendingCommit {
    const goes = (key: string): boolean => this.#objects.has(objectId(bucket, key));
    return admitDeleteBucket(this.parts.catalog, bucket, nowMs, goes);
  }

  #creationCount(): number {
    let count = 0;
    for (const { created } of this.#buckets.values()) if (created) count++;
    for (const write of this.#objects.values()) {
      if (write.object !== undefined || this.#isMarked(write)) count++;
    }
    return count;
  }

  async #find(bucket: string, key: string): Promise<Pick<FoundObject, 'info'> | undefined> {
    const own = this.#objects.get(objectId(bucket, key));
    if (own?.object !== undefined) {
      // It has no version and no time yet; it gets them if the transaction commits.
      const nowMs = this.parts.committer.nowUnixMs();
      const { record } = own.object;
      return { info: objectInfo(bucket, key, 0, nowMs, record, undefined, undefined) };
    }
    if (own !== undefined) return undefined;
    try {
      return await this.#findDurable(bucket, key);
    } catch (error) {
      if (error instanceof LogStoreError && error.code === 'NO_SUCH_KEY') return undefined;
      throw error;
    }
  }

  async #findDurable(bucket: string, key: string): Promise<FoundObject> {
    this.#touchDurable(bucket, key);
    return await this.parts.objects.find(bucket, key);
  }

  #touchDurable(bucket: string, key: string): void {
    this.#touch(bucket, key);
    if (this.#buckets.has(bucket)) throw noSuchKey(key); // empty, or it could not be deleted
  }

  /** Its data records are in the log, and may be read once they are durable. */
  async #ownBytes({ key, object }: ObjectWrite): Promise<Uint8Array> {
    if (object === undefined) throw noSuchKey(key);
    const { log, reader } = this.parts;
    await log.settled();
    const empty = { commit: { timeUnixMs: 0, version: 0, mutations: [] }, inlineBody: noInline };
    const body = bodyOf(object.record, 0, empty, object.key);
    const chunks: Uint8Array[] = [];
    for await (const chunk of reader.read(body, 0, body.sizeBytes)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  #write(write: ObjectWrite): void {
    this.#objects.set(objectId(write.bucket, write.key), write);
    this.#checkCount();
  }

  #bucketWrite(bucket: string): BucketWrite {
    let write = this.#buckets.get(bucket);
    if (write === undefined) {
      write = { deleted: false, created: false };
      this.#buckets.set(bucket, write);
      this.#checkCount();
    }
    return write;
  }

  #checkCount(): void {
    if (this.#objects.size + this.#buckets.size > limits.transactionMutationsMax) throw tooMany();
  }

  #checkTarget(bucket: string, key: string): void {
    this.#checkBucket(bucket);
    checkKey(key);
  }

  #checkBucket(bucket: string): void {
    if (!this.#hasBucket(bucket)) throw new LogStoreError('NO_SUCH_BUCKET', `no bucket ${bucket}`);
  }

  #hasBucket(bucket: string): boolean {
    this.#touch(bucket);
    const own = this.#buckets.get(bucket);
    if (own !== undefined) return own.created;
    try {
      bucketOf(this.parts.catalog, bucket);
      return true;
    } catch (error) {
      if (error instanceof LogStoreError && error.code === 'NO_SUCH_BUCKET') return false;
      throw error;
    }
  }

  #touch(bucket: string, key?: string): void {
    const name = key === undefined ? bucket : objectId(bucket, key);
    this.#checkUnchanged(name);
    this.#touched.set(name, { bucket, key });
  }

  #checkUnchanged(name: string): void {
    if (this.parts.catalog.changes.changedSince(this.#begin, name)) throw conflict();
  }

  #run<T>(action: () => T | Promise<T>): Promise<T> {
    if (this.#ended) {
      return Promise.reject(new LogStoreError('CLOSED', 'the transaction has ended'));
    }
    const running = (async () => await action())();
    this.#underWay.add(running);
    const done = (): void => void this.#underWay.delete(running);
    running.then(done, done);
    return running;
  }
}

function conflict(): LogStoreError {
  return new LogStoreError('CONFLICT', 'what the transaction rests on has changed; run it again');
}

function tooMany(): LogStoreError {
  const most = `at most ${limits.transactionMutationsMax} changes`;
  return new LogStoreError('INVALID_ARGUMENT', `a transaction makes ${most}`);
}
