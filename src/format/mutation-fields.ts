import { LogStoreError } from '../base/errors.js';
import { limits } from '../base/limits.js';
import {
  encryptionOf,
  partSealedOf,
  sealedBytes,
  writeEncryption,
  writePartSealed,
} from './encryption.js';
import {
  binary,
  corrupt,
  type Fields,
  kept,
  list,
  number,
  numbers,
  text,
  textOrNull,
} from './fields.js';
import { headerFields } from './header-fields.js';
import type { MsgpackValue } from './msgpack.js';
import type { MsgpackWriter } from './msgpack-writer.js';
import {
  accessKinds,
  type ChecksumField,
  configurationNames,
  isOfBucket,
  type Mutation,
  type ObjectRecord,
  objectFlags,
  type PartRecord,
  type SetAccess,
  stateAspects,
} from './mutation.js';
import { noState, stateOf, writeLock, writeTags } from './object-state.js';

/** Mutations as arrays in the order of SPEC.md §4, both ways. */

const tags = {
  createBucket: 1,
  deleteBucket: 2,
  putObject: 3,
  deleteObject: 4,
  createUpload: 5,
  putPart: 6,
  abortUpload: 7,
  configureBucket: 8,
  setObjectState: 9,
  setAccess: 10,
} as const satisfies Record<Mutation['is'], number>;

/** Bytes of a checksum's value, by its algorithm's number. */
const checksumBytes = [0, 4, 4, 8, 20, 32] as const;
const checksumTypeMax = 2;

/** @throws LogStoreError `INVALID_ARGUMENT` for text that is not well-formed: it has no UTF-8 */
export function writeMutation(writer: MsgpackWriter, m: Mutation): void {
  switch (m.is) {
    case 'createBucket':
      writeHead(writer, 5, m);
      writer.textOrNil(m.owner);
      writer.textOrNil(m.region);
      writer.integer(m.flags);
      break;
    case 'deleteBucket':
      writeHead(writer, 3, m);
      writer.integers(m.ends);
      break;
    case 'putObject':
      writeHead(writer, 6, m);
      writer.integer(m.bucketVersion);
      writer.integers(m.ends);
      writeObject(writer, m.object);
      break;
    case 'deleteObject':
      writeHead(writer, 5, m);
      writer.integers(m.ends);
      writer.integer(m.reason);
      break;
    case 'createUpload':
      writeHead(writer, m.initiator === undefined ? 16 : 17, m);
      writer.integer(m.bucketVersion);
      writer.texts(m.headers);
      writer.texts(m.metadata);
      for (const value of [m.ttlMs, m.checksumAlgorithm, m.checksumType]) writer.integer(value);
      writer.binary(m.salt);
      writer.integer(m.flags);
      writeLock(writer, m.state);
      writeEncryption(writer, m.encryption);
      writer.nils(2);
      writeTags(writer, m.state);
      if (m.initiator !== undefined) writer.text(m.initiator);
      break;
    case 'putPart':
      writeHead(writer, 7, m);
      writer.integer(m.uploadVersion);
      writer.integer(m.partNumber);
      writer.integers(m.ends);
      writePart(writer, m.part);
      break;
    case 'abortUpload':
      writeHead(writer, 5, m);
      writer.integer(m.uploadVersion);
      writer.integers(m.ends);
      break;
    case 'configureBucket':
      writeHead(writer, 6, m);
      writer.integer(m.bucketVersion);
      writer.text(m.name);
      if (m.value instanceof Uint8Array) writer.binary(m.value);
      else writer.textOrNil(m.value);
      writer.integers(m.ends);
      break;
    case 'setObjectState':
      writeHead(writer, m.about === undefined ? 6 : 7, m);
      writer.integer(m.version);
      writeLock(writer, m.state);
      writeTags(writer, m.state);
      if (m.about !== undefined) writer.integer(stateAspects.indexOf(m.about) + 1);
      break;
    case 'setAccess':
      writer.array(5);
      writer.integer(tags.setAccess);
      writer.text(m.kind);
      writer.text(m.name);
      writer.textOrNil(m.value);
      writer.integers(m.ends);
  }
}

