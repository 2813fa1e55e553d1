/**
 * Everything that ends with a mutation: flat triples of sequence number, mutation index and
 * version (SPEC.md §4).
 */
export type Ends = readonly number[];

/** `[contentType, cacheControl, contentDisposition, contentEncoding, contentLanguage, expires]` */
export type HeaderFields = readonly (string | null)[];

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
}

export interface PutObject {
  readonly is: 'putObject';
  readonly bucket: string;
  readonly key: string;
  readonly bucketVersion: number;
  readonly ends: Ends;
  readonly object: ObjectRecord;
}

export interface DeleteObject {
  readonly is: 'deleteObject';
  readonly bucket: string;
  readonly key: string;
  readonly ends: Ends;
  /** 0 asked for, 1 expired. */
  readonly reason: number;
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
}

export interface PartRecord {
  readonly sizeBytes: number;
  readonly md5: Uint8Array;
  readonly sha256: Uint8Array;
  readonly checksum: ChecksumField | null;
  readonly runs: readonly number[];
  readonly salt: Uint8Array;
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
  | AbortUpload;
