import { Packr } from 'msgpackr';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../src/base/errors.js';
import {
  commitSubject,
  decodeCommit,
  decodeCommitMeta,
  encodeCommit,
  versionAfter,
} from '../../../src/format/commit.js';
import type { Mutation } from '../../../src/format/mutation.js';

const commits = suite('commits');
const packr = new Packr({ useRecords: false });
const salt = new Uint8Array(16).fill(1);
const sha256 = new Uint8Array(32).fill(2);
const noHeaders = [null, null, null, null, null, null];

type Raw = unknown[];
const object: Raw = [
  ...[5, salt, 0, sha256, null, [], [], [], noHeaders, [], 0, salt, 0],
  ...[0, null, null, null, null, null, null],
];
const part: Raw = [5, salt, sha256, null, [], salt, null, null];
/** One of each kind, as SPEC.md §4 has its fields. */
const raw = {
  createBucket: [1, 'bucket', null, null, 0] as Raw,
  deleteBucket: [2, 'bucket', [1, 0, 1]] as Raw,
  putObject: [3, 'bucket', 'key', 1, [], object] as Raw,
  deleteObject: [4, 'bucket', 'key', [2, 0, 2], 0] as Raw,
  createUpload: [
    ...[5, 'bucket', 'key', 1, noHeaders, [], 0, 0, 0, salt],
    ...[0, null, null, null, null, null],
  ] as Raw,
  putPart: [6, 'bucket', 'key', 3, 1, [], part] as Raw,
  abortUpload: [7, 'bucket', 'key', 3, [3, 0, 3]] as Raw,
  configureBucket: [8, 'bucket', 1, 'versioning', 'Enabled', [2, 0, 2]] as Raw,
  setObjectState: [9, 'bucket', 'key', 3, [1, 5, 0], [['name', 'value'], null], 1] as Raw,
  setAccess: [10, 'user', 'alice', '{}', [2, 0, 2]] as Raw,
};

function outcome(mutation: Raw): string {
  try {
    const commit = decodeCommitMeta(Uint8Array.from(packr.pack([1, 1, [mutation]])));
    return commit.mutations[0]?.is ?? 'nothing';
  } catch (error) {
    if (isLogStoreError(error)) return error.code;
    throw error;
  }
}

/** A copy with another value in place `at`. */
function withField(fields: Raw, at: number, value: unknown): Raw {
  return fields.map((field, index) => (index === at ? value : field));
}

commits('reads each kind, and passes over fields that a later version adds at an end', () => {
  for (const [is, fields] of Object.entries(raw)) {
    assert.is(outcome(fields), is);
    assert.is(outcome([...fields, 'more', [1, ['of', null]]]), is);
  }
  assert.is(outcome(withField(raw.putObject, 5, [...object, 7, 'more'])), 'putObject');
  assert.is(outcome(withField(raw.putPart, 6, [...part, 7])), 'putPart');
  const headers = [...noHeaders, '/elsewhere'];
  assert.is(outcome(withField(raw.putObject, 5, withField(object, 8, headers))), 'putObject');
});

commits('who began an upload stands at the end of its fields, or nowhere', () => {
  for (const initiator of [undefined, '', 'ab'.repeat(32)]) {
    const fields = initiator === undefined ? raw.createUpload : [...raw.createUpload, initiator];
    const packed = Uint8Array.from(packr.pack([1, 1, [fields]]));
    const { mutations } = decodeCommitMeta(packed);
    const [upload] = mutations;
    assert.is(upload?.is === 'createUpload' ? upload.initiator : 'none', initiator);
    const encoded = encodeCommit({ timeUnixMs: 1, version: 1, mutations });
    assert.is(Buffer.from(encoded).includes(Buffer.from(packr.pack(fields))), true);
  }
});

commits('faults 20: unknown kinds of mutations are refused, whatever their fields are', () => {
  for (const fields of [[0], [11, 7, null], [12, 'b', 'k', 1], [255], [2 ** 40]]) {
    assert.is(outcome(fields), 'UNSUPPORTED_VERSION', String(fields[0]));
  }
});