/** What mutations in a bucket begin with: the tag, the bucket, the key if there is one. */
function writeHead(writer: MsgpackWriter, count: number, m: Exclude<Mutation, SetAccess>): void {
  writer.array(count);
  writer.integer(tags[m.is]);
  writer.text(m.bucket);
  if (!isOfBucket(m)) writer.text(m.key);
}

/** @throws LogStoreError `RECORD_CORRUPT`; `UNSUPPORTED_VERSION` for what a later version says */
export function mutationOf(f: Fields): Mutation {
  const tag = number(f[0]);
  if (tag < tags.createBucket || tag > tags.setAccess) {
    throw new LogStoreError('UNSUPPORTED_VERSION', `a mutation of kind ${tag}`);
  }
  if (tag === tags.setAccess) return setAccessOf(f);
  const bucket = name(f[1], limits.bucketNameBytesMax);
  if (bucket.includes('\u0000')) throw corrupt('a bucket name holds 00');
  if (tag === tags.createBucket) {
    kept(f[4], 'flag of a bucket');
    const [owner, region] = [textOrNull(f[2]), textOrNull(f[3])];
    return { is: 'createBucket', bucket, owner, region, flags: 0 };
  }
  if (tag === tags.deleteBucket) return { is: 'deleteBucket', bucket, ends: numbers(f[2], 3) };
  if (tag === tags.configureBucket) return configureBucketOf(bucket, f);
  const key = name(f[2], limits.keyBytesMax);
  switch (tag) {
    case tags.putObject: {
      const [bucketVersion, ends] = [number(f[3]), numbers(f[4], 3)];
      return { is: 'putObject', bucket, key, bucketVersion, ends, object: objectOf(list(f[5])) };
    }
    case tags.deleteObject:
      return { is: 'deleteObject', bucket, key, ends: numbers(f[3], 3), reason: number(f[4]) };
    case tags.createUpload:
      return createUploadOf(bucket, key, f);
    case tags.putPart: {
      const [uploadVersion, ends] = [number(f[3]), numbers(f[5], 3)];
      const partNumber = partNumberOf(f[4]);
      const part = partOf(list(f[6]));
      return { is: 'putPart', bucket, key, uploadVersion, partNumber, ends, part };
    }
    case tags.setObjectState: {
      const state = stateOf(f[4], f[5]) ?? noState;
      const about = f[6] === undefined ? undefined : stateAspects[number(f[6]) - 1];
      const set = { is: 'setObjectState', bucket, key, version: number(f[3]), state } as const;
      return about === undefined ? set : { ...set, about };
    }
    default: {
      const [uploadVersion, ends] = [number(f[3]), numbers(f[4], 3)];
      return { is: 'abortUpload', bucket, key, uploadVersion, ends };
    }
  }
}

function configureBucketOf(bucket: string, f: Fields): Mutation {
  const given = text(f[3]);
  const name = configurationNames.find((each) => each === given);
  if (name === undefined) {
    throw new LogStoreError('UNSUPPORTED_VERSION', `a configuration named ${given}`);
  }
  const value = f[4] instanceof Uint8Array ? f[4] : textOrNull(f[4]);
  const [bucketVersion, ends] = [number(f[2]), numbers(f[5], 3)];
  return { is: 'configureBucket', bucket, bucketVersion, name, value, ends };
}

function setAccessOf(f: Fields): Mutation {
  const given = text(f[1]);
  const kind = accessKinds.find((each) => each === given);
  if (kind === undefined) {
    throw new LogStoreError('UNSUPPORTED_VERSION', `an access document of the kind ${given}`);
  }
  const [value, ends] = [textOrNull(f[3]), numbers(f[4], 3)];
  return { is: 'setAccess', kind, name: name(f[2], limits.accessNameBytesMax), value, ends };
}

