import { utf8ToBytes } from '@noble/hashes/utils.js';
import { LogStoreError } from '../base/errors.js';
import { type CreateBucket, type ObjectRecord, objectFlags } from '../format/mutation.js';
import { objectRecord } from '../format/object-record.js';
import type { Hash } from '../merkle/rfc6962.js';

const headerNames = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
];
const userPrefix = 'x-amz-meta-';
const noSalt = new Uint8Array(16);

/**
 * The text of the record of an object version, from its commit alone and from what the map held.
 * @param before leaf hash of what was the key's newest version until then
 * @throws LogStoreError `RECORD_CORRUPT` for a commit without a content hash
 * @see SPEC.md, Object record
 */
export function recordOfObject(
  hash: Hash,
  object: ObjectRecord,
  timeUnixMs: number,
  before: Uint8Array | undefined,
): string {
  const { sha256, partsRoot, partCount } = object;
  if ((sha256 === null) === (partsRoot === null)) {
    throw new LogStoreError(
      'RECORD_CORRUPT',
      'an object has either a content hash or a parts root',
    );
  }
  return objectRecord.encode({
    kind: 'object',
    size: object.sizeBytes,
    sha256: sha256 === null ? [] : [sha256],
    parts: partsRoot === null ? [] : [[partCount, partsRoot]],
    chunks: undefined,
    headers: headersHash(hash, object.salt, headersOf(object)),
    time: timeUnixMs,
    expires: object.expiresUnixMs === 0 ? undefined : object.expiresUnixMs,
    state: undefined,
    before,
    salt: object.salt,
  });
}

/** Of a bucket: no body, and its owner, region and flags for headers. Its commit has no salt. */
export function recordOfBucket(hash: Hash, bucket: CreateBucket, timeUnixMs: number): string {
  const facts: [string, string][] = [['flags', String(bucket.flags)]];
  if (bucket.owner !== null) facts.push(['owner', bucket.owner]);
  if (bucket.region !== null) facts.push(['region', bucket.region]);
  return objectRecord.encode({
    kind: 'bucket',
    size: 0,
    sha256: [hash()],
    parts: [],
    chunks: undefined,
    headers: headersHash(hash, noSalt, facts),
    time: timeUnixMs,
    expires: undefined,
    state: undefined,
    before: undefined,
    salt: noSalt,
  });
}

/** What an object is served with, by the names of HTTP, in any order. */
export function headersOf({
  headers,
  metadata,
  flags,
}: ObjectRecord): [name: string, value: string][] {
  const all: [string, string][] = [];
  if ((flags & objectFlags.marker) !== 0) all.push(['x-amz-delete-marker', 'true']);
  for (const [index, name] of headerNames.entries()) {
    const value = headers[index] ?? null;
    if (value !== null) all.push([name, value]);
  }
  for (let at = 0; at + 1 < metadata.length; at += 2) {
    all.push([`${userPrefix}${metadata[at]}`, metadata[at + 1] ?? '']);
  }
  return all;
}

/** H(salt || for each header in the order of its bytes: u32be length, name, u32be length, value) */
export function headersHash(
  hash: Hash,
  salt: Uint8Array,
  headers: readonly (readonly [name: string, value: string])[],
): Uint8Array {
  const encoded = headers.map((header) => {
    return header.flatMap((text) => {
      const bytes = utf8ToBytes(text);
      const length = new DataView(new ArrayBuffer(4));
      length.setUint32(0, bytes.length);
      return [...new Uint8Array(length.buffer), ...bytes];
    });
  });
  return hash(salt, ...encoded.sort(compareBytes).map((bytes) => Uint8Array.from(bytes)));
}

function compareBytes(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  if (at < 0) return a.length - b.length;
  return at < b.length ? (a[at] ?? 0) - (b[at] ?? 0) : 1;
}
