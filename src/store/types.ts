import type { ChecksumAlgorithm } from '../base/checksum-algorithm.js';
import type { ReadCondition, WriteCondition } from '../catalog/conditions.js';
import type { ListedObject, ListOptions, ListPage } from '../catalog/listing.js';
import type { ListUploadsOptions } from '../catalog/upload-listing.js';
import type { CustomerKeyOptions, EncryptedBy, EncryptionOptions } from './encryption-types.js';
import type { CareReport, HealthReport } from './health.js';
import type { StoreLedger } from './ledger-face.js';
import type { Transaction } from './transaction-face.js';
import type {
  CareOptions,
  CompactionOptions,
  CompactionReport,
  HealthOptions,
  StoreStats,
} from './upkeep-types.js';
import type {
  CreateBucketOptions,
  DeleteOptions,
  DeleteResult,
  InitialState,
  ObjectLock,
  Tags,
  VersionedStore,
  VersionOptions,
} from './version-types.js';

/** Half-open `[startBytes, endBytes)` within one object. */
export interface ByteRange {
  readonly startBytes: number;
  readonly endBytes: number;
}

export type { RotationPlan } from '../ledger/key-rotation.js';
export type {
  ChangesPage,
  LedgerStanding,
  ProofRequest,
  WitnessStanding,
} from '../ledger/sealer-link.js';
export { claimNames } from '../ledger/sealer-link.js';
export type {
  CustomerKeyOptions,
  EncryptedBy,
  EncryptionOptions,
  EncryptionRequest,
} from './encryption-types.js';
export type { StoreLedger } from './ledger-face.js';
export type { Receipt } from './receipts.js';
export type { Transaction } from './transaction-face.js';
export type {
  CareOptions,
  CareProgress,
  CompactionOptions,
  CompactionProgress,
  CompactionReport,
  HealthOptions,
  ParityCounts,
  ScrubProgress,
  SpaceCounts,
  StoreStats,
} from './upkeep-types.js';
export type {
  CareReport,
  ChecksumAlgorithm,
  HealthReport,
  ListedObject,
  ListOptions,
  ListPage,
  ListUploadsOptions,
  ReadCondition,
  WriteCondition,
};

/** How the checksum of a multipart object comes from those of its parts. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

/** A checksum of an object's or a part's plaintext, raw bytes in network order. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  readonly value: Uint8Array;
}

/** What the sender says of its body; whatever is given is verified before the commit. */
export interface ExpectedDigests {
  readonly md5?: Uint8Array | undefined;
  readonly sha256?: Uint8Array | undefined;
  readonly checksum?:
    | { readonly algorithm: ChecksumAlgorithm; readonly value: Uint8Array }
    | undefined;
  readonly sizeBytes?: number | undefined;
}

/** Bytes, or a stream of them. A stream's chunks are the store's until the next one is pulled. */
export type BodySource = Uint8Array | AsyncIterable<Uint8Array>;

/** The headers that S3 keeps with an object and gives back with it. */
export interface StoredHeaders {
  readonly contentType?: string | undefined;
  readonly cacheControl?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly contentLanguage?: string | undefined;
  readonly expires?: string | undefined;
}

export interface ObjectAttributes {
  readonly headers?: StoredHeaders | undefined;
  /** Names in lower case, values any text; together at most `limits.metadataBytesMax`. */
  readonly userMetadata?: Readonly<Record<string, string>> | undefined;
  /** The object disappears this long after its commit. */
  readonly ttlMs?: number | undefined;
}

export interface BodyOptions {
  readonly expected?: ExpectedDigests | undefined;
  /** Asked once after the last byte: digests that came behind the body, as in a trailer. */
  readonly expectedAtEnd?: (() => ExpectedDigests) | undefined;
  /** Compute, keep and return this checksum, whether or not one was sent. */
  readonly checksumAlgorithm?: ChecksumAlgorithm | undefined;
  /** Compute the MD5 and use it as the ETag. Otherwise the ETag is opaque. */
  readonly md5?: boolean | undefined;
  /** Gives up the upload; what was written is dead. */
  readonly signal?: AbortSignal | undefined;
}

export interface PutOptions
  extends BodyOptions,
    ObjectAttributes,
    InitialState,
    EncryptionOptions,
    WriteCondition {
  /** How events call it: a put, unless it came in a form. */
  readonly origin?: 'post' | undefined;
}

