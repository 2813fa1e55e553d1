import type { Host } from '../base/host.js';
import { limits } from '../base/limits.js';
import type { Catalog } from '../catalog/catalog.js';
import { indexDigestOf } from '../catalog/index-digest.js';
import { listObjects } from '../catalog/listing.js';
import { DigestPool } from '../digest/digest-pool.js';
import type { SealerLink } from '../ledger/sealer-link.js';
import type { Log, OpenLogOptions } from '../log/types.js';
import { BodyReader } from './body-reader.js';
import { BodyWriter } from './body-writer.js';
import { Buckets } from './buckets.js';
import { Commits } from './commits.js';
import { Committer } from './committer.js';
import { Compaction } from './compaction.js';
import { Copies } from './copies.js';
import { Expiry } from './expiry.js';
import { Objects } from './objects.js';
import { openCatalog, writeCatalogSnapshot } from './open-catalog.js';
import { openLedger } from './open-ledger.js';
import { closedError, Operations } from './operations.js';
import { Sealing } from './sealing.js';
import { OpenLedger } from './store-ledger.js';
import { runTransaction } from './transaction.js';
import type {
  BodyOptions,
  BodySource,
  BucketInfo,
  CareOptions,
  CareReport,
  CompactionOptions,
  CompactionReport,
  CompletedPart,
  CompleteUploadOptions,
  CopyOptions,
  CopySource,
  CreateUploadOptions,
  DeleteResult,
  GetOptions,
  HealthOptions,
  HealthReport,
  ListedObject,
  ListOptions,
  ListPage,
  ListPartsPage,
  ListUploadsOptions,
  ListUploadsPage,
  ObjectInfo,
  ObjectReader,
  PartInfo,
  PutOptions,
  Store,
  StoreLedger,
  StoreStats,
  Transaction,
  UploadInfo,
  WriteCondition,
} from './types.js';
import { Upkeep, type UpkeepOptions } from './upkeep.js';
import { UploadCompletion } from './upload-completion.js';
import { Uploads } from './uploads.js';
import { decodeValue, encodeValue, valueOptions } from './values.js';

/** The store's ledger: none where it is left out. */
export interface LedgerOptions {
  /** Called once the store's lock is held. Whoever opens the store ends what it began. */
  readonly open: () => Promise<SealerLink>;
  /** How long a change waits for its block, at most. */
  readonly intervalMs?: number | undefined;
}

export interface StoreOptions extends Omit<OpenLogOptions, 'mode' | 'snapshot' | 'use'> {
  /** `read` changes nothing and takes no lock. */
  readonly mode?: OpenLogOptions['mode'] | undefined;
  /** Memory for small records that were read before. */
  readonly cacheBytes?: number | undefined;
  /** Threads that hash large bodies; 0 hashes on this one, so that simulated runs are alike. */
  readonly hashThreadsMax?: number | undefined;
  /** Where parity of segments is made; `off`, the default, makes none. */
  readonly parity?: UpkeepOptions['parity'] | undefined;
  /** How long one pass of the scrub over all segments may take; 0, the default, is never. */
  readonly scrubPeriodMs?: number | undefined;
  /** Told of what is for whoever runs the store. */
  readonly tell?: UpkeepOptions['tell'] | undefined;
  readonly ledger?: LedgerOptions | undefined;
}

const hashThreadsMaxDefault = 2;
const ledgerIntervalMsDefault = 10_000;
const slabCountMax = 128; // 32 MiB: what all bodies under way share, and the log's queue with them

/**
 * Opens the store on a host, or makes one there; everything durable is in its index then.
 * @throws LogStoreError as openLog does
 */
export async function openStoreOn(host: Host, options: StoreOptions = {}): Promise<Store> {
  const { mode = 'write' } = options;
  const { catalog, log } = await openCatalog(host, { ...options, mode });
  if (options.ledger === undefined || mode === 'read') {
    return new OpenStore(host, catalog, log, options, undefined);
  }
  const { link, log: allowed } = await openLedger(log, options.ledger);
  return new OpenStore(host, catalog, allowed, options, link);
}

class OpenStore implements Store {
  readonly #running = new Operations();
  readonly #digests: DigestPool;
  readonly #buckets: Buckets;
  readonly #objects: Objects;
  readonly #uploads: Uploads;
  readonly #completion: UploadCompletion;
  readonly #copies: Copies;
  readonly #expiry: Expiry;
  readonly #compaction: Compaction;
  readonly #upkeep: Upkeep;
  readonly #sealing: Sealing | undefined;
  readonly ledger: StoreLedger | undefined;
  readonly #transact: <T>(action: (transaction: Transaction) => Promise<T>) => Promise<T>;
  #closing: Promise<void> | undefined;

