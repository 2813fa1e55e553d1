import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ObjectRecord } from '../../../src/format/mutation.js';
import { noState } from '../../../src/format/object-state.js';
import {
  recordOfConfiguration,
  recordOfObject,
  recordOfState,
} from '../../../src/ledger/derive-record.js';
import { nodeSha256 as hash, toHex } from './golden.js';

const it = suite('records of the ledger');
const salt = new Uint8Array(16).fill(1);
const object: ObjectRecord = {
  ...{ sizeBytes: 5, etag: salt, partCount: 0, sha256: hash(salt), partsRoot: null },
  ...{ checksums: [], runs: [], parts: [], headers: ['text/plain', null, null, null, null, null] },
  ...{ metadata: ['a', 'b'], expiresUnixMs: 0, salt, uploadVersion: 0, flags: 0 },
};

/**
 * All that a version's commit says, changed one by one. What is added to a version must be placed
 * here: as what its record covers, which is anything that whoever reads the object relies on, or
 * as what follows from that, or only says where its bytes lie (SPEC.md §14.2).
 */
const covered = {
  sizeBytes: [{ sizeBytes: 6 }],
  sha256: [{ sha256: hash() }],
  partCount: [{ sha256: null, partsRoot: hash(), partCount: 2 }],
  partsRoot: [{ sha256: null, partsRoot: hash(salt), partCount: 1 }],
  headers: [
    { headers: ['text/html'] },
    { headers: [null, 'text/plain'] },
    { headers: [null, null, null, null, null, null, '/elsewhere'] },
  ],
  metadata: [{ metadata: ['a', 'c'] }, { metadata: [] }],
  expiresUnixMs: [{ expiresUnixMs: 1 }],
  salt: [{ salt: new Uint8Array(16) }],
  flags: [{ flags: 1 }, { flags: 2 }],
  state: [
    { state: { ...noState, tags: ['a', 'b'] } },
    { state: { ...noState, legalHold: true } },
    { state: { ...noState, lockMode: 1, retainUntilMs: 7 } },
    { state: { ...noState, lockMode: 2, retainUntilMs: 7 } },
    { state: { ...noState, acl: 'owner' } },
  ],
  encryption: [
    { encryption: { method: 1, keyId: salt.subarray(0, 8), wrappedKey: new Uint8Array(60) } },
    { encryption: { method: 1, keyId: salt.subarray(8), wrappedKey: new Uint8Array(60).fill(1) } },
    { encryption: { method: 2, keyId: null, wrappedKey: new Uint8Array(60) } },
  ],
} satisfies Partial<Record<keyof ObjectRecord, readonly Partial<ObjectRecord>[]>>;

const notCovered = {
  etag: { etag: new Uint8Array(16) },
  checksums: { checksums: [[1, 1, salt.subarray(0, 4)]] },
  runs: { runs: [1, 1, 0, 5] },
  parts: { parts: [1, 1, 0, 5] },
  uploadVersion: { uploadVersion: 9 },
} satisfies Record<Exclude<keyof ObjectRecord, keyof typeof covered>, Partial<ObjectRecord>>;

it('covers all that a version is, and nothing of where it lies', () => {
  const text = recordOfObject(hash, object, 1, undefined);
  const changed = Object.values(covered).flat();
  const texts = changed.map((change: Partial<ObjectRecord>) => {
    return recordOfObject(hash, { ...object, ...change }, 1, undefined);
  });
  assert.is(new Set([text, ...texts]).size, 1 + changed.length);
  for (const change of Object.values(notCovered)) {
    assert.is(recordOfObject(hash, { ...object, ...(change as object) }, 1, undefined), text);
  }
});

it('says that a marker is one, and nothing of a state where nothing was said', () => {
  const marker = { ...object, sizeBytes: 0, sha256: hash(), flags: 3 };
  assert.match(recordOfObject(hash, marker, 1, undefined), '\nkind marker\nsize 0\n');
  const cleared = recordOfObject(hash, { ...object, state: noState }, 1, undefined);
  assert.is(cleared, recordOfObject(hash, object, 1, undefined));
});

it('hashes a state in one way, whatever the order of its tags', () => {
  const before = hash(salt);
  const of = (tags: string[]) => {
    const state = {
      lockMode: 1,
      retainUntilMs: 1_800_000_000_000,
      legalHold: true,
      tags,
      acl: 'x',
    };
    return recordOfState(hash, hash(), state, 5, before);
  };
  assert.is(of(['b', '2', 'a', '1']), of(['a', '1', 'b', '2']));
  const facts = [
    ['tag a', '1'],
    ['tag b', '2'],
    ['legal-hold', 'on'],
    ['acl', 'x'],
    ['retention', 'governance 1800000000000'],
  ].map((fact) => {
    return Buffer.concat(
      fact.flatMap((text) => [Buffer.from([0, 0, 0, text.length]), Buffer.from(text)]),
    );
  });
  const expected = hash(hash(), ...facts.sort(Buffer.compare));
  assert.is(
    of(['a', '1', 'b', '2']),
    [
      'object-state/v1',
      `record ${Buffer.from(hash()).toString('base64')}`,
      'time 5',
      `state ${Buffer.from(expected).toString('base64')}`,
      `before ${Buffer.from(before).toString('base64')}`,
      '',
    ].join('\n'),
  );
});

it('takes the document of a configuration for its content', () => {
  const bytes = Uint8Array.from(Buffer.from('{}'));
  const text = recordOfConfiguration(hash, '{}', 3, undefined);
  assert.is(text, recordOfConfiguration(hash, bytes, 3, undefined));
  assert.match(text, `\nsize 2\nsha256 ${Buffer.from(hash(bytes)).toString('base64')}\n`);
  assert.not(toHex(hash(bytes)) === toHex(hash()));
});

it.run();
