import type { Host } from '../base/host.js';
import { limits } from '../base/limits.js';
import type { Catalog } from '../catalog/catalog.js';
import { versioningTexts } from '../catalog/configurations.js';
import { indexDigestOf } from '../catalog/index-digest.js';
import { listObjects } from '../catalog/listing.js';
import { listVersions } from '../catalog/version-listing.js';
import type { DigestPool } from '../digest/digest-pool.js';
import type { Log } from '../log/types.js';
import { Access } from './access.js';
import { backgroundCompaction } from './background-compaction.js';
import { bodyHashing } from './body-hashing.js';
import { BodyReader } from './body-reader.js';
import { BodyWriter } from './body-writer.js';
import { Buckets } from './buckets.js';
import { Commits } from './commits.js';
import { Committer } from './committer.js';
import { Compaction } from './compaction.js';
import { Copies } from './copies.js';
import { Deletions } from './deletions.js';
import { Encryptions } from './encryptions.js';
import { lifecycleExpiry } from './lifecycle-expiry.js';
import type { Maintenance } from './maintenance.js';
import { objectParts } from './object-parts.js';
import { ObjectStates } from './object-states.js';
import type {
  BodySource,
  GetOptions,
  ObjectInfo,
  ObjectReader,
  PutOptions,
} from './object-types.js';
import { Objects } from './objects.js';
import { openCatalog, writeCatalogSnapshot } from './open-catalog.js';
import { checkSealed, openLedger } from './open-ledger.js';
import { closedError, Operations } from './operations.js';
import { SpaceUse } from './space-use.js';
import type { OpenLedger } from './store-ledger.js';
import type { StoreOptions } from './store-options.js';
import { TimedWork } from './timed-work.js';
import { runTransaction } from './transaction.js';
import type {
  BucketInfo,
  CareOptions,
  CareReport,
  CompactionOptions,
  CompactionReport,
  HealthOptions,
  HealthReport,
  ListedObject,
  ListOptions,
  ListPage,
  ListUploadsOptions,
  ListUploadsPage,
  Store,
  StoreStats,
  Transaction,
  UploadInfo,
} from './types.js';
import { Upkeep } from './upkeep.js';
import { UploadCompletion } from './upload-completion.js';
import { Uploads } from './uploads.js';
import { decodeValue, encodeValue, valueOptions } from './values.js';
import type { DeleteOptions, DeleteResult } from './version-options.js';
import type { CreateBucketOptions, ListVersionsOptions, VersionPage } from './version-types.js';

/**
 * Opens the store on a host, or makes one there; everything durable is in its index then.
 * @throws LogStoreError as openLog does
 */
export async function openStoreOn(host: Host, options: StoreOptions = {}): Promise<Store> {
  try {
    const { mode = 'write' } = options;
    const { catalog, log } = await openCatalog(host, { ...options, mode });
    const opened = await openLedger(host, log, options);
    return new OpenStore(host, catalog, opened.log, options, opened.ledger);
  } catch (error) {
    await options.ledger?.giveUp?.();
    throw error;
  }
}

class OpenStore implements Store {
  readonly #running = new Operations();
  readonly #digests: DigestPool;
  readonly #buckets: Buckets;
  readonly #objects: Objects;
  readonly #commits: Commits;
  readonly #deletions: Deletions;
  readonly #states: ObjectStates;
  readonly #uploads: Uploads;
  readonly #completion: UploadCompletion;
  readonly #copies: Copies;
  readonly #timed: TimedWork;
  readonly #compaction: Compaction;
  readonly #spaceUse: SpaceUse;
  readonly access: Access;
  readonly #maintenance: Maintenance | undefined;
  readonly #upkeep: Upkeep;
  readonly #transact: <T>(action: (transaction: Transaction) => Promise<T>) => Promise<T>;
  #closing: Promise<void> | undefined;