/** One version of one object, without its bytes. */
export interface ObjectInfo {
  readonly bucket: string;
  readonly key: string;
  readonly version: number;
  /** `null` for a null version; none in a bucket that never had versions. */
  readonly versionId: string | undefined;
  readonly sizeBytes: number;
  /** Hex, without quotes; `-N` at its end for a multipart object of N parts. */
  readonly etag: string;
  readonly modifiedUnixMs: number;
  readonly expiresUnixMs: number | undefined;
  /** SHA-256 of the content; none for a multipart object. */
  readonly sha256: Uint8Array | undefined;
  readonly checksums: readonly Checksum[];
  readonly headers: StoredHeaders;
  readonly userMetadata: Readonly<Record<string, string>>;
  /** Sizes of the parts of a multipart object, in order; empty for a single put. */
  readonly parts: readonly { readonly number: number; readonly sizeBytes: number }[];
  readonly tagCount: number;
  readonly lock: ObjectLock | undefined;
  /** Under whose key its bytes lie. */
  readonly encryptedBy: EncryptedBy | undefined;
}

/** An object being read: its description and its bytes. Each may be taken once. */
export interface ObjectReader extends AsyncDisposable {
  readonly info: ObjectInfo;
  /** The part of the object that `body` and `bytes` give. */
  readonly range: ByteRange;
  /**
   * Verified chunks of at most 256 KiB, whose memory is the caller's own.
   * @throws LogStoreError `RECORD_CORRUPT` where stored bytes are damaged, before any is given
   */
  body(): AsyncIterable<Uint8Array>;
  /** The whole range at once. */
  bytes(): Promise<Uint8Array>;
}

export interface HeadOptions extends VersionOptions {
  /** Given: refused where a read of the bytes with these would be. */
  readonly reading?: CustomerKeyOptions | undefined;
}

export interface GetOptions extends VersionOptions, CustomerKeyOptions {
  readonly range?: ByteRange | undefined;
  /** Reads this part of a multipart object; 1 is the whole of any other. */
  readonly partNumber?: number | undefined;
}

export interface BucketInfo {
  readonly name: string;
  readonly createdUnixMs: number;
  /** The id of its owner; null: the store's own. */
  readonly owner: string | null;
}

export interface CreateUploadOptions extends ObjectAttributes, InitialState, EncryptionOptions {
  readonly checksum?:
    | { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType }
    | undefined;
}

export interface UploadInfo {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  readonly initiatedUnixMs: number;
  readonly checksum?:
    | { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType }
    | undefined;
  /** Told of an upload that was just begun. */
  readonly encryptedBy?: EncryptedBy | undefined;
}

export interface PutPartOptions extends BodyOptions, CustomerKeyOptions {}

export interface PartInfo {
  readonly number: number;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly modifiedUnixMs: number;
  readonly checksum:
    | { readonly algorithm: ChecksumAlgorithm; readonly value: Uint8Array }
    | undefined;
  readonly encryptedBy?: EncryptedBy | undefined;
}

/** A part as the completing client names it. */
export interface CompletedPart {
  readonly number: number;
  readonly etag: string;
  readonly checksum?:
    | { readonly algorithm: ChecksumAlgorithm; readonly value: Uint8Array }
    | undefined;
}

export interface CompleteUploadOptions extends WriteCondition {
  /** The checksum of the whole that the client expects. */
  readonly checksum?:
    | { readonly algorithm: ChecksumAlgorithm; readonly value: Uint8Array }
    | undefined;
  readonly checksumType?: ChecksumType | undefined;
  readonly sizeBytes?: number | undefined;
}

export interface ListUploadsPage {
  readonly uploads: readonly UploadInfo[];
  readonly commonPrefixes: readonly string[];
  readonly truncated: boolean;
  readonly nextKeyMarker: string | undefined;
  readonly nextUploadIdMarker: string | undefined;
}

export interface ListPartsPage {
  readonly upload: UploadInfo;
  readonly parts: readonly PartInfo[];
  readonly truncated: boolean;
  readonly nextPartNumberMarker: number | undefined;
}

export interface CopySource extends VersionOptions, CustomerKeyOptions {
  readonly bucket: string;
  readonly key: string;
  /** Only this version; the copy fails with PRECONDITION_FAILED once it is no longer current. */
  readonly version?: number | undefined;
}

export interface CopyOptions extends WriteCondition, EncryptionOptions {
  /** Given: the copy has these tags. Absent: it has the source's. */
  readonly tags?: Tags | undefined;
  /** The copy's own; a source's lock is never copied, nor are its grants. */
  readonly lock?: ObjectLock | undefined;
  readonly acl?: string | null | undefined;
  /** Given: the copy has these attributes. Absent: it has the source's. */
  readonly attributes?: ObjectAttributes | undefined;
  readonly sourceCondition?: ReadCondition | undefined;
  /** Adds this checksum to the copy; its bytes are read for it if the source has none. */
  readonly checksumAlgorithm?: ChecksumAlgorithm | undefined;
}

