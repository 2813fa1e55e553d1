import { invariant } from '../base/invariant.js';
import { limits } from '../base/limits.js';
import { getU32, setU32 } from './byte-order.js';
import { checksumRange, fnv1a } from './checksum.js';
import { corrupt, list, number } from './fields.js';
import { encodedBytesMax, encodeKeyPrefixInto, encodeListingKeyInto } from './key-encoding.js';
import { decodeMsgpack, MsgpackReader } from './msgpack.js';
import { MsgpackWriter } from './msgpack-writer.js';
import { isOfBucket, type Mutation } from './mutation.js';
import { mutationOf, writeMutation } from './mutation-fields.js';

/** SPEC.md §4: `u32 metaBytes | meta | inline body`, meta = `[time, version, mutations]`. */
export interface Commit {
  readonly timeUnixMs: number;
  /** Of the first mutation; mutation i has `version + i`. */
  readonly version: number;
  readonly mutations: readonly Mutation[];
}

const writer = new MsgpackWriter();
const keyScratch = new Uint8Array(encodedBytesMax);
const subjectOfSeveral = new Uint8Array(8);
let subjects = new Uint8Array(0); // memory that many share, as of payloads
let subjectsUsed = 0;

/**
 * @returns the payload without the inline body, which is written right behind it
 * @throws LogStoreError `INVALID_ARGUMENT` for text that is not well-formed
 */
export function encodeCommit(commit: Commit): Uint8Array {
  invariant(commit.mutations.length >= 1, 'a commit has a mutation');
  invariant(commit.mutations.length <= limits.transactionMutationsMax, 'a commit is bounded');
  writer.begin(4);
  writer.array(3);
  writer.integer(commit.timeUnixMs);
  writer.integer(commit.version);
  writer.array(commit.mutations.length);
  for (const mutation of commit.mutations) writeMutation(writer, mutation);
  const payload = writer.end();
  setU32(payload, 0, payload.length - 4);
  return payload;
}

/** Where in a commit's payload the meta ends and the inline body begins. */
export function inlineBodyStart(payload: Uint8Array): number {
  const end = payload.length >= 4 ? 4 + getU32(payload, 0) : Infinity;
  if (end > payload.length) throw corrupt('the meta passes the end of its payload');
  return end;
}

/** @throws LogStoreError `RECORD_CORRUPT`; `UNSUPPORTED_VERSION` for what a later version says */
export function decodeCommit(payload: Uint8Array): Commit {
  return decodeCommitMeta(payload.subarray(4, inlineBodyStart(payload)));
}

/** The same from the meta alone, as a footer holds it (SPEC.md §6). */
export function decodeCommitMeta(meta: Uint8Array): Commit {
  const fields = list(decodeMsgpack(meta));
  const [timeUnixMs, version] = [number(fields[0]), number(fields[1])];
  const mutations: Mutation[] = [];
  for (const mutation of list(fields[2])) mutations.push(mutationOf(list(mutation)));
  checkCount(version, mutations.length);
  return { timeUnixMs, version, mutations };
}

/**
 * The version behind the last mutation of a meta, without decoding the mutations: for recovery,
 * which hands metas on but must know where versions go on.
 * @throws LogStoreError `RECORD_CORRUPT`
 */
export function versionAfter(meta: Uint8Array): number {
  const reader = new MsgpackReader(meta);
  if (reader.arrayCount() < 3) throw corrupt('a meta has three fields');
  reader.integer(); // the time
  const version = reader.integer();
  const mutationCount = reader.arrayCount();
  checkCount(version, mutationCount);
  return version + mutationCount;
}

function checkCount(version: number, mutationCount: number): void {
  if (mutationCount < 1 || mutationCount > limits.transactionMutationsMax) {
    throw corrupt(`a commit of ${mutationCount} mutations`);
  }
  if (version < 1 || !Number.isSafeInteger(version + mutationCount)) {
    throw corrupt('versions are out of range');
  }
}

/** SPEC.md §3.3: eight bytes that tell what a commit touches; zeros if that is several things. */
export function commitSubject(mutations: readonly Mutation[]): Uint8Array {
  const only = mutations[0];
  if (only === undefined || mutations.length > 1) return subjectOfSeveral;
  const length = subjectKeyInto(keyScratch, only);
  const subject = newSubject();
  setU32(subject, 0, checksumRange(keyScratch, 0, length, 0));
  setU32(subject, 4, fnv1a(keyScratch, length));
  return subject;
}

function subjectKeyInto(target: Uint8Array, mutation: Mutation): number {
  if (mutation.is === 'setAccess') return encodeListingKeyInto(target, '', '');
  if (isOfBucket(mutation)) return encodeListingKeyInto(target, mutation.bucket, '');
  return encodeKeyPrefixInto(target, mutation.bucket, mutation.key);
}

function newSubject(): Uint8Array {
  if (subjectsUsed === subjects.length) {
    subjects = new Uint8Array(8192);
    subjectsUsed = 0;
  }
  subjectsUsed += 8;
  return subjects.subarray(subjectsUsed - 8, subjectsUsed);
}
