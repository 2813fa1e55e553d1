import { createHash } from 'node:crypto';
import type { CatalogState } from '../catalog/catalog.js';

/** SPEC.md §8.2: equal for stores of equal state, however they came to it. */
export function indexDigest({ buckets, objects, uploads, parts }: CatalogState): Uint8Array {
  const hash = createHash('sha256');
  for (const { name, version, timeUnixMs } of [...buckets.values()].sort(byName)) {
    const bytes = Buffer.from(name);
    const row = Buffer.alloc(4 + bytes.length + 16);
    row.writeUInt32LE(bytes.length);
    bytes.copy(row, 4);
    row.writeBigUInt64LE(BigInt(version), 4 + bytes.length);
    row.writeBigUInt64LE(BigInt(timeUnixMs), 12 + bytes.length);
    hash.update(row);
  }
  for (const index of [objects, uploads, parts]) index.digest((bytes) => hash.update(bytes));
  return hash.digest();
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
