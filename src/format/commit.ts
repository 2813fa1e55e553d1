import { Packr } from 'msgpackr';
import { LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import { limits } from '../base/limits.js';
import { getU32, setU32 } from './byte-order.js';
import { checksum, fnv1a } from './checksum.js';
import { bucketPrefix, keyPrefix } from './key-encoding.js';
import type {
  ChecksumField,
  HeaderFields,
  Mutation,
  ObjectRecord,
  PartRecord,
} from './mutation.js';

/** SPEC.md §4: `u32 metaBytes | meta | inline body`, meta = `[time, version, mutations]`. */
export interface Commit {
  readonly timeUnixMs: number;
  /** Of the first mutation; mutation i has `version + i`. */
  readonly version: number;
  readonly mutations: readonly Mutation[];
}

const packr = new Packr({ useRecords: false });

/** @returns the payload without the inline body, which is written right behind it */
export function encodeCommit(commit: Commit): Uint8Array {
  invariant(commit.mutations.length >= 1, 'a commit has a mutation');
  invariant(commit.mutations.length <= limits.transactionMutationsMax, 'a commit is bounded');
  const meta = packr.pack([
    commit.timeUnixMs,
    commit.version,
    commit.mutations.map((mutation) => mutationFields(mutation)),
  ]);
  const payload = new Uint8Array(4 + meta.length);
  setU32(payload, 0, meta.length);
  payload.set(meta, 4);
  return payload;
}

/** Where in a commit's payload the meta ends and the inline body begins. */
export function inlineBodyStart(payload: Uint8Array): number {
  const end = payload.length >= 4 ? 4 + getU32(payload, 0) : Infinity;
  if (end > payload.length) throw corrupt('the meta passes the end of its payload');
  return end;
}

/** @throws LogStoreError `RECORD_CORRUPT`; `UNSUPPORTED_VERSION` for a mutation of a later format */
export function decodeCommit(payload: Uint8Array): Commit {
  return decodeCommitMeta(payload.subarray(4, inlineBodyStart(payload)));
}

/** The same from the meta alone, as a footer holds it (SPEC.md §6). */
export function decodeCommitMeta(meta: Uint8Array): Commit {
  const fields = unpack(meta);
  if (!Array.isArray(fields) || !Array.isArray(fields[2])) throw corrupt('a meta is an array');
  const mutations: Mutation[] = [];
  for (const mutation of fields[2]) mutations.push(mutationOf(list(mutation)));
  return { timeUnixMs: number(fields[0]), version: number(fields[1]), mutations };
}

/**
 * The version behind the last mutation of a meta, without decoding the mutations: for recovery,
 * which hands metas on but must know where versions go on.
 */
export function versionAfter(meta: Uint8Array): number {
  const view = new DataView(meta.buffer, meta.byteOffset, meta.length);
  try {
    if (view.getUint8(0) >> 4 !== 9) throw corrupt('a meta is an array');
    const time = readInteger(view, 1);
    const version = readInteger(view, time.end);
    return version.value + readArrayCount(view, version.end);
  } catch (error) {
    if (error instanceof RangeError) throw corrupt('a meta is cut short');
    throw error;
  }
}

/** A msgpack integer as SPEC.md §1 has them: fixint, u8, u16, u32 or float 64. */
function readInteger(view: DataView, at: number): { value: number; end: number } {
  const tag = view.getUint8(at);
  if (tag < 0x80) return { value: tag, end: at + 1 };
  if (tag === 0xcc) return { value: view.getUint8(at + 1), end: at + 2 };
  if (tag === 0xcd) return { value: view.getUint16(at + 1), end: at + 3 };
  if (tag === 0xce) return { value: view.getUint32(at + 1), end: at + 5 };
  if (tag === 0xcb) return { value: number(view.getFloat64(at + 1)), end: at + 9 };
  throw corrupt('an integer is missing');
}

function readArrayCount(view: DataView, at: number): number {
  const tag = view.getUint8(at);
  if (tag >> 4 === 9) return tag & 0x0f;
  if (tag === 0xdc) return view.getUint16(at + 1);
  throw corrupt('an array is missing');
}

function unpack(meta: Uint8Array): unknown {
  try {
    return packr.unpack(meta);
  } catch (error) {
    throw new LogStoreError('RECORD_CORRUPT', 'a meta is not msgpack', { cause: error });
  }
}

/** SPEC.md §3.3: eight bytes that tell what a commit touches, or zeros if that is several things. */
export function commitSubject(mutations: readonly Mutation[]): Uint8Array {
  const subject = new Uint8Array(8);
  const only = mutations[0];
  if (only === undefined || mutations.length > 1) return subject;
  const ofBucket = only.is === 'createBucket' || only.is === 'deleteBucket';
  const prefix = ofBucket ? bucketPrefix(only.bucket) : keyPrefix(only.bucket, only.key);
  setU32(subject, 0, checksum(prefix));
  setU32(subject, 4, fnv1a(prefix));
  return subject;
}

const tags = {
  createBucket: 1,
  deleteBucket: 2,
  putObject: 3,
  deleteObject: 4,
  createUpload: 5,
  putPart: 6,
  abortUpload: 7,
} as const satisfies Record<Mutation['is'], number>;

function mutationFields(m: Mutation): unknown[] {
  const tag = tags[m.is];
  switch (m.is) {
    case 'createBucket':
      return [tag, m.bucket, m.owner, m.region, m.flags];
    case 'deleteBucket':
      return [tag, m.bucket, m.ends];
    case 'putObject':
      return [tag, m.bucket, m.key, m.bucketVersion, m.ends, objectFields(m.object)];
    case 'deleteObject':
      return [tag, m.bucket, m.key, m.ends, m.reason];
    case 'createUpload':
      return [
        ...[tag, m.bucket, m.key, m.bucketVersion, m.headers, m.metadata, m.ttlMs],
        ...[m.checksumAlgorithm, m.checksumType, m.salt, m.flags, null, null, null, null, null],
      ];
    case 'putPart':
      return [tag, m.bucket, m.key, m.uploadVersion, m.partNumber, m.ends, partFields(m.part)];
    case 'abortUpload':
      return [tag, m.bucket, m.key, m.uploadVersion, m.ends];
  }
}

function mutationOf(f: readonly unknown[]): Mutation {
  const tag = f[0];
  const bucket = text(f[1]);
  if (tag === tags.createBucket) {
    const [owner, region] = [textOrNull(f[2]), textOrNull(f[3])];
    return { is: 'createBucket', bucket, owner, region, flags: number(f[4]) };
  }
  if (tag === tags.deleteBucket) return { is: 'deleteBucket', bucket, ends: numbers(f[2], 3) };
  if (typeof tag !== 'number' || tag > tags.abortUpload) {
    throw new LogStoreError('UNSUPPORTED_VERSION', `a mutation of kind ${String(tag)}`);
  }
  const key = text(f[2]);
  switch (tag) {
    case tags.putObject: {
      const object = objectOf(list(f[5]));
      const [bucketVersion, ends] = [number(f[3]), numbers(f[4], 3)];
      return { is: 'putObject', bucket, key, bucketVersion, ends, object };
    }
    case tags.deleteObject:
      return { is: 'deleteObject', bucket, key, ends: numbers(f[3], 3), reason: number(f[4]) };
    case tags.createUpload:
      return {
        ...{ is: 'createUpload', bucket, key, bucketVersion: number(f[3]) },
        ...{ headers: headerFields(f[4]), metadata: list(f[5]).map(text), ttlMs: number(f[6]) },
        ...{ checksumAlgorithm: number(f[7]), checksumType: number(f[8]) },
        ...{ salt: binary(f[9], 16), flags: number(f[10]) },
      };
    case tags.putPart: {
      const [uploadVersion, partNumber, ends] = [number(f[3]), number(f[4]), numbers(f[5], 3)];
      const part = partOf(list(f[6]));
      return { is: 'putPart', bucket, key, uploadVersion, partNumber, ends, part };
    }
    default: {
      const [uploadVersion, ends] = [number(f[3]), numbers(f[4], 3)];
      return { is: 'abortUpload', bucket, key, uploadVersion, ends };
    }
  }
}

function objectFields(o: ObjectRecord): unknown[] {
  return [
    ...[o.sizeBytes, o.etag, o.partCount, o.sha256, o.partsRoot, o.checksums, o.runs, o.parts],
    ...[o.headers, o.metadata, o.expiresUnixMs, o.salt, o.uploadVersion, o.flags],
    ...[null, null, null, null, null, null],
  ];
}

function objectOf(f: readonly unknown[]): ObjectRecord {
  return {
    sizeBytes: number(f[0]),
    etag: binary(f[1], 16),
    partCount: number(f[2]),
    sha256: f[3] === null ? null : binary(f[3], 32),
    partsRoot: f[4] === null ? null : binary(f[4], 32),
    checksums: list(f[5]).map(checksumField),
    runs: numbers(f[6], 4),
    parts: numbers(f[7], 4),
    headers: headerFields(f[8]),
    metadata: list(f[9]).map(text),
    expiresUnixMs: number(f[10]),
    salt: binary(f[11], 16),
    uploadVersion: number(f[12]),
    flags: number(f[13]),
  };
}

function partFields(p: PartRecord): unknown[] {
  return [p.sizeBytes, p.md5, p.sha256, p.checksum, p.runs, p.salt, null, null];
}

function partOf(f: readonly unknown[]): PartRecord {
  return {
    sizeBytes: number(f[0]),
    md5: binary(f[1], 16),
    sha256: binary(f[2], 32),
    checksum: f[3] === null ? null : checksumField(f[3]),
    runs: numbers(f[4], 4),
    salt: binary(f[5], 16),
  };
}

function corrupt(message: string): LogStoreError {
  return new LogStoreError('RECORD_CORRUPT', message);
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw corrupt('an array is missing');
  return value;
}

function number(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw corrupt('a number is missing or out of range');
  }
  return value;
}

function numbers(value: unknown, groupedBy: number): readonly number[] {
  const all = list(value).map(number);
  if (all.length % groupedBy !== 0) throw corrupt('a flat array is cut short');
  return all;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw corrupt('a string is missing');
  return value;
}

function textOrNull(value: unknown): string | null {
  return value === null ? null : text(value);
}

function binary(value: unknown, sizeBytes?: number): Uint8Array {
  if (!(value instanceof Uint8Array)) throw corrupt('binary is missing');
  if (sizeBytes !== undefined && value.length !== sizeBytes) throw corrupt('binary of wrong size');
  return value;
}

function headerFields(value: unknown): HeaderFields {
  return list(value).map(textOrNull);
}

function checksumField(value: unknown): ChecksumField {
  const f = list(value);
  return [number(f[0]), number(f[1]), binary(f[2])];
}
