import type { ChecksumAlgorithm } from '../base/checksum-algorithm.js';
import type { ReadCondition, WriteCondition } from '../catalog/conditions.js';
import type { ListedObject, ListOptions, ListPage } from '../catalog/listing.js';
import type { ListUploadsOptions } from '../catalog/upload-listing.js';
import type { CustomerKeyOptions, EncryptedBy, EncryptionOptions } from './encryption-types.js';
import type { CareReport, HealthReport } from './health.js';
import type { StoreLedger } from './ledger-face.js';
import type {
  BodyOptions,
  BodySource,
  ByteRange,
  Checksum,
  ChecksumType,
  GetOptions,
  HeadOptions,
  ObjectAttributes,
  ObjectInfo,
  ObjectReader,
  PutOptions,
} from './object-types.js';
import type { Transaction } from './transaction-face.js';
import type {
  CareOptions,
  CompactionOptions,
  CompactionReport,
  HealthOptions,
  StoreStats,
} from './upkeep-types.js';
import type {
  CausedOptions,
  DeleteOptions,
  DeleteResult,
  InitialState,
  ObjectLock,
  Tags,
  VersionOptions,
} from './version-options.js';
import type { CreateBucketOptions, VersionedStore } from './version-types.js';

export type { RotationPlan } from '../ledger/key-rotation.js';
export type {
  ChangesPage,
  LedgerStanding,
  ProofRequest,
  PrunedPage,
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
export type {
  BodyOptions,
  BodySource,
  ByteRange,
  Checksum,
  ChecksumType,
  ExpectedDigests,
  GetOptions,
  HeadOptions,
  ObjectAttributes,
  ObjectInfo,
  ObjectReader,
  PutOptions,
  StoredHeaders,
} from './object-types.js';
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

export interface BucketInfo {
  readonly name: string;
  readonly createdUnixMs: number;
  /** The id of its owner; null: the store's own. */
  readonly owner: string | null;
}

export interface CreateUploadOptions extends ObjectAttributes, InitialState, EncryptionOptions {
  /** The owner's id of who begins it; the store keeps it for who serves others. */
  readonly initiator?: string | undefined;
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

/** What is computed of a part for which neither its sender nor its upload asks for a checksum. */
interface DefaultChecksum {
  readonly defaultChecksum?: ChecksumAlgorithm | undefined;
}

export interface PutPartOptions extends BodyOptions, CustomerKeyOptions, DefaultChecksum {}

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

/** What was copied; none in a bucket that never had versions. */
interface Copied {
  readonly sourceVersionId: string | undefined;
}

export type CopiedObject = ObjectInfo & Copied;
export type CopiedPart = PartInfo & Copied;

/** A part as the completing client names it. */
export interface CompletedPart {
  readonly number: number;
  readonly etag: string;
  readonly checksum?:
    | { readonly algorithm: ChecksumAlgorithm; readonly value: Uint8Array }
    | undefined;
}

export interface CompleteUploadOptions extends WriteCondition, CustomerKeyOptions, CausedOptions {
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

export interface CopyOptions extends WriteCondition, EncryptionOptions, CausedOptions {
  /** Given: the copy has these tags. Absent: it has the source's. */
  readonly tags?: Tags | undefined;
  /** The copy's own; a source's lock is never copied, nor are its grants. */
  readonly lock?: ObjectLock | undefined;
  readonly acl?: string | null | undefined;
  /** Given: the copy has these attributes. Absent: it has the source's. */
  readonly attributes?: ObjectAttributes | undefined;
  /** Of a copy with its source's attributes: this one alone is never copied. */
  readonly websiteRedirect?: string | undefined;
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

export interface CopyPartOptions extends CustomerKeyOptions, DefaultChecksum {
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
  copy(
    source: CopySource,
    bucket: string,
    key: string,
    options?: CopyOptions,
  ): Promise<CopiedObject>;
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
  ): Promise<CopiedPart>;
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
