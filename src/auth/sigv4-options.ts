export interface SigV4Options {
  /** The one region that requests are signed for; empty accepts any. */
  readonly region: string;
  readonly secretOf: (accessKeyId: string) => string | undefined;
  /** Whether presigned URLs may be signed by Version 2; `off` unless given. */
  readonly signatureV2?: 'urls' | 'off' | undefined;
}
