import fc from 'fast-check';
import { limits } from '../../src/base/limits.js';
import type { Commit } from '../../src/format/commit.js';
import type {
  ManifestEdit,
  ManifestFile,
  ManifestFrame,
  ManifestState,
  Position,
} from '../../src/format/manifest-frame.js';
import {
  accessKinds,
  type ChecksumField,
  configurationNames,
  type Mutation,
  type ObjectRecord,
  type PartRecord,
  stateAspects,
} from '../../src/format/mutation.js';
import type { ObjectState } from '../../src/format/object-state.js';
import { type ParityFacts, parityShape } from '../../src/format/parity.js';

/** Anything that the formats of SPEC.md §3 to §6 can say. */

const plain = { noNullPrototype: true };
export const u32 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
/** Across all forms that an integer has: up to 127, u8, u16, u32, float 64. */
export const u64 = fc.oneof(fc.nat(300), fc.nat(70_000), u32, fc.maxSafeNat());
export const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size });

const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const textOrNull = fc.option(text, { nil: null });
const bucket = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{1,20}[a-z0-9]$/);
const key = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }),
    fc.constant('k'.repeat(1024)),
  )
  .filter((each) => Buffer.byteLength(each) <= limits.keyBytesMax);
const triples = fc
  .array(fc.tuple(u64, fc.nat(999), u64), { maxLength: 20 })
  .map((all) => all.flat());
const six = fc.tuple(...Array.from({ length: 6 }, () => textOrNull));
/** The last one is there only where it says something. */
const headers = fc.oneof(
  six,
  fc.tuple(six, text).map(([first, redirect]) => [...first, redirect]),
);
const metadata = fc.array(fc.tuple(text, text), { maxLength: 5 }).map((all) => all.flat());
const checksumBytes = [4, 4, 8, 20, 32];
const checksum = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 2 }), bytes(32))
  .map(([algorithm, type, value]): ChecksumField => {
    return [algorithm, type, value.slice(0, checksumBytes[algorithm - 1])];
  });

interface Body {
  readonly sizeBytes: number;
  readonly runs: readonly number[];
}

const record = limits.dataRecordBytesMax;
const run = fc
  .record({ number: u64, skip: fc.nat(record - 1), length: fc.integer({ min: 1, max: 2 ** 33 }) })
  .chain(({ number, skip, length }) =>
    fc.constantFrom(
      [number, Math.ceil((skip + length) / record), skip, length],
      [number, 0, skip, length],
    ),
  );
const body: fc.Arbitrary<Body> = fc.oneof(
  fc.nat(limits.inlineBodyBytesMax).map((sizeBytes) => ({ sizeBytes, runs: [] })),
  fc.array(run, { minLength: 1, maxLength: 4 }).map((runs) => ({
    sizeBytes: runs.reduce((sum, [, , , length = 0]) => sum + length, 0),
    runs: runs.flat(),
  })),
);

const described = fc.record(
  {
    etag: bytes(16),
    checksums: fc.array(checksum, { maxLength: 2 }),
    headers,
    metadata,
    expiresUnixMs: u64,
    salt: bytes(16),
    uploadVersion: u64,
    flags: fc.nat(3),
  },
  plain,
);
const objectState: fc.Arbitrary<ObjectState> = fc
  .record(
    {
      ...{
        lockMode: fc.nat(2),
        retainUntilMs: u64,
        legalHold: fc.option(fc.boolean(), { nil: undefined }),
      },
      ...{ tags: metadata, acl: textOrNull },
    },
    plain,
  )
  .map((state) => {
    const { lockMode, retainUntilMs } = state;
    return { ...state, retainUntilMs: lockMode === 0 ? 0 : Math.max(1, retainUntilMs) };
  });
/** A state that says nothing is none. */
const initial = fc.option(objectState, { nil: undefined }).map((state) => {
  const isNothing =
    state === undefined ||
    (state.lockMode === 0 &&
      state.legalHold === undefined &&
      !state.tags.length &&
      state.acl === null);
  return isNothing ? {} : { state };
});
const single = fc
  .tuple(described, bytes(32), body, initial)
  .map(([rest, sha256, { sizeBytes, runs }, state]): ObjectRecord => {
    return { ...rest, ...state, sizeBytes, sha256, partCount: 0, partsRoot: null, runs, parts: [] };
  });
const partPlace = fc.tuple(fc.integer({ min: 1, max: 10_000 }), u64, fc.nat(999), fc.nat());
const multipart = fc
  .tuple(described, bytes(32), fc.array(partPlace, { minLength: 1, maxLength: 20 }))
  .map(([rest, partsRoot, places]): ObjectRecord => {
    const sizeBytes = places.reduce((sum, [, , , size]) => sum + size, 0);
    const [partCount, parts] = [places.length, places.flat()];
    return { ...rest, sizeBytes, sha256: null, partCount, partsRoot, runs: [], parts };
  });
const part = fc
  .tuple(
    fc.record({ md5: bytes(16), sha256: bytes(32), salt: bytes(16) }, plain),
    fc.option(checksum, { nil: null }),
    body.filter(({ sizeBytes }) => sizeBytes <= limits.putBytesMax),
  )
  .map(([rest, ofPart, ofBody]): PartRecord => ({ ...rest, checksum: ofPart, ...ofBody }));

