/** Presigned URLs and forms; headers too; nothing. */
export type SignatureV2 = 'urls' | 'all' | 'off';

export interface SigV4Options {
  /** The one region that requests are signed for; empty accepts any. */
  readonly region: string;
  readonly secretOf: (accessKeyId: string) => string | undefined;
  /** Where requests may be signed by Version 2; `off` unless given. */
  readonly signatureV2?: SignatureV2 | undefined;
}
