import { timingSafeEqual } from 'node:crypto';

/**
 * Whether `given` is what was expected. How long it takes says nothing of where they differ, nor
 * of what is no digest at all: that is compared as well, in vain (faults 92). All signatures of
 * requests are compared here.
 */
export function isSameDigest(expected: Uint8Array, given: Uint8Array): boolean {
  const isWhole = given.length === expected.length;
  return timingSafeEqual(expected, isWhole ? given : new Uint8Array(expected.length)) && isWhole;
}

/** The same for a digest of 32 bytes that is sent as text: 64 digits, in lower case. */
export function isSameHexDigest(expected: Uint8Array, text: string): boolean {
  return isSameDigest(expected, Buffer.from(/^[0-9a-f]{64}$/.test(text) ? text : '', 'hex'));
}