const named = { bucket, key };
const is = <Kind extends Mutation['is']>(kind: Kind) => fc.constant(kind);
const upload = {
  ...{ is: is('createUpload'), ...named, bucketVersion: u64, headers, metadata, ttlMs: u64 },
  ...{ checksumAlgorithm: fc.nat(5), checksumType: fc.nat(2), salt: bytes(16) },
  flags: fc.constant(0),
};
export const anyMutationOf: Readonly<Record<Mutation['is'], fc.Arbitrary<Mutation>>> = {
  createBucket: fc.record(
    {
      is: is('createBucket'),
      bucket,
      owner: textOrNull,
      region: textOrNull,
      flags: fc.constant(0),
    },
    plain,
  ),
  deleteBucket: fc.record({ is: is('deleteBucket'), bucket, ends: triples }, plain),
  putObject: fc.record(
    {
      ...{ is: is('putObject'), ...named, bucketVersion: u64, ends: triples },
      object: fc.oneof(single, multipart),
    },
    plain,
  ),
  deleteObject: fc.record(
    { is: is('deleteObject'), ...named, ends: triples, reason: fc.nat(1) },
    plain,
  ),
  createUpload: fc.oneof(
    fc.record(upload, plain),
    fc.record({ ...upload, initiator: fc.string({ maxLength: 64 }) }, plain),
  ),
  putPart: fc.record(
    {
      ...{ is: is('putPart'), ...named, uploadVersion: u64, ends: triples, part },
      partNumber: fc.integer({ min: 1, max: 10_000 }),
    },
    plain,
  ),
  configureBucket: fc.record(
    {
      ...{ is: is('configureBucket'), bucket, bucketVersion: u64, ends: triples },
      name: fc.constantFrom(...configurationNames),
      value: fc.oneof(textOrNull, fc.uint8Array({ maxLength: 300 })),
    },
    plain,
  ),
  setAccess: fc.record(
    {
      ...{ is: is('setAccess'), kind: fc.constantFrom(...accessKinds), ends: triples },
      name: fc.stringMatching(/^[\w+=,.@-]{1,128}$/),
      value: textOrNull,
    },
    plain,
  ),
  setObjectState: fc.record(
    {
      ...{ is: is('setObjectState'), ...named, version: u64, state: objectState },
      about: fc.constantFrom(...stateAspects),
    },
    { ...plain, requiredKeys: ['is', 'bucket', 'key', 'version', 'state'] },
  ),
  abortUpload: fc.record(
    { is: is('abortUpload'), ...named, uploadVersion: u64, ends: triples },
    plain,
  ),
};

export const anyMutation: fc.Arbitrary<Mutation> = fc.oneof(...Object.values(anyMutationOf));
export const anyCommit: fc.Arbitrary<Commit> = fc.record(
  {
    timeUnixMs: u64,
    version: u64.map((version) => Math.max(1, version - 10)),
    mutations: fc.array(anyMutation, { minLength: 1, maxLength: 5 }),
  },
  plain,
);

const position: fc.Arbitrary<Position> = fc.record(
  { offset: u64, batchNumber: u64, batchChecksum: u32, versionNext: u64 },
  plain,
);
const manifestFile: fc.Arbitrary<ManifestFile> = fc.record(
  {
    ...{ fileId: u64, generation: u32, first: u64, end: u64, salt: bytes(16) },
    ...{ boundaryBytes: fc.constantFrom(512, 4096), batchFirst: u64, batchBeforeChecksum: u32 },
    position: fc.option(position, { nil: undefined }),
    footer: fc.option(fc.record({ bytes: u64, checksum: u32 }, plain), { nil: undefined }),
    closed: fc.option(fc.record({ end: u64, position }, plain), { nil: undefined }),
  },
  plain,
);
const parityFacts: fc.Arbitrary<ParityFacts> = fc
  .record({ coveredBytes: fc.nat(2 ** 33), fileId: u64, tablesHash: bytes(32) }, plain)
  .map(({ coveredBytes, ...rest }) => ({ ...parityShape(coveredBytes), ...rest }));
const manifestState: fc.Arbitrary<ManifestState> = fc.record(
  {
    ...{ formatVersion: fc.constant(1), storeId: bytes(16), epoch: u64, createdUnixMs: u64 },
    ...{ fileIdNext: u64, files: fc.array(manifestFile, { maxLength: 20 }) },
    ...{ lossesAccepted: fc.array(u64, { maxLength: 20 }), removalDroppedMax: u64 },
    parityGroups: fc.array(parityFacts, { maxLength: 20 }),
  },
  plain,
);
const edit = <Kind extends ManifestEdit['is']>(kind: Kind) => ({ is: fc.constant(kind) });
const anyEdit: fc.Arbitrary<ManifestEdit> = fc.oneof(
  fc.record({ ...edit('state'), state: manifestState }, plain),
  fc.record({ ...edit('add'), file: manifestFile }, plain),
  fc.record({ ...edit('end'), fileId: u64, end: u64, position }, plain),
  fc.record({ ...edit('footer'), fileId: u64, bytes: u64, checksum: u32 }, plain),
  fc.record({ ...edit('closed'), fileId: u64, end: u64, position }, plain),
  fc.record({ ...edit('reopened'), fileId: u64 }, plain),
  fc.record({ ...edit('lossAccepted'), sequence: u64 }, plain),
  fc.record({ ...edit('remove'), fileId: u64 }, plain),
  fc.record({ ...edit('parity'), group: parityFacts }, plain),
  fc.record(
    {
      ...{ ...edit('swap'), fileIds: fc.array(u64, { minLength: 1, maxLength: 5 }) },
      ...{ file: manifestFile, removalDroppedMax: u64 },
    },
    plain,
  ),
);
export const anyFrame: fc.Arbitrary<ManifestFrame> = fc.record(
  {
    ...{ number: u64, hashBefore: bytes(32), timeUnixMs: u64 },
    edits: fc.array(anyEdit, { maxLength: 4 }),
  },
  plain,
);
