import type { SignableRequest } from '../auth/canonical-request.js';
import type { PayloadClaim } from '../auth/payload-claim.js';

import { anonymous, type Principal } from '../auth/principal.js';

import type { Refusal } from '../auth/refusal.js';

import type { ChunkSigning } from '../auth/sigv4.js';
import { InvariantError } from '../base/invariant.js';
import type { Edge } from './edge.js';
import { S3Error } from './s3/s3-error.js';

/** Who sent a request, proven, and what was signed about its body. */
export interface Identity {
  readonly principal: Principal;
  readonly payload: PayloadClaim;
  /** Undefined where chunks cannot be signed. */
  readonly chunkSigning: ChunkSigning | undefined;
  /** Undefined where nothing is signed. */
  readonly signature: 'SigV2' | 'SigV4' | undefined;
  /** The signature stood in the URL. */
  readonly presigned: boolean;
  /** The signature stood in a field of a form. */
  readonly inForm?: true;
}

/**
 * Proves the sender of a request from its request line and headers; who signs nothing is nobody in
 * particular. What the sender may do is decided elsewhere.
 * @throws S3Error
 */
export function authenticate(edge: Edge, request: SignableRequest): Identity {
  const proof = edge.verifier.verify(request, edge.clock.nowUnixMs());
  if (proof.is === 'refused') throw errorOf(proof);
  const { payload } = proof;
  if (proof.is === 'anonymous') return unsigned(payload);
  const signer = edge.users.directory.signer(proof.accessKeyId);
  if (signer === undefined) throw new InvariantError('a key whose signature holds is somebody’s');
  const presigned = !request.headers.authorization;
  const { chunkSigning } = proof;
  const signature = chunkSigning === undefined ? 'SigV2' : 'SigV4';
  return { principal: signer.principal, payload, chunkSigning, signature, presigned };
}

/** Of a request that comes from nobody in particular. */
export function unsigned(payload: PayloadClaim): Identity {
  const nothing = { chunkSigning: undefined, signature: undefined, presigned: false } as const;
  return { principal: anonymous, payload, ...nothing };
}

/**
 * The same where root alone may ask, by Version 4: the older one signs too little of a request.
 * @throws S3Error `AccessDenied`
 */
export function authenticateRoot(edge: Edge, request: SignableRequest): Identity {
  const identity = authenticate(edge, request);
  const { principal, signature } = identity;
  if (principal.is !== 'root' || signature !== 'SigV4') throw new S3Error('AccessDenied');
  return identity;
}

export function errorOf({ code, message, details }: Refusal): S3Error {
  return new S3Error(code, message, { details });
}
