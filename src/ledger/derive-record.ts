import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { LogStoreError } from '../base/errors.js';
import {
  type ConfigureBucket,
  type CreateBucket,
  type ObjectRecord,
  objectFlags,
} from '../format/mutation.js';
import { type ObjectFacts, objectRecord, objectState } from '../format/object-record.js';
import { lockModes, type ObjectState } from '../format/object-state.js';
import type { Hash } from '../merkle/rfc6962.js';

type Fact = readonly [name: string, value: string];

const headerNames = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
  'x-amz-website-redirect-location',
];
const userPrefix = 'x-amz-meta-';
const noSalt = new Uint8Array(16);
const encoder = new TextEncoder();

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
    kind: (object.flags & objectFlags.marker) === 0 ? 'object' : 'marker',
    size: object.sizeBytes,
    sha256: sha256 === null ? [] : [sha256],
    parts: partsRoot === null ? [] : [[partCount, partsRoot]],
    chunks: undefined,
    headers: factsHash(hash, object.salt, factsOf(object)),
    time: timeUnixMs,
    expires: object.expiresUnixMs === 0 ? undefined : object.expiresUnixMs,
    state: stateHash(hash, object.salt, object.state),
    before,
    salt: object.salt,
  });
}

/**
 * Of a version whose tags or lock were set after its put.
 * @param first hash of its first record, which hides what is said here as a salt would
 * @param before leaf hash of what this takes the place of
 */
export function recordOfState(
  hash: Hash,
  first: Uint8Array,
  state: ObjectState,
  timeUnixMs: number,
  before: Uint8Array,
): string {
  const said = stateHash(hash, first, state);
  return objectState.encode({ record: first, time: timeUnixMs, state: said, before });
}

/** Of a bucket: no body, and its owner, region and flags for headers. Its commit has no salt. */
export function recordOfBucket(hash: Hash, bucket: CreateBucket, timeUnixMs: number): string {
  const facts: Fact[] = [['flags', String(bucket.flags)]];
  if (bucket.owner !== null) facts.push(['owner', bucket.owner]);
  if (bucket.region !== null) facts.push(['region', bucket.region]);
  const headers = factsHash(hash, noSalt, facts);
  return unsaltedRecord('bucket', 0, hash(), { headers, time: timeUnixMs, before: undefined });
}

/** Of a configuration of a bucket: its document is the content. */
export function recordOfConfiguration(
  hash: Hash,
  value: NonNullable<ConfigureBucket['value']>,
  timeUnixMs: number,
  before: Uint8Array | undefined,
): string {
  const bytes = typeof value === 'string' ? utf8ToBytes(value) : value;
  const headers = factsHash(hash, noSalt, []);
  const of = { headers, time: timeUnixMs, before };
  return unsaltedRecord('configuration', bytes.length, hash(bytes), of);
}

function unsaltedRecord(
  kind: 'bucket' | 'configuration',
  size: number,
  sha256: Uint8Array,
  of: Pick<ObjectFacts, 'headers' | 'time' | 'before'>,
): string {
  const none = { parts: [], chunks: undefined, expires: undefined, state: undefined };
  return objectRecord.encode({ kind, size, sha256: [sha256], ...none, ...of, salt: noSalt });
}

/** Undefined where nothing is said of a version. */
function stateHash(
  hash: Hash,
  salt: Uint8Array,
  state: ObjectState | undefined,
): Uint8Array | undefined {
  if (state === undefined) return undefined;
  const { lockMode, retainUntilMs, legalHold, tags, acl } = state;
  const facts: Fact[] = [];
  const mode = lockMode === lockModes.governance ? 'governance' : 'compliance';
  if (lockMode !== lockModes.none) facts.push(['retention', `${mode} ${retainUntilMs}`]);
  if (legalHold === true) facts.push(['legal-hold', 'on']);
  for (let at = 0; at + 1 < tags.length; at += 2) {
    facts.push([`tag ${tags[at]}`, tags[at + 1] ?? '']);
  }
  if (acl !== null) facts.push(['acl', acl]);
  return facts.length === 0 ? undefined : factsHash(hash, salt, facts);
}

/** What an object is served with, by the names of HTTP, and what else its commit says of it. */
function factsOf({ headers, metadata, flags, encryption }: ObjectRecord): Fact[] {
  const all: Fact[] = [];
  for (const [index, name] of headerNames.entries()) {
    const value = headers[index] ?? null;
    if (value !== null) all.push([name, value]);
  }
  for (let at = 0; at + 1 < metadata.length; at += 2) {
    all.push([`${userPrefix}${metadata[at]}`, metadata[at + 1] ?? '']);
  }
  const others = flags & ~objectFlags.marker;
  if (others !== 0) all.push(['flags', String(others)]);
  if (encryption !== undefined) {
    const { method, keyId, wrappedKey } = encryption;
    const key = keyId === null ? 'none' : bytesToHex(keyId);
    all.push(['encryption', `${method} ${key} ${bytesToHex(wrappedKey)}`]);
  }
  return all;
}

/** H(salt || for each fact in the order of its bytes: u32be length, name, u32be length, value) */
function factsHash(hash: Hash, salt: Uint8Array, facts: readonly Fact[]): Uint8Array {
  const encoded = facts.map(encodeFact);
  return hash(salt, ...(encoded.length > 1 ? encoded.sort(compareBytes) : encoded));
}

function encodeFact([name, value]: Fact): Uint8Array {
  const encoded = new Uint8Array(8 + 3 * (name.length + value.length));
  const nameEnd = writeText(encoded, 0, name);
  return encoded.subarray(0, writeText(encoded, nameEnd, value));
}

/** @returns where it ends */
function writeText(into: Uint8Array, at: number, text: string): number {
  const { written } = encoder.encodeInto(text, into.subarray(at + 4));
  into[at] = written >>> 24;
  into[at + 1] = written >>> 16;
  into[at + 2] = written >>> 8;
  into[at + 3] = written;
  return at + 4 + written;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  if (at < 0) return a.length - b.length;
  return at < b.length ? (a[at] ?? 0) - (b[at] ?? 0) : 1;
}
