/** What the bytes of an object are to be sealed with, where they lie. */
export type EncryptionRequest =
  | { readonly by: 'store' }
  | {
      readonly by: 'customer';
      /** 32 bytes. It is not kept: without it nobody reads the object. */
      readonly key: Uint8Array;
    };

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
