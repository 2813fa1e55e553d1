import { createHash, type Hash, hash } from 'node:crypto';
import { isSameDigest } from './same-digest.js';
import { hmac } from './signing-key.js';
import type { ChunkSigning } from './sigv4.js';

const emptySha256 = hash('sha256', '');

/**
 * The chain of signatures over the chunks of a body: each covers its chunk and the signature
 * before it, so that none can be altered, left out, moved or added.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export class ChunkSignatures {
  #previous: string;
  #sha256: Hash | undefined; // of the chunk under way; none if it is empty so far

  constructor(private readonly signing: ChunkSigning) {
    this.#previous = signing.seedSignature;
  }

  update(bytes: Uint8Array): void {
    this.#sha256 ??= createHash('sha256');
    this.#sha256.update(bytes);
  }

  /** The signature of the chunk whose bytes came since the last one; the chain goes on from it. */
  signChunk(): string {
    const digest = this.#sha256?.digest('hex') ?? emptySha256;
    this.#sha256 = undefined;
    return this.#sign('AWS4-HMAC-SHA256-PAYLOAD', `${emptySha256}\n${digest}`);
  }

  /** The signature of the trailer, `name:value` and a line feed for each. */
  signTrailer(canonicalTrailer: string): string {
    return this.#sign('AWS4-HMAC-SHA256-TRAILER', hash('sha256', canonicalTrailer));
  }

  #sign(kind: string, digests: string): string {
    const { amzDate, scope, signingKey } = this.signing;
    const text = `${kind}\n${amzDate}\n${scope}\n${this.#previous}\n${digests}`;
    this.#previous = hmac(signingKey, text).toString('hex');
    return this.#previous;
  }
}

export function sameSignature(expected: string, given: string): boolean {
  return isSameDigest(Buffer.from(expected, 'latin1'), Buffer.from(given, 'latin1'));
}