commits('faults 20: a lock, an encryption or any other kept field is never passed over', () => {
  const later = [1, true, 'x', [1], salt];
  for (const value of later) {
    assert.is(outcome(withField(raw.createBucket, 4, value)), 'UNSUPPORTED_VERSION');
    for (let at = 14; at <= 19; at++) {
      const fields = withField(raw.putObject, 5, withField(object, at, value));
      assert.is(outcome(fields), 'UNSUPPORTED_VERSION', `object, field ${at}`);
    }
    for (let at = 10; at <= 15; at++) {
      const fields = withField(raw.createUpload, at, value);
      assert.is(outcome(fields), 'UNSUPPORTED_VERSION', `upload, field ${at}`);
    }
    for (const at of [6, 7]) {
      if (at === 6 && Array.isArray(value)) continue; // a body in frames of the first form
      const fields = withField(raw.putPart, 6, withField(part, at, value));
      assert.is(outcome(fields), 'UNSUPPORTED_VERSION', `part, field ${at}`);
    }
  }
  const flags = withField(raw.putObject, 5, withField(object, 13, 4));
  assert.is(outcome(flags), 'UNSUPPORTED_VERSION');
  assert.is(outcome(withField(raw.configureBucket, 3, 'replication')), 'UNSUPPORTED_VERSION');
  assert.is(outcome(withField(raw.setAccess, 1, 'group')), 'UNSUPPORTED_VERSION');
  for (const lock of [[3, 5, 0], [1, 5, 2], [1], 1, 'x']) {
    assert.is(outcome(withField(raw.setObjectState, 4, lock)), 'UNSUPPORTED_VERSION');
  }
  const grants = withField(raw.setObjectState, 5, [[], ['somebody']]);
  assert.is(outcome(grants), 'UNSUPPORTED_VERSION');
  const checksum = withField(object, 5, [[6, 1, salt]]);
  assert.is(outcome(withField(raw.putObject, 5, checksum)), 'UNSUPPORTED_VERSION');
});

commits('every field cut off at the end, or of a wrong type, is damage', () => {
  for (const [is, fields] of Object.entries(raw)) {
    // What is said for who is told stands behind a state only where somebody is.
    const needed = is === 'setObjectState' ? 6 : fields.length;
    for (let length = 1; length < needed; length++) {
      assert.is(outcome(fields.slice(0, length)), 'RECORD_CORRUPT', `${is}, ${length} fields`);
    }
    for (let at = 1; at < fields.length; at++) {
      const code = outcome(withField(fields, at, true));
      assert.ok(code === 'RECORD_CORRUPT' || code === 'UNSUPPORTED_VERSION', `${is}, field ${at}`);
    }
  }
  for (let length = 0; length < object.length; length++) {
    const fields = withField(raw.putObject, 5, object.slice(0, length));
    assert.is(outcome(fields), 'RECORD_CORRUPT', `object, ${length} fields`);
  }
});

commits('what readers rely on is checked: names, runs, parts, digests', () => {
  const put = (at: number, value: unknown) => {
    return outcome(withField(raw.putObject, 5, withField(object, at, value)));
  };
  const damage = {
    'a bucket without a name': outcome(withField(raw.putObject, 1, '')),
    'a bucket with 00': outcome(withField(raw.createBucket, 1, 'a\0b')),
    'a bucket of 64 bytes': outcome(withField(raw.createBucket, 1, 'b'.repeat(64))),
    'an empty key': outcome(withField(raw.putObject, 2, '')),
    'a key of 1,026 bytes': outcome(withField(raw.putObject, 2, '€'.repeat(342))),
    'part 0': outcome(withField(raw.putPart, 4, 0)),
    'part 10,001': outcome(withField(raw.putPart, 4, 10_001)),
    'ends cut short': outcome(withField(raw.deleteObject, 3, [1, 0])),
    'an etag of 15 bytes': put(1, new Uint8Array(15)),
    'no SHA-256': put(3, null),
    'a root of no parts': put(4, sha256),
    'runs shorter than the body': put(6, [9, 1, 0, 4]),
    'a run of too many records': put(6, [9, 2, 0, 5]),
    'a run that skips a record': put(6, [9, 2, 262_144, 5]),
    'parts of a single put': put(7, [1, 4, 0, 5]),
    'a name without its value': put(9, ['name']),
    'an inline body above 64 KiB': put(0, 65_537),
    'a CRC32 of 5 bytes': put(5, [[1, 1, new Uint8Array(5)]]),
    'a checksum of type 0': put(5, [[1, 0, new Uint8Array(4)]]),
    'a lock without an end': put(14, [1, 0, 0]),
    'an end without a lock': put(14, [0, 1, 0]),
    'a tag without its value': put(18, [['name'], null]),
  };
  for (const [name, code] of Object.entries(damage)) assert.is(code, 'RECORD_CORRUPT', name);
  assert.is(put(6, [9, 1, 262_139, 5]), 'putObject');
  assert.is(put(6, [9, 2, 262_140, 5]), 'putObject');
  assert.is(put(6, [9, 0, 100, 5]), 'putObject');
  assert.is(outcome(withField(raw.putObject, 2, '€'.repeat(341))), 'putObject');
});

