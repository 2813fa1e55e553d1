import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';

/**
 * The keys of the object map for verifiers, who trust no code of the store's: the same bytes as
 * `format/key-encoding.ts` makes (SPEC.md §8.1). bucket || 00 || esc(prefix), esc: 00 -> 00 FF
 */
export function mapPrefix(bucket: string, prefix: string): Uint8Array {
  const escaped = [...utf8ToBytes(prefix)].flatMap((byte) => (byte === 0 ? [0, 0xff] : [byte]));
  return concatBytes(utf8ToBytes(bucket), Uint8Array.of(0, ...escaped));
}

/** The beginning of all versions of one key, and of nothing else. */
export function mapKeyPrefix(bucket: string, key: string): Uint8Array {
  return concatBytes(mapPrefix(bucket, key), Uint8Array.of(0, 1));
}

/** The key of one version: the newest comes first. */
export function mapKey(bucket: string, key: string, version: number): Uint8Array {
  const turned = BigInt.asUintN(64, ~BigInt(version)).toString(16); // never below 2^63: 16 digits
  return concatBytes(mapKeyPrefix(bucket, key), hexToBytes(turned));
}
