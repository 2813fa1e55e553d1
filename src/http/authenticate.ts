import type { SignableRequest } from '../auth/canonical-request.js';
import type { PayloadClaim } from '../auth/payload-claim.js';
import type { Refusal } from '../auth/refusal.js';
import type { ChunkSigning } from '../auth/sigv4.js';
import type { Edge } from './edge.js';
import { S3Error } from './s3/s3-error.js';

/** Who sent a request, proven, and what was signed about its body. */
export interface Identity {
  readonly accessKeyId: string;
  readonly payload: PayloadClaim;
  /** Undefined where chunks cannot be signed. */
  readonly chunkSigning: ChunkSigning | undefined;
  /** The signature stood in the URL. */
  readonly presigned: boolean;
}

/**
 * Proves the sender of a request from its request line and headers. There are no policies yet:
 * whoever has a key may do everything, and nobody else anything.
 * @throws S3Error
 */
export function authenticate(edge: Edge, request: SignableRequest): Identity {
  const proof = edge.verifier.verify(request, edge.clock.nowUnixMs());
  if (proof.is === 'refused') throw errorOf(proof);
  if (proof.is === 'anonymous') throw new S3Error('AccessDenied');
  const { accessKeyId, payload, chunkSigning } = proof;
  const presigned = request.headers.authorization === undefined;
  return { accessKeyId, payload, chunkSigning, presigned };
}

export function errorOf({ code, message, region }: Refusal): S3Error {
  // Clients that signed for another region read the right one here, and sign again.
  return new S3Error(code, message, { details: region === undefined ? {} : { Region: region } });
}