commits('a commit has 1 to 1,000 mutations and a version', () => {
  const refusal = (meta: unknown) => {
    const bytes = Uint8Array.from(packr.pack(meta));
    try {
      versionAfter(bytes);
      decodeCommitMeta(bytes);
    } catch (error) {
      return isLogStoreError(error) ? error.code : String(error);
    }
    return undefined;
  };
  const many = (count: number) => new Array<Raw>(count).fill(raw.createBucket);
  assert.is(refusal([1, 1, many(1000)]), undefined);
  assert.is(refusal([1, 1, many(1000), 'more']), undefined);
  assert.is(refusal([1, 1, many(1001)]), 'RECORD_CORRUPT');
  assert.is(refusal([1, 1, []]), 'RECORD_CORRUPT');
  assert.is(refusal([1, 0, many(1)]), 'RECORD_CORRUPT');
  assert.is(refusal([1, 2 ** 53 - 1, many(1)]), 'RECORD_CORRUPT');
  assert.is(refusal([1, 1]), 'RECORD_CORRUPT');
  assert.is(refusal('meta'), 'RECORD_CORRUPT');
});

commits('a meta that passes the end of its payload is damage', () => {
  const payload = Uint8Array.from(
    encodeCommit({ timeUnixMs: 1, version: 1, mutations: [created] }),
  );
  for (let length = 0; length < payload.length; length++) {
    const cut = payload.slice(0, length);
    assert.throws(
      () => decodeCommit(cut),
      (error: unknown) => isLogStoreError(error, 'RECORD_CORRUPT'),
    );
  }
});

const created: Mutation = { is: 'createBucket', bucket: 'b', owner: null, region: null, flags: 0 };

commits('text that has no UTF-8 is refused before it is written', () => {
  const half = 'half a pair \ud83d';
  const refused: Mutation[] = [
    { ...created, bucket: half },
    { ...created, owner: half },
    { is: 'deleteObject', bucket: 'bucket', key: half, ends: [], reason: 0 },
    {
      ...{ is: 'createUpload', bucket: 'bucket', key: 'key', bucketVersion: 1, headers: noHeaders },
      ...{ metadata: ['name', half], ttlMs: 0, checksumAlgorithm: 0, checksumType: 0, salt },
      flags: 0,
    },
  ];
  for (const mutation of refused) {
    assert.throws(
      () => encodeCommit({ timeUnixMs: 1, version: 1, mutations: [mutation] }),
      (error: unknown) => isLogStoreError(error, 'INVALID_ARGUMENT'),
    );
  }
});

commits("the subject of a mutation is the checksum and FNV-1a of its key's prefix", () => {
  // Of `b 00` and of `b 00 k 00 01`, computed with zlib.crc32 of Python and by hand.
  assert.is(Buffer.from(commitSubject([created])).toString('hex'), 'da1b12167f3f2c9d');
  const removed: Mutation = { is: 'deleteObject', bucket: 'b', key: 'k', ends: [], reason: 0 };
  assert.is(Buffer.from(commitSubject([removed])).toString('hex'), '67c755166f780981');
  assert.is(Buffer.from(commitSubject([created, removed])).toString('hex'), '00'.repeat(8));
});

commits.run();
