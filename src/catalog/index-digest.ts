import { createHash } from 'node:crypto';
import { setU32, setU64 } from '../format/byte-order.js';
import {
  type AccessDocument,
  accessId,
  type Bucket,
  type CatalogState,
  type Configuration,
} from './state.js';

const configurationMark = 2 ** 31;
const accessMark = 2 ** 31 + 2 ** 30;

/** SHA-256 over everything that the fold made (SPEC.md §8.2). */
export function indexDigestOf(state: CatalogState): Uint8Array {
  const hash = createHash('sha256');
  const names = [...state.buckets.keys()].sort(); // ASCII only, so code units sort as bytes
  for (const name of names) {
    const bucket = state.buckets.get(name);
    if (bucket === undefined) continue;
    hash.update(bucketBytes(bucket));
    for (const each of [...bucket.configurations.keys()].sort()) {
      const configuration = bucket.configurations.get(each);
      if (configuration !== undefined) {
        hash.update(documentBytes(configurationMark, each, configuration));
      }
    }
  }
  for (const each of [...state.access.values()].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1))) {
    hash.update(documentBytes(accessMark, idOf(each), each));
  }
  for (const index of [state.objects, state.uploads, state.parts, state.states]) {
    index.digest((bytes) => hash.update(bytes));
  }
  return hash.digest();
}

function bucketBytes({ name, version, timeUnixMs }: Bucket): Uint8Array {
  const bytes = new Uint8Array(4 + name.length + 16);
  setU32(bytes, 0, name.length);
  bytes.set(new TextEncoder().encode(name), 4);
  setU64(bytes, 4 + name.length, version);
  setU64(bytes, 12 + name.length, timeUnixMs);
  return bytes;
}

/** High bits of its length tell what it is: none is a bucket. */
function documentBytes(
  mark: number,
  name: string,
  { version, sequence, mutation }: Pick<Configuration, 'version' | 'sequence' | 'mutation'>,
): Uint8Array {
  const bytes = new Uint8Array(4 + name.length + 20);
  setU32(bytes, 0, mark + name.length);
  bytes.set(new TextEncoder().encode(name), 4);
  setU64(bytes, 4 + name.length, version);
  setU64(bytes, 12 + name.length, sequence);
  setU32(bytes, 20 + name.length, mutation);
  return bytes;
}

function idOf({ kind, name }: AccessDocument): string {
  return accessId(kind, name);
}
