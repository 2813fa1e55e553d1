import { commitSubject } from '../../src/format/commit.js';
import type { ManifestFile, ManifestState } from '../../src/format/manifest-frame.js';
import type { Mutation, ObjectRecord, PartRecord } from '../../src/format/mutation.js';
import { parityShape } from '../../src/format/parity.js';
import type { CommitPayload, FieldsOf, PlacedBatch, PlacedRecord, VectorFile } from './codecs.js';

/** What the vectors of this format version say. A new version adds lines; none ever changes. */

type Named<File extends VectorFile> = Readonly<Record<string, FieldsOf<File>>>;
export type Samples = { readonly [File in VectorFile]: Named<File> };

const counting = (size: number, from = 0) =>
  Uint8Array.from({ length: size }, (_, index) => from + index);
const nothing = new Uint8Array(0);
const storeId = counting(16);
const salt = counting(16, 0x40);
const md5 = counting(16, 0x80);
const sha256 = counting(32, 0xa0);
const timeUnixMs = 1_700_000_000_000;
const largest = 2 ** 53 - 1;
const noHeaders = [null, null, null, null, null, null];

const object: ObjectRecord = {
  ...{ sizeBytes: 11, etag: md5, partCount: 0, sha256, partsRoot: null, checksums: [], runs: [] },
  ...{ parts: [], headers: noHeaders, metadata: [], expiresUnixMs: 0, salt, uploadVersion: 0 },
  flags: 0,
};
const part: PartRecord = { sizeBytes: 11, md5, sha256, checksum: null, runs: [], salt };
const named = { bucket: 'bucket', key: 'key' };
const put = (fields: Partial<ObjectRecord>): Mutation => ({
  ...{ is: 'putObject', ...named, bucketVersion: 1, ends: [] },
  object: { ...object, ...fields },
});

function commitOf(mutations: readonly Mutation[], inlineBody = nothing): CommitPayload {
  const version = 70_000;
  return {
    commit: { timeUnixMs, version, mutations },
    inlineBody,
    subject: commitSubject(mutations),
    versionAfter: version + mutations.length,
  };
}

const commits: Named<'commits'> = {
  'create bucket': commitOf([
    { is: 'createBucket', bucket: 'bucket', owner: null, region: null, flags: 0 },
  ]),
  'create bucket with owner and region': commitOf([
    { is: 'createBucket', bucket: 'bucket.eu', owner: 'owner', region: 'eu-west-1', flags: 0 },
  ]),
  'delete bucket with an open upload': commitOf([
    { is: 'deleteBucket', bucket: 'bucket', ends: [1, 0, 1, 200, 0, 300, 65_536, 999, 65_536] },
  ]),
  'put object, inline': commitOf([put({})], new TextEncoder().encode('hello world')),
  'put object, empty, every length of integer': commitOf([
    {
      ...{ is: 'putObject', ...named, bucketVersion: 127, object: { ...object, sizeBytes: 0 } },
      ends: [128, 0, 255, 256, 1, 65_535, 65_536, 2, 2 ** 32 - 1, 2 ** 32, 3, largest - 1],
    },
  ]),
  'put object in data records, described': commitOf([
    put({
      sizeBytes: 600_011,
      runs: [10, 2, 0, 300_000, 15, 2, 200_000, 300_000, 9, 0, 5, 11],
      checksums: [
        [1, 1, counting(4)],
        [2, 1, counting(4)],
        [3, 1, counting(8)],
        [4, 1, counting(20)],
        [5, 1, counting(32)],
      ],
      headers: ['text/plain', 'no-store', 'inline', 'gzip', 'de', 'Thu, 01 Jan 1970 00:00:00 GMT'],
      metadata: ['name', 'value', 'größe', '12 €', 'empty', ''],
      expiresUnixMs: timeUnixMs + 1,
    }),
  ]),
  'put object that completes an upload': commitOf([
    {
      ...{ is: 'putObject', ...named, bucketVersion: 1, ends: [5, 0, 5, 7, 0, 7] },
      object: {
        ...{ ...object, sizeBytes: 5_242_891, partCount: 2, sha256: null, partsRoot: sha256 },
        ...{ parts: [1, 6, 0, 5_242_880, 10_000, 8, 0, 11], uploadVersion: 5 },
        checksums: [[5, 2, sha256]],
      },
    },
  ]),
  'delete object': commitOf([{ is: 'deleteObject', ...named, ends: [2, 0, 2], reason: 0 }]),
  'delete object that expired': commitOf([
    { is: 'deleteObject', ...named, ends: [2, 0, 2], reason: 1 },
  ]),
  'create upload': commitOf([
    {
      ...{ is: 'createUpload', ...named, bucketVersion: 1, ttlMs: 86_400_000, salt, flags: 0 },
      ...{ checksumAlgorithm: 3, checksumType: 1, metadata: ['name', 'value'] },
      headers: ['image/png', null, null, null, null, null],
    },
  ]),
  'put part, inline': commitOf(
    [{ is: 'putPart', ...named, uploadVersion: 5, partNumber: 10_000, ends: [], part }],
    new TextEncoder().encode('hello world'),
  ),
  'put part that replaces one': commitOf([
    {
      ...{ is: 'putPart', ...named, uploadVersion: 5, partNumber: 1, ends: [6, 0, 6] },
      part: {
        ...{ ...part, sizeBytes: 5_242_880, runs: [20, 20, 0, 5_242_880] },
        checksum: [3, 1, counting(8)],
      },
    },
  ]),
  'abort upload': commitOf([
    { is: 'abortUpload', ...named, uploadVersion: 5, ends: [5, 0, 5, 6, 0, 6] },
  ]),
  'a transaction of several': commitOf([
    put({ sizeBytes: 100_000, runs: [30, 1, 0, 100_000] }),
    {
      is: 'deleteObject',
      bucket: 'bucket',
      key: 'ключ\u0000 😀\ufeff',
      ends: [4, 1, 4],
      reason: 0,
    },
  ]),
};

