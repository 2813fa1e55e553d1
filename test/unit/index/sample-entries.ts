import { createHash } from 'node:crypto';
import { versionKey } from '../../../src/format/key-encoding.js';
import type { EntryFields } from '../../../src/index/entry-table.js';
import { ObjectIndex } from '../../../src/index/object-index.js';

export function contentHash(content: string): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(content).digest());
}

/** An entry whose every field tells it from others; without `content` it has no SHA-256. */
export function entryOf(number: number, content?: string): EntryFields {
  return {
    sequence: number + 2 ** 40,
    mutation: number % 1000,
    sizeBytes: number * 3 + 2 ** 33,
    timeMs: 1_700_000_000_000 + number,
    expiresMs: number % 2 === 0 ? 0 : 1_800_000_000_000 + number,
    flags: (number * 7) % 65_536,
    partCount: number % 10_001,
    checksumKind: (number % 6) + 256 * (number % 3),
    etag: contentHash(`etag ${number}`).slice(0, 16),
    sha256: content === undefined ? undefined : contentHash(content),
  };
}

/** Objects 1 to `count` of one bucket; every third has no content hash, contents repeat. */
export function anIndexOf(count: number, name = (number: number) => `key-${number}`): ObjectIndex {
  const index = new ObjectIndex();
  for (let number = 1; number <= count; number++) {
    const content = number % 3 === 0 ? undefined : `content ${number % 10}`;
    index.insert(versionKey('bucket', name(number), number), entryOf(number, content));
  }
  return index;
}

export function digestOf(index: ObjectIndex): string {
  const hash = createHash('sha256');
  index.digest((bytes) => hash.update(bytes));
  return hash.digest('hex');
}
