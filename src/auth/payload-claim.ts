/**
 * What `x-amz-content-sha256` says of the body.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html
 */
export type PayloadClaim =
  | { readonly is: 'unsigned' }
  | { readonly is: 'sha256'; readonly value: Uint8Array }
  | { readonly is: 'signed-chunks'; readonly trailer: boolean }
  | { readonly is: 'unsigned-chunks' }; // always with a trailer

export const unsignedPayload = 'UNSIGNED-PAYLOAD';

/** @returns undefined for anything else, which is refused, so that no body goes unverified */
export function parsePayloadClaim(text: string): PayloadClaim | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return { is: 'sha256', value: Buffer.from(text, 'hex') };
  switch (text) {
    case unsignedPayload:
      return { is: 'unsigned' };
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
      return { is: 'signed-chunks', trailer: false };
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
      return { is: 'signed-chunks', trailer: true };
    case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
      return { is: 'unsigned-chunks' };
    default:
      return undefined;
  }
}