function createUploadOf(bucket: string, key: string, f: Fields): Mutation {
  kept(f[10], 'flag of an upload');
  checkKeptOfContent(f, 13);
  const state = stateOf(f[11], f[15]);
  const encryption = encryptionOf(f[12]);
  return {
    ...(state === undefined ? {} : { state }),
    ...(encryption === undefined ? {} : { encryption }),
    ...(f[16] === undefined ? {} : { initiator: text(f[16]) }),
    ...{ is: 'createUpload', bucket, key, bucketVersion: number(f[3]) },
    ...{ headers: headerFields(f[4]), metadata: pairs(f[5]), ttlMs: number(f[6]) },
    checksumAlgorithm: f[7] === 0 ? 0 : checksumAlgorithm(f[7]),
    ...{ checksumType: number(f[8], checksumTypeMax), salt: binary(f[9], 16), flags: 0 },
  };
}

function writeObject(writer: MsgpackWriter, o: ObjectRecord): void {
  writer.array(20);
  writer.integer(o.sizeBytes);
  writer.binary(o.etag);
  writer.integer(o.partCount);
  writer.binaryOrNil(o.sha256);
  writer.binaryOrNil(o.partsRoot);
  writer.array(o.checksums.length);
  for (const field of o.checksums) writeChecksum(writer, field);
  writer.integers(o.runs);
  writer.integers(o.parts);
  writer.texts(o.headers);
  writer.texts(o.metadata);
  writer.integer(o.expiresUnixMs);
  writer.binary(o.salt);
  writer.integer(o.uploadVersion);
  writer.integer(o.flags);
  writeLock(writer, o.state);
  writeEncryption(writer, o.encryption);
  writer.nils(2);
  writeTags(writer, o.state);
  writer.nils(1);
}

function objectOf(f: Fields): ObjectRecord {
  const flags = number(f[13]);
  if (flags > objectFlags.all) {
    throw new LogStoreError('UNSUPPORTED_VERSION', `an object with the flags ${flags}`);
  }
  checkKeptOfContent(f, 16);
  kept(f[19], 'root over chunks');
  const state = stateOf(f[14], f[18]);
  const encryption = encryptionOf(f[15]);
  const object: ObjectRecord = {
    sizeBytes: number(f[0], limits.objectBytesMax),
    etag: binary(f[1], 16),
    partCount: number(f[2], limits.partCountMax),
    sha256: f[3] === null ? null : binary(f[3], 32),
    partsRoot: f[4] === null ? null : binary(f[4], 32),
    checksums: list(f[5]).map((each) => checksumField(each)),
    runs: runs(f[6]),
    parts: numbers(f[7], 4),
    headers: headerFields(f[8]),
    metadata: pairs(f[9]),
    expiresUnixMs: number(f[10]),
    salt: binary(f[11], 16),
    uploadVersion: number(f[12]),
    flags,
    ...(encryption === undefined ? {} : { encryption }),
  };
  checkContent(object);
  return state === undefined ? object : { ...object, state };
}

/** What a reader relies on when it goes from an offset in an object to its bytes. */
function checkContent(o: ObjectRecord): void {
  if (o.partCount > 0) {
    const sizes = o.parts.filter((_, index) => index % 4 === 3);
    const whole = o.sha256 === null && o.partsRoot !== null && o.runs.length === 0;
    if (whole && sizes.length === o.partCount && sum(sizes) === o.sizeBytes) return;
    throw corrupt('the parts of an object are not the whole of it');
  }
  if (o.sha256 === null || o.partsRoot !== null || o.parts.length > 0) {
    throw corrupt('an object without parts has a SHA-256 and nothing of parts');
  }
  checkBody(o.sizeBytes, o.runs, o.encryption !== undefined);
}

