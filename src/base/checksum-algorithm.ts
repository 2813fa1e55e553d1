/** The checksums that S3 clients may send with a body, by S3's own names. */
export type ChecksumAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256';

/** How the checksum of a multipart object comes from those of its parts. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

/** What the checksum of an object is; what it amounts to stands elsewhere. */
export interface ChecksumKind {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
}

/** A checksum of an object's or a part's plaintext, raw bytes in network order. */
export interface Checksum extends ChecksumKind {
  readonly value: Uint8Array;
}