const file: ManifestFile = {
  ...{ fileId: 1, generation: 0, first: 1, end: 0, salt, boundaryBytes: 512, batchFirst: 1 },
  ...{ batchBeforeChecksum: 0, position: undefined, footer: undefined, closed: undefined },
};
const position = {
  ...{ offset: 134_217_728, batchNumber: 1000, batchChecksum: 0xfedcba98, versionNext: 70_000 },
};
const state: ManifestState = {
  ...{ formatVersion: 1, storeId, epoch: 1, createdUnixMs: timeUnixMs, fileIdNext: 2 },
  ...{ files: [file], lossesAccepted: [], parityGroups: [], removalDroppedMax: 0 },
};
const ended: ManifestFile = {
  ...{ ...file, end: 5000, position, footer: { bytes: 70_000, checksum: 0x01234567 } },
};
const open: ManifestFile = {
  ...{ ...file, fileId: 2, first: 5000, boundaryBytes: 4096, batchFirst: 1001 },
  ...{ batchBeforeChecksum: 0xfedcba98, closed: { end: 5001, position } },
};
const frameOf = (number: number, edits: FieldsOf<'manifest-frames'>['edits']) => ({
  ...{ number, hashBefore: number === 1 ? new Uint8Array(32) : sha256, timeUnixMs, edits },
});

const manifestFrames: Named<'manifest-frames'> = {
  'the state of a new store': frameOf(1, [{ is: 'state', state }]),
  'the state of an old store': frameOf(70_000, [
    {
      is: 'state',
      state: { ...state, fileIdNext: 3, files: [ended, open], lossesAccepted: [17, 2 ** 33] },
    },
  ]),
  'a roll-over': frameOf(2, [
    { is: 'end', fileId: 1, end: 5000, position },
    { is: 'add', file: open },
  ]),
  'a footer': frameOf(3, [{ is: 'footer', fileId: 1, bytes: 70_000, checksum: 0x01234567 }]),
  'a clean close': frameOf(4, [{ is: 'closed', fileId: 2, end: 5001, position }]),
  'an opening': frameOf(5, [{ is: 'reopened', fileId: 2 }]),
  'a loss that is accepted': frameOf(6, [{ is: 'lossAccepted', sequence: 17 }]),
  'a file without records': frameOf(7, [{ is: 'remove', fileId: 2 }]),
};

const batchOf = (header: PlacedBatch['header'], checksum: number, offset = 8192) => ({
  ...{ salt, offset, header, checksum },
});
const firstBatch = {
  ...{ number: 1, checksumBefore: 0, recordCount: 0, recordsBytes: 0, recordsChecksum: 0 },
  ...{ sequenceFirst: 1, timeUnixMs },
};
const recordOf = (fields: Partial<PlacedRecord>) => ({
  ...{ salt, offset: 8256, kind: 1, flags: 0, sequence: 1, subject: counting(8, 1) },
  ...{ payload: nothing, ...fields },
});
const segment = {
  ...{ formatVersion: 1, boundaryBytes: 512, storeId, fileId: 1, generation: 0, first: 1, salt },
  ...{ createdUnixMs: timeUnixMs, batchFirst: 1, batchBeforeChecksum: 0 },
};
const footer = {
  ...{ storeId, fileId: 1, generation: 0, recordCount: 3, first: 1, end: 4, salt },
  ...{ commitsBytes: 256, commitCount: 2, recordsEndOffset: 9216 },
};