  constructor(
    private readonly host: Host,
    private readonly catalog: Catalog,
    private readonly log: Log,
    options: StoreOptions,
    private readonly link: SealerLink | undefined,
  ) {
    const { cacheBytes = limits.recordCacheBytesDefault } = options;
    const { segmentBytes = limits.segmentBytesDefault } = options;
    const { hashThreadsMax: workersMax = hashThreadsMaxDefault } = options;
    const slabBytes = limits.dataRecordBytesMax;
    this.#digests = new DigestPool({ workersMax, slabBytes, slabCountMax });
    const committer = new Committer(host, log, catalog);
    const commits = new Commits(log, cacheBytes);
    const writer = new BodyWriter(log, this.#digests, host.random);
    this.#compaction = new Compaction({
      ...{ clock: host.clock, catalog, log, segmentBytes },
      isUnderWay: (subject) => writer.isUnderWay(subject),
      believed: () => this.#believed(),
    });
    const { parity = 'off', scrubPeriodMs = 0, tell = () => undefined } = options;
    this.#upkeep = new Upkeep(host, log, catalog, { parity, scrubPeriodMs, tell });
    const reader = new BodyReader(log, commits);
    const expiry = new Expiry(host.clock, catalog, committer);
    const objects = new Objects(
      ...([catalog, committer, commits, writer, reader, this.#running] as const),
      (bucket, key) => expiry.met(bucket, key),
    );
    this.#buckets = new Buckets(catalog, committer);
    this.#objects = objects;
    this.#uploads = new Uploads(catalog, committer, commits, writer);
    this.#completion = new UploadCompletion(catalog, committer, commits, objects);
    this.#copies = new Copies(catalog, committer, objects, this.#uploads, writer, reader);
    this.#expiry = expiry;
    const parts = { catalog, committer, log, objects, writer, reader };
    this.#transact = (action) => runTransaction(parts, action);
    committer.onSomeExpire = () => expiry.arm();
    if (catalog.state.someExpire) expiry.arm();
    this.#upkeep.start();
    if (link === undefined) return;
    const { intervalMs = ledgerIntervalMsDefault } = options.ledger ?? {};
    const { warn } = options;
    this.#sealing = new Sealing({ clock: host.clock, log, link, intervalMs, warn });
    this.ledger = new OpenLedger(host, log, link, this.#sealing);
    committer.onCommit = this.#sealing.note;
    this.#sealing.start();
  }

  /** Proven durable, and where there is a ledger, in a block of it. */
  async #believed(): Promise<void> {
    await this.log.prove();
    await this.#sealing?.seal();
  }

  createBucket(bucket: string): Promise<BucketInfo> {
    return this.#running.run(() => this.#buckets.create(bucket));
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

  getBytes(bucket: string, key: string): Promise<Uint8Array> {
    return this.#running.run(() => this.#objects.getBytes(bucket, key));
  }

  async getValue<T>(bucket: string, key: string): Promise<T> {
    return decodeValue(await this.getBytes(bucket, key)) as T;
  }

  getBySha256(sha256: Uint8Array): Promise<ObjectReader> {
    return this.#running.run(() => this.#objects.getBySha256(sha256));
  }

  head(bucket: string, key: string): Promise<ObjectInfo> {
    return this.#running.run(() => this.#objects.head(bucket, key));
  }

  delete(bucket: string, key: string, condition: WriteCondition = {}): Promise<DeleteResult> {
    return this.#running.run(() => this.#objects.delete(bucket, key, condition));
  }

  copy(
    source: CopySource,
    bucket: string,
    key: string,
    options: CopyOptions = {},
  ): Promise<ObjectInfo> {
    return this.#running.run(() => this.#copies.copy(source, bucket, key, options));
  }

  async list(bucket: string, options: ListOptions = {}): Promise<ListPage> {
    this.#running.checkOpen();
    return listObjects(this.catalog, bucket, options, this.host.clock.nowUnixMs());
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

  createUpload(
    bucket: string,
    key: string,
    options: CreateUploadOptions = {},
  ): Promise<UploadInfo> {
    return this.#running.run(() => this.#uploads.create(bucket, key, options));
  }

  async headUpload(bucket: string, key: string, uploadId: string): Promise<UploadInfo> {
    this.#running.checkOpen();
    return this.#uploads.head(bucket, key, uploadId);
  }

  putPart(
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    body: BodySource,
    options: BodyOptions = {},
  ): Promise<PartInfo> {
    return this.#running.run(() =>
      this.#uploads.putPart(bucket, key, uploadId, partNumber, body, options),
    );
  }

  copyPart(
    source: Parameters<Store['copyPart']>[0],
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    { sourceCondition }: NonNullable<Parameters<Store['copyPart']>[5]> = {},
  ): Promise<PartInfo> {
    return this.#running.run(() =>
      this.#copies.copyPart(source, bucket, key, uploadId, partNumber, sourceCondition),
    );
  }

  listParts(
    bucket: string,
    key: string,
    uploadId: string,
    options: NonNullable<Parameters<Store['listParts']>[3]> = {},
  ): Promise<ListPartsPage> {
    return this.#running.run(() => this.#uploads.listParts(bucket, key, uploadId, options));
  }

  async listUploads(bucket: string, options: ListUploadsOptions = {}): Promise<ListUploadsPage> {
    this.#running.checkOpen();
    return this.#uploads.list(bucket, options);
  }

  completeUpload(
    bucket: string,
    key: string,
    uploadId: string,
    parts: readonly CompletedPart[],
    options: CompleteUploadOptions = {},
  ): Promise<ObjectInfo> {
    return this.#running.run(() =>
      this.#completion.complete(bucket, key, uploadId, parts, options),
    );
  }

  abortUpload(bucket: string, key: string, uploadId: string): Promise<void> {
    return this.#running.run(() => this.#uploads.abort(bucket, key, uploadId));
  }

  transaction<T>(action: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#running.run(() => this.#transact(action));
  }

  compact(options?: CompactionOptions): Promise<CompactionReport> {
    return this.#running.run(() => this.#compaction.run(options));
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
    return {
      ...{ objects: objects.count, buckets: buckets.size, segments, writer, reason },
      ...{ parity, scrub },
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
    this.#expiry.stop();
    await this.#upkeep.stop();
    await this.#compaction.stop();
    await this.#running.close();
    await this.#sealing?.stop();
    await this.link?.[Symbol.asyncDispose]();
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
