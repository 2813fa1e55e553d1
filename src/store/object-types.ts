import type { Checksum, ChecksumAlgorithm, ChecksumType } from '../base/checksum-algorithm.js';
import type { WriteCondition } from '../catalog/conditions.js';
import type { CustomerKeyOptions, EncryptedBy, EncryptionOptions } from './encryption-types.js';
import type { CausedOptions, InitialState, ObjectLock, VersionOptions } from './version-options.js';

export type { Checksum, ChecksumType };

/** Half-open `[startBytes, endBytes)` within one object. */
export interface ByteRange {
  readonly startBytes: number;
  readonly endBytes: number;
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

/** Bytes, the store's until it answers; or a stream: its chunks are the store's until the next. */
export type BodySource = Uint8Array | AsyncIterable<Uint8Array>;

/** The headers that S3 keeps with an object and gives back with it. */
export interface StoredHeaders {
  readonly contentType?: string | undefined;
  readonly cacheControl?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly contentLanguage?: string | undefined;
  readonly expires?: string | undefined;
  /** Where a website sends who asks for the object: `/page` or a URL. */
  readonly websiteRedirect?: string | undefined;
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
    CausedOptions,
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