/** @param checksumOf of a batch header, by the encoder: it is both field and result */
const group = { ...parityShape(position.offset), fileId: 1, tablesHash: sha256 };
const framesOfParity: Named<'manifest-frames-of-parity'> = {
  'parity written': frameOf(4, [{ is: 'parity', group }]),
  'a state with parity': frameOf(5, [
    {
      is: 'state',
      state: { ...state, fileIdNext: 3, files: [ended, open], parityGroups: [group] },
    },
  ]),
};

const byStore = { method: 1, keyId: counting(8, 0x10), wrappedKey: counting(60) } as const;
const byCustomer = { method: 2, keyId: null, wrappedKey: counting(60, 0x20) } as const;

const encrypted: Named<'commits-of-encryption'> = {
  "put object under the store's key, inline": commitOf(
    [put({ encryption: byStore })],
    counting(27),
  ),
  "put object under a customer's key, of two frames": commitOf([
    put({ sizeBytes: 262_128, runs: [9, 2, 0, 262_160], encryption: byCustomer }),
  ]),
  'create upload under a key': commitOf([
    {
      ...{ is: 'createUpload', ...named, bucketVersion: 1, ttlMs: 0, salt, flags: 0 },
      ...{ checksumAlgorithm: 0, checksumType: 0, metadata: [], headers: noHeaders },
      encryption: byStore,
    },
  ]),
  'put part in frames': commitOf(
    [
      {
        ...{ is: 'putPart', ...named, uploadVersion: 5, partNumber: 3, ends: [] },
        part: { ...part, isSealed: true },
      },
    ],
    counting(27),
  ),
};

const scrubStates: Named<'scrub-states'> = {
  'before the first pass': {
    ...{ storeId, passCount: 0, passBeganUnixMs: timeUnixMs, sequenceNext: 1 },
    ...{ passEndedUnixMs: 0, healedCount: 0 },
  },
  'within a later one': {
    ...{ storeId, passCount: 3, passBeganUnixMs: timeUnixMs, sequenceNext: 5000 },
    ...{ passEndedUnixMs: timeUnixMs - 1000, healedCount: 2 },
  },
};

export function samples(checksumOf: (batch: PlacedBatch) => number): Samples {
  const batch = (header: PlacedBatch['header'], offset?: number) => {
    const bare = batchOf(header, 0, offset);
    return { ...bare, checksum: checksumOf(bare) };
  };
  return {
    'segment-headers': {
      'the first segment': segment,
      'a later segment': {
        ...{ ...segment, boundaryBytes: 4096, fileId: 3, generation: 7, first: 70_000 },
        ...{ batchFirst: 2 ** 32, batchBeforeChecksum: 0xffffffff },
      },
      'the largest numbers': { ...segment, fileId: largest, first: largest, batchFirst: largest },
    },
    'batch-headers': {
      'a marking batch': batch(firstBatch),
      'a batch of two records': batch(
        {
          ...{ ...firstBatch, number: 2, checksumBefore: 0x89abcdef, recordCount: 2 },
          ...{ recordsBytes: 640, recordsChecksum: 0x76543210 },
        },
        8704,
      ),
      'beyond 4 GiB': batch({ ...firstBatch, number: largest, sequenceFirst: largest }, 2 ** 32),
    },
    records: {
      'data of no padding': recordOf({ payload: counting(32) }),
      'data of one byte': recordOf({ payload: counting(1), sequence: 2 ** 32, offset: 2 ** 32 }),
      'a commit with an inline body': recordOf({ kind: 2, flags: 1, payload: counting(200) }),
      'the same elsewhere': recordOf({ kind: 2, flags: 1, payload: counting(200), offset: 8264 }),
    },
    commits,
    'commits-of-encryption': encrypted,
    'commits-of-named-keys': {
      'put object under a named key, inline': commitOf(
        [put({ encryption: { ...byStore, method: 3, name: 'key/of/ü' } })],
        counting(27),
      ),
    },
    'manifest-frames': manifestFrames,
    'manifest-frames-of-parity': framesOfParity,
    'scrub-states': scrubStates,
    'footer-heads': {
      'generation 0': footer,
      'generation 2': { ...footer, generation: 2, recordCount: 2, end: 100 },
    },
    'footer-entries': {
      'a commit with an inline body': { sequence: 3, flags: 1, meta: counting(33) },
      'a commit without': { sequence: 2 ** 32, flags: 0, meta: counting(24) },
    },
    keys: {
      plain: { bucket: 'bucket', key: 'key', version: 1 },
      'the largest version': { bucket: 'bucket', key: 'key', version: largest },
      'bytes 00 in the key': { bucket: 'b', key: '\u0000a\u0000\u0000', version: 70_000 },
      'a key that is the beginning of another': { bucket: 'b', key: 'ke', version: 2 ** 32 },
      'text beyond ASCII': { bucket: 'b', key: 'ключ/😀\ufeff', version: 2 },
    },
  };
}
