/** What the bytes of an object are to be sealed with, where they lie. */
export type EncryptionRequest =
  | {
      readonly by: 'store';
      /** Under a key of this name, which follows from the store's: S3's `aws:kms`. */
      readonly kmsKey?: string | undefined;
    }
  | {
      readonly by: 'customer';
      /** 32 bytes. It is not kept: without it nobody reads the object. */
      readonly key: Uint8Array;
    };

/** Under whose key something lies; behind `kms:` the name of a key of the store. */
export type EncryptedBy = 'store' | 'customer' | `kms:${string}`;

/** Of what is written. */
export interface EncryptionOptions {
  /** Absent: as the bucket's configuration `encryption` says. */
  readonly encryption?: EncryptionRequest | undefined;
}

/** Of what is read, or of a part of an upload. */
export interface CustomerKeyOptions {
  /** 32 bytes: for what was encrypted by its customer, and for nothing else. */
  readonly customerKey?: Uint8Array | undefined;
}