  constructor(
    private readonly host: Host,
    private readonly catalog: Catalog,
    private readonly log: Log,
    options: StoreOptions,
    readonly ledger: OpenLedger | undefined,
  ) {
    const { cacheBytes = limits.recordCacheBytesDefault } = options;
    const { segmentBytes = limits.segmentBytesDefault } = options;
    this.#digests = bodyHashing(options);
    const committer = new Committer(host, log, catalog);
    const commits = new Commits(log, cacheBytes);
    this.#commits = commits;
    const writer = new BodyWriter(log, this.#digests, host.random);
    this.#spaceUse = new SpaceUse(() => catalog.state, log, writer);
    this.#compaction = new Compaction({
      ...{ clock: host.clock, catalog, log, segmentBytes },
      spaceUse: this.#spaceUse,
      bodies: writer,
      keptFrom: () => this.#timed.keptFrom(),
      believed: async () => {
        await log.prove();
        await (ledger === undefined ? checkSealed(host, log) : ledger.seal());
      },
    });
    if (options.compaction === 'auto' && log.state.is === 'ok')
      this.#maintenance = backgroundCompaction(host, log, options, {
        use: () => this.#spaceUse,
        compact: () => this.compact({ paced: true }),
      });
    const { parity = 'off', scrubPeriodMs = 0, tell = () => undefined } = options;
    this.#upkeep = new Upkeep(host, log, catalog, { parity, scrubPeriodMs, tell });
    const reader = new BodyReader(log, commits);
    const timed = new TimedWork({ clock: host.clock, catalog, committer, commits, log }, options);
    this.#timed = timed;
    const { lockTime, expiry } = timed;
    const encryptions = new Encryptions(catalog, committer, host.random, options.keys);
    const objects = new Objects(
      ...([catalog, committer, commits, writer, reader, this.#running, encryptions] as const),
      (bucket, key) => expiry.met(bucket, key),
    );
    this.#buckets = new Buckets(catalog, committer);
    this.#objects = objects;
    this.#deletions = new Deletions(catalog, committer, lockTime);
    this.#states = new ObjectStates(catalog, committer, commits, objects, reader, lockTime);
    this.#uploads = new Uploads(catalog, committer, commits, writer, encryptions);
    this.access = new Access(catalog, committer, this.#states, this.#uploads, this.#running);
    this.#completion = new UploadCompletion(catalog, committer, commits, objects, encryptions);
    this.#copies = new Copies(
      ...([catalog, committer, objects, this.#uploads, writer, reader, encryptions] as const),
    );
    const parts = { catalog, committer, log, objects, writer, reader };
    this.#transact = (action) => runTransaction(parts, action);
    timed.start(catalog.state.someExpire, log.state.is === 'ok');
    this.#upkeep.start();
    ledger?.follow(committer);
  }

  createBucket(bucket: string, options: CreateBucketOptions = {}): Promise<BucketInfo> {
    return this.#running.run(async () => {
      const made = await this.#buckets.create(bucket, options);
      await this.#timed.arm();
      return made;
    });
  }

  async headBucket(bucket: string): Promise<BucketInfo> {
    this.#running.checkOpen();
    return this.#buckets.head(bucket);
  }

  async listBuckets(): Promise<BucketInfo[]> {
    this.#running.checkOpen();
    return this.#buckets.list();
  }

  deleteBucket(bucket: string): Promise<void> {
    return this.#running.run(() => this.#buckets.delete(bucket));
  }

  readonly bucketVersioning: Store['bucketVersioning'] = (bucket) =>
    this.#running.run(async () => this.#buckets.versioning(bucket));

  readonly setBucketVersioning: Store['setBucketVersioning'] = (bucket, versioning) =>
    this.setBucketConfiguration(bucket, 'versioning', versioningTexts[versioning]);

  readonly bucketConfiguration: Store['bucketConfiguration'] = (...call) =>
    this.#running.run(async () => this.#buckets.configuration(...call));

  readonly setBucketConfiguration: Store['setBucketConfiguration'] = (...call) =>
    this.#running.run(async () => {
      await this.#buckets.configure(...call);
      await this.#timed.arm();
    });

  readonly lifecycleExpiry: Store['lifecycleExpiry'] = (info) =>
    lifecycleExpiry(this.catalog, this.#states, info);

  put(
    bucket: string,
    key: string,
    body: BodySource,
    options: PutOptions = {},
  ): Promise<ObjectInfo> {
    if (body instanceof Uint8Array && body.length <= limits.inlineBodyBytesMax) {
      // Of such a put nothing is under way but in the log's queue, which closing waits for anyway.
      if (this.#running.closed) return Promise.reject(closedError());
      return this.#objects.put(bucket, key, body, options);
    }
    return this.#running.run(() => this.#objects.put(bucket, key, body, options));
  }

  putValue(
    bucket: string,
    key: string,
    value: unknown,
    options: PutOptions = {},
  ): Promise<ObjectInfo> {
    return this.#running.run(() =>
      this.#objects.put(bucket, key, encodeValue(value), valueOptions(options)),
    );
  }

  get(bucket: string, key: string, options: GetOptions = {}): Promise<ObjectReader> {
    return this.#running.run(() => this.#objects.get(bucket, key, options));
  }

  readonly getBytes: Store['getBytes'] = (bucket, key) =>
    this.#running.run(() => this.#objects.getBytes(bucket, key));

  async getValue<T>(bucket: string, key: string): Promise<T> {
    return decodeValue(await this.getBytes(bucket, key)) as T;
  }

  readonly getBySha256: Store['getBySha256'] = (sha256) =>
    this.#running.run(() => this.#objects.getBySha256(sha256));

  readonly head: Store['head'] = (bucket, key, options = {}) =>
    this.#running.run(() => this.#objects.head(bucket, key, options));

  readonly objectParts: Store['objectParts'] = (bucket, key, options = {}) =>
    this.#running.run(() => objectParts(this.#objects, this.#commits, bucket, key, options));

  delete(bucket: string, key: string, options: DeleteOptions = {}): Promise<DeleteResult> {
    return this.#running.run(() => this.#deletions.delete(bucket, key, options));
  }

  readonly getTags: Store['getTags'] = (...call) =>
    this.#running.run(() => this.#states.tags(...call));
  readonly setTags: Store['setTags'] = (...call) =>
    this.#running.run(() => this.#states.setTags(...call));
  readonly setRetention: Store['setRetention'] = (...call) =>
    this.#running.run(() => this.#states.setRetention(...call));
  readonly getLegalHold: Store['getLegalHold'] = (...call) =>
    this.#running.run(() => this.#states.legalHold(...call));
  readonly setLegalHold: Store['setLegalHold'] = (...call) =>
    this.#running.run(() => this.#states.setLegalHold(...call));
  readonly lockClock: Store['lockClock'] = () =>
    this.#running.run(async () => this.#timed.lockClock.read());
  readonly confirmLockClock: Store['confirmLockClock'] = () =>
    this.#running.run(() => this.#timed.lockClock.confirm());

  readonly copy: Store['copy'] = (source, bucket, key, options = {}) =>
    this.#running.run(() => this.#copies.copy(source, bucket, key, options));

  async list(bucket: string, options: ListOptions = {}): Promise<ListPage> {
    this.#running.checkOpen();
    return listObjects(this.catalog, bucket, options, this.host.clock.nowUnixMs());
  }

  async listVersions(bucket: string, options: ListVersionsOptions = {}): Promise<VersionPage> {
    this.#running.checkOpen();
    return listVersions(this.catalog, bucket, options, this.host.clock.nowUnixMs());
  }

  async *objects(bucket: string, options: ListOptions = {}): AsyncGenerator<ListedObject> {
    let { startAfter } = options;
    for (;;) {
      const page = await this.list(bucket, { ...options, startAfter });
      yield* page.objects;
      if (!page.truncated) return;
      startAfter = page.next;
    }
  }

  readonly createUpload: Store['createUpload'] = (bucket, key, options = {}) =>
    this.#running.run(() => this.#uploads.create(bucket, key, options));

  async headUpload(bucket: string, key: string, uploadId: string): Promise<UploadInfo> {
    this.#running.checkOpen();
    return this.#uploads.head(bucket, key, uploadId);
  }

  readonly putPart: Store['putPart'] = (bucket, key, uploadId, partNumber, body, options = {}) =>
    this.#running.run(() =>
      this.#uploads.putPart(bucket, key, uploadId, partNumber, body, options),
    );

  readonly copyPart: Store['copyPart'] = (source, bucket, key, uploadId, number, options = {}) =>
    this.#running.run(() => this.#copies.copyPart(source, bucket, key, uploadId, number, options));

  readonly listParts: Store['listParts'] = (bucket, key, uploadId, options = {}) =>
    this.#running.run(() => this.#uploads.listParts(bucket, key, uploadId, options));

  async listUploads(bucket: string, options: ListUploadsOptions = {}): Promise<ListUploadsPage> {
    this.#running.checkOpen();
    return this.#uploads.list(bucket, options);
  }

  readonly completeUpload: Store['completeUpload'] = (bucket, key, uploadId, parts, options = {}) =>
    this.#running.run(() => this.#completion.complete(bucket, key, uploadId, parts, options));

  readonly abortUpload: Store['abortUpload'] = (...call) =>
    this.#running.run(() => this.#uploads.abort(...call));

  transaction<T>(action: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#running.run(() => this.#transact(action));
  }

  compact(options?: CompactionOptions): Promise<CompactionReport> {
    return this.#running.run(async () => {
      if (this.ledger === undefined) await checkSealed(this.host, this.log);
      return await this.#compaction.run(options);
    });
  }

  scrub(options?: CareOptions): Promise<CareReport> {
    return this.#running.run(() => this.#upkeep.scrub(options));
  }

  health(options?: HealthOptions): Promise<HealthReport> {
    return this.#running.run(() => this.#upkeep.health(options));
  }

  stats(): StoreStats {
    const { objects, buckets } = this.catalog.state;
    const { is: writer, reason } = this.log.state;
    const segments = this.log.segmentCount();
    const parity = this.#upkeep.counts();
    const scrub = this.#upkeep.progress();
    const { freeBytes, reserveBytes, parityBytes } = this.log.space();
    const { sizeBytes: totalBytes, liveBytes, deadBytes } = this.#spaceUse;
    const space = { totalBytes, liveBytes, deadBytes, parityBytes, reserveBytes, freeBytes };
    return {
      ...{ objects: objects.count, buckets: buckets.size, segments, writer, reason },
      writingMs: this.log.writingMs(),
      ...{ space, parity, scrub },
    };
  }

  async indexDigest(): Promise<Uint8Array> {
    this.#running.checkOpen();
    return indexDigestOf(this.catalog.state);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#timed.stop();
    this.#maintenance?.stop();
    await this.#upkeep.stop();
    await this.#compaction.stop();
    await this.#running.close();
    try {
      await this.ledger?.close();
    } finally {
      await this.#closeLog();
    }
  }

  async #closeLog(): Promise<void> {
    try {
      await this.log.close((position) =>
        writeCatalogSnapshot(this.host, this.catalog, this.log.storeId, position),
      );
    } finally {
      await this.#digests[Symbol.asyncDispose]();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
