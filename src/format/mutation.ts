import type { EncryptionField } from './encryption.js';
import type { ObjectState } from './object-state.js';

/**
 * Everything that ends with a mutation: flat triples of sequence number, mutation index and
 * version (SPEC.md §4).
 */
export type Ends = readonly number[];

/**
 * `[contentType, cacheControl, contentDisposition, contentEncoding, contentLanguage, expires]`, and
 * behind them `websiteRedirect` where there is one.
 */
export type HeaderFields = readonly (string | null)[];

export const headerCountMax = 7;

/** Most objects have none; one array stands for them all. */
export const noHeaders: HeaderFields = Object.freeze([null, null, null, null, null, null]);

/** `[algorithm, type, value]`: numbers as in SPEC.md §4. */
export type ChecksumField = readonly [algorithm: number, type: number, value: Uint8Array];

export interface CreateBucket {
  readonly is: 'createBucket';
  readonly bucket: string;
  readonly owner: string | null;
  readonly region: string | null;
  readonly flags: number;
}

export interface DeleteBucket {
  readonly is: 'deleteBucket';
  readonly bucket: string;
  readonly ends: Ends;
}

/**
 * Documents that belong to a bucket, each under a name of its own (SPEC.md §4). What they say is
 * the affair of who acts upon them.
 */
export const configurationNames = Object.freeze([
  'accelerate',
  'acl',
  'cors',
  'encryption',
  'lifecycle',
  'logging',
  'notification',
  'object-lock',
  'ownership-controls',
  'policy',
  'public-access-block',
  'request-payment',
  'tagging',
  'versioning',
  'website',
] as const);
export type ConfigurationName = (typeof configurationNames)[number];

export interface ConfigureBucket {
  readonly is: 'configureBucket';
  readonly bucket: string;
  /** Of the bucket's creation: in another bucket of this name it says nothing. */
  readonly bucketVersion: number;
  readonly name: ConfigurationName;
  /** None: the configuration is removed. */
  readonly value: string | Uint8Array | null;
  readonly ends: Ends;
}

/** What the store keeps of who may use it: documents for the whole of it (SPEC.md §4). */
export const accessKinds = Object.freeze(['clock', 'events', 'key', 'policy', 'user'] as const);
export type AccessKind = (typeof accessKinds)[number];

export interface SetAccess {
  readonly is: 'setAccess';
  readonly kind: AccessKind;
  readonly name: string;
  /** None: the document is removed. */
  readonly value: string | null;
  readonly ends: Ends;
}

/** Bits of an object's flags (SPEC.md §4). */
export const objectFlags = Object.freeze({
  /** It says that the key is deleted. */
  marker: 1,
  /** It has an id of its own; other versions are null versions, one of a key at most. */
  versioned: 2,
  all: 3,
});

/** One version of one object, as its commit describes it. */
export interface ObjectRecord {
  readonly sizeBytes: number;
  /** 16 bytes. */
  readonly etag: Uint8Array;
  readonly partCount: number;
  /** 32 bytes; none for a multipart object. */
  readonly sha256: Uint8Array | null;
  readonly partsRoot: Uint8Array | null;
  readonly checksums: readonly ChecksumField[];
  /** Flat fours: number, count, skip, length. */
  readonly runs: readonly number[];
  /** Flat fours: part number, sequence, mutation index, size. */
  readonly parts: readonly number[];
  readonly headers: HeaderFields;
  /** Flat: name, value, name, value, ... */
  readonly metadata: readonly string[];
  readonly expiresUnixMs: number;
  /** 16 random bytes. */
  readonly salt: Uint8Array;
  readonly uploadVersion: number;
  readonly flags: number;
  /** What it begins with. */
  readonly state?: ObjectState;
  /** None: its bytes lie as they are. Otherwise `runs` and inline bodies hold frames. */
  readonly encryption?: EncryptionField | undefined;
}

/** Whose request something follows from. It is not written: who is told later is not told it. */
export interface Cause {
  readonly principalId: string;
  readonly address: string;
  readonly requestId: string;
  readonly hostId: string;
}

export interface PutObject {
  readonly is: 'putObject';
  readonly bucket: string;
  readonly key: string;
  readonly bucketVersion: number;
  readonly ends: Ends;
  readonly object: ObjectRecord;
  /** What led to it, for who is told of it at once. It is not written. */
  readonly origin?: 'copy' | 'lifecycle' | 'post' | undefined;
  readonly cause?: Cause | undefined;
}

export interface DeleteObject {
  readonly is: 'deleteObject';
  readonly bucket: string;
  readonly key: string;
  readonly ends: Ends;
  /** 0 asked for, 1 expired. */
  readonly reason: number;
  readonly cause?: Cause | undefined;
}

export interface CreateUpload {
  readonly is: 'createUpload';
  readonly bucket: string;
  readonly key: string;
  readonly bucketVersion: number;
  readonly headers: HeaderFields;
  readonly metadata: readonly string[];
  readonly ttlMs: number;
  /** 0 none. */
  readonly checksumAlgorithm: number;
  readonly checksumType: number;
  readonly salt: Uint8Array;
  readonly flags: number;
  /** What the object begins with. */
  readonly state?: ObjectState;
  /** Of all its parts, and of the object. */
  readonly encryption?: EncryptionField | undefined;
  /** The owner's id of who began it; none where that is not known. */
  readonly initiator?: string | undefined;
}

/** What is said last of a version counts; nothing of what was said before is left. */
export interface SetObjectState {
  readonly is: 'setObjectState';
  readonly bucket: string;
  readonly key: string;
  /** Of the object. */
  readonly version: number;
  readonly state: ObjectState;
  /** Which of it was said anew, for who is told of it; none where nobody is, or of a lock. */
  readonly about?: StateAspect | undefined;
  readonly cause?: Cause | undefined;
}

/** By their numbers (SPEC.md §4), from 1 on. */
export const stateAspects = Object.freeze(['tags', 'acl'] as const);
export type StateAspect = (typeof stateAspects)[number];

export interface PartRecord {
  readonly sizeBytes: number;
  readonly md5: Uint8Array;
  readonly sha256: Uint8Array;
  readonly checksum: ChecksumField | null;
  readonly runs: readonly number[];
  readonly salt: Uint8Array;
  /** Its bytes lie in frames, under a key that follows from its upload's. */
  readonly isSealed?: boolean | undefined;
}

export interface PutPart {
  readonly is: 'putPart';
  readonly bucket: string;
  readonly key: string;
  readonly uploadVersion: number;
  readonly partNumber: number;
  readonly ends: Ends;
  readonly part: PartRecord;
}

export interface AbortUpload {
  readonly is: 'abortUpload';
  readonly bucket: string;
  readonly key: string;
  readonly uploadVersion: number;
  readonly ends: Ends;
}

export type Mutation =
  | CreateBucket
  | DeleteBucket
  | PutObject
  | DeleteObject
  | CreateUpload
  | PutPart
  | AbortUpload
  | ConfigureBucket
  | SetObjectState
  | SetAccess;

/** Mutations of a bucket as such: they name no key. */
export type BucketMutation = CreateBucket | DeleteBucket | ConfigureBucket;

export function isOfBucket(mutation: Mutation): mutation is BucketMutation {
  const { is } = mutation;
  return is === 'createBucket' || is === 'deleteBucket' || is === 'configureBucket';
}