/** A part of an object that was completed. */
export interface ObjectPart {
  readonly number: number;
  readonly sizeBytes: number;
  readonly checksum: Checksum | undefined;
}

export interface ObjectPartsOptions extends VersionOptions {
  readonly afterPartNumber?: number | undefined;
  /** 1,000 at most. */
  readonly limit?: number | undefined;
}

export interface ObjectPartsPage {
  readonly parts: readonly ObjectPart[];
  readonly truncated: boolean;
}

export interface CopyPartOptions extends CustomerKeyOptions {
  readonly sourceCondition?: ReadCondition | undefined;
}

/** The face of the store. Every method rejects with a LogStoreError; `CLOSED` after `close`. */
export interface Store extends VersionedStore, AsyncDisposable {
  createBucket(bucket: string, options?: CreateBucketOptions): Promise<BucketInfo>;
  headBucket(bucket: string): Promise<BucketInfo>;
  listBuckets(): Promise<BucketInfo[]>;
  /** Only an empty one: no versions and no delete markers may be left. */
  deleteBucket(bucket: string): Promise<void>;
  put(bucket: string, key: string, body: BodySource, options?: PutOptions): Promise<ObjectInfo>;
  putValue(bucket: string, key: string, value: unknown, options?: PutOptions): Promise<ObjectInfo>;
  get(bucket: string, key: string, options?: GetOptions): Promise<ObjectReader>;
  getBytes(bucket: string, key: string): Promise<Uint8Array>;
  getValue<T>(bucket: string, key: string): Promise<T>;
  /** By content: any live object whose bytes have this SHA-256. */
  getBySha256(sha256: Uint8Array): Promise<ObjectReader>;
  head(bucket: string, key: string, options?: HeadOptions): Promise<ObjectInfo>;
  /** Of a multipart object, in order; none of any other. */
  objectParts(bucket: string, key: string, options?: ObjectPartsOptions): Promise<ObjectPartsPage>;
  /**
   * With a version id removes that version for good. Without one, in a bucket with versions, makes
   * a delete marker the newest version.
   */
  delete(bucket: string, key: string, options?: DeleteOptions): Promise<DeleteResult>;
  copy(source: CopySource, bucket: string, key: string, options?: CopyOptions): Promise<ObjectInfo>;
  list(bucket: string, options?: ListOptions): Promise<ListPage>;
  /** All pages of a listing, one object at a time. */
  objects(bucket: string, options?: ListOptions): AsyncIterable<ListedObject>;

  createUpload(bucket: string, key: string, options?: CreateUploadOptions): Promise<UploadInfo>;
  headUpload(bucket: string, key: string, uploadId: string): Promise<UploadInfo>;
  putPart(
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    body: BodySource,
    options?: PutPartOptions,
  ): Promise<PartInfo>;
  copyPart(
    source: CopySource & { readonly range?: ByteRange | undefined },
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    options?: CopyPartOptions,
  ): Promise<PartInfo>;
  listParts(
    bucket: string,
    key: string,
    uploadId: string,
    options?: { afterPartNumber?: number | undefined; limit?: number | undefined },
  ): Promise<ListPartsPage>;
  listUploads(bucket: string, options?: ListUploadsOptions): Promise<ListUploadsPage>;
  /** Repeating a completed call gives the first one's answer while that object is current. */
  completeUpload(
    bucket: string,
    key: string,
    uploadId: string,
    parts: readonly CompletedPart[],
    options?: CompleteUploadOptions,
  ): Promise<ObjectInfo>;
  abortUpload(bucket: string, key: string, uploadId: string): Promise<void>;

  /** All of it or nothing, also across a crash. A throw inside rolls it back. */
  transaction<T>(action: (transaction: Transaction) => Promise<T>): Promise<T>;

  /**
   * Rewrites segments without what is dead in them.
   * @throws LogStoreError `BUSY` while another run is under way; `NO_SPACE`, `RECORD_CORRUPT` or
   *   `IO` if nothing could be rewritten for it; `READ_ONLY`
   */
  compact(options?: CompactionOptions): Promise<CompactionReport>;

  /**
   * Reads all segments that have ended, heals what parity makes good, and makes parity where there
   * is none. @throws LogStoreError `READ_ONLY`
   */
  scrub(options?: CareOptions): Promise<CareReport>;
  /** Of each segment, and of each object that stands on damage; changes nothing. */
  health(options?: HealthOptions): Promise<HealthReport>;

  /** Undefined where the store was opened without one. */
  readonly ledger: StoreLedger | undefined;
  stats(): StoreStats;
  /** SHA-256 over the index's whole content: equal stores have equal digests. */
  indexDigest(): Promise<Uint8Array>;
  close(): Promise<void>;
}