function writePart(writer: MsgpackWriter, p: PartRecord): void {
  writer.array(8);
  writer.integer(p.sizeBytes);
  writer.binary(p.md5);
  writer.binary(p.sha256);
  if (p.checksum === null) writer.nils(1);
  else writeChecksum(writer, p.checksum);
  writer.integers(p.runs);
  writer.binary(p.salt);
  writePartSealed(writer, p.isSealed);
  writer.nils(1);
}

function writeChecksum(writer: MsgpackWriter, [algorithm, type, value]: ChecksumField): void {
  writer.array(3);
  writer.integer(algorithm);
  writer.integer(type);
  writer.binary(value);
}

function partOf(f: Fields): PartRecord {
  const isSealed = partSealedOf(f[6]);
  kept(f[7], 'compression');
  const part: PartRecord = {
    sizeBytes: number(f[0], limits.putBytesMax),
    md5: binary(f[1], 16),
    sha256: binary(f[2], 32),
    checksum: f[3] === null ? null : checksumField(f[3]),
    runs: runs(f[4]),
    salt: binary(f[5], 16),
    ...(isSealed ? { isSealed } : {}),
  };
  checkBody(part.sizeBytes, part.runs, isSealed);
  return part;
}

/** The fields that an object and an upload have in common, from `at` on. */
function checkKeptOfContent(f: Fields, at: number): void {
  kept(f[at], 'compression');
  kept(f[at + 1], 'storage class');
}

/** Fours of number, count, skip, length: of as many data records as those bytes fill. */
function runs(value: MsgpackValue | undefined): readonly number[] {
  const all = numbers(value, 4);
  const recordBytes = limits.dataRecordBytesMax;
  for (let at = 0; at < all.length; at += 4) {
    const [, count = 0, skip = 0, length = 0] = all.slice(at, at + 4);
    if (count === 0) continue;
    if (skip < recordBytes && count === Math.ceil((skip + length) / recordBytes)) continue;
    throw corrupt('a run of more or fewer records than its bytes fill');
  }
  return all;
}

function checkBody(sizeBytes: number, ofRuns: readonly number[], isSealed: boolean): void {
  const lengths = ofRuns.filter((_, index) => index % 4 === 3);
  const storedBytes = isSealed ? sealedBytes(sizeBytes) : sizeBytes;
  if (lengths.length > 0 ? sum(lengths) === storedBytes : storedBytes <= limits.inlineBodyBytesMax)
    return;
  throw corrupt('the runs of a body are not the whole of it');
}

function sum(values: readonly number[]): number {
  return values.reduce((before, value) => before + value, 0);
}

function name(value: MsgpackValue | undefined, bytesMax: number): string {
  const string = text(value);
  const fits = 3 * string.length <= bytesMax || Buffer.byteLength(string) <= bytesMax;
  if (string.length === 0 || !fits) throw corrupt('a name is empty or too long');
  return string;
}

function partNumberOf(value: MsgpackValue | undefined): number {
  const partNumber = number(value, limits.partCountMax);
  if (partNumber === 0) throw corrupt('part numbers begin at 1');
  return partNumber;
}

function pairs(value: MsgpackValue | undefined): readonly string[] {
  const all = list(value);
  if (all.length % 2 !== 0) throw corrupt('a name without its value');
  return all.map(text);
}

function checksumField(value: MsgpackValue | undefined): ChecksumField {
  const f = list(value);
  const algorithm = checksumAlgorithm(f[0]);
  const type = number(f[1], checksumTypeMax);
  if (type === 0) throw corrupt('a checksum of no type');
  return [algorithm, type, binary(f[2], checksumBytes[algorithm] ?? 0)];
}

function checksumAlgorithm(value: MsgpackValue | undefined): number {
  const algorithm = number(value);
  if (algorithm >= checksumBytes.length) {
    throw new LogStoreError('UNSUPPORTED_VERSION', `a checksum of algorithm ${algorithm}`);
  }
  if (algorithm === 0) throw corrupt('a checksum of no algorithm');
  return algorithm;
}
