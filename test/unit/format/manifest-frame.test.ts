import { createHash } from 'node:crypto';
import { Packr } from 'msgpackr';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../src/base/errors.js';
import { setU32, setU64 } from '../../../src/format/byte-order.js';
import { decodeManifestFrame } from '../../../src/format/manifest-frame.js';

const frames = suite('manifest frames');
const packr = new Packr({ useRecords: false });
const id = new Uint8Array(16).fill(3);

type Raw = unknown[];
const position: Raw = [8192, 4, 0xdeadbeef, 9];
const file: Raw = [1, 1, 0, 1, 0, id, 512, 1, 0, null, null, null, null];
const group: Raw = [1, 16, 2, 512, 1024, 9000, new Uint8Array(32)];
const state: Raw = [1, 1, id, 1, 1000, 2, 0, 0, [file], [], [], []];
/** One of each kind, as SPEC.md §5 has its fields. */
const edits: Record<string, Raw> = {
  state,
  add: [2, file],
  end: [3, 1, 10, position],
  footer: [4, 1, 4000, 0xffffffff],
  closed: [5, 1, 10, position],
  reopened: [6, 1],
  lossAccepted: [7, 8],
  remove: [8, 1],
  parity: [9, group],
};

/** A frame whose hash holds, with this payload. */
function frameOf(payload: unknown): Uint8Array {
  const packed = packr.pack(payload);
  const bytes = new Uint8Array(48 + packed.length + 32);
  setU32(bytes, 0, 0x464d534c);
  setU32(bytes, 4, packed.length);
  setU64(bytes, 8, 1);
  bytes.set(packed, 48);
  const hash = createHash('sha256')
    .update(bytes.subarray(0, 48 + packed.length))
    .digest();
  bytes.set(hash, 48 + packed.length);
  return bytes;
}

function outcome(edit: Raw): string {
  try {
    return decodeManifestFrame(frameOf([1000, [edit]]), 0)?.frame.edits[0]?.is ?? 'nothing';
  } catch (error) {
    if (isLogStoreError(error)) return error.code;
    throw error;
  }
}

function withField(fields: Raw, at: number, value: unknown): Raw {
  return fields.map((field, index) => (index === at ? value : field));
}

frames('read each edit, and pass over fields that a later version adds at an end', () => {
  for (const [is, edit] of Object.entries(edits)) {
    assert.is(outcome(edit), is);
    assert.is(outcome([...edit, 'more', [null]]), is);
  }
  assert.is(outcome([2, [...file, 'more']]), 'add');
  assert.is(outcome([3, 1, 10, [...position, 5]]), 'end');
  const frame = decodeManifestFrame(frameOf([1000, [[2, file]], 'more']), 0)?.frame;
  assert.is(frame?.edits.length, 1);
});

frames('faults 20: unknown edits, kinds of files and versions are refused', () => {
  assert.is(outcome([11, 1]), 'UNSUPPORTED_VERSION');
  assert.is(outcome([0]), 'UNSUPPORTED_VERSION');
  assert.is(outcome(withField(state, 1, 2)), 'UNSUPPORTED_VERSION');
  assert.is(outcome([2, withField(file, 1, 2)]), 'UNSUPPORTED_VERSION');
  assert.is(outcome([2, withField(file, 6, 0)]), 'UNSUPPORTED_VERSION');
});

frames('faults 20: a parity group of another code than this one is refused', () => {
  assert.is(outcome(withField(state, 9, null)), 'state');
  assert.is(outcome(withField(state, 9, [group])), 'state');
  for (const [at, value] of [
    [1, 10],
    [2, 3],
    [3, 1024],
    [4, 2048],
    [5, 90_000],
  ] as const)
    assert.is(outcome([9, withField(group, at, value)]), 'UNSUPPORTED_VERSION', `field ${at}`);
});

frames('faults 20: volumes and other kept fields are never passed over', () => {
  for (const at of [6, 10]) {
    for (const value of [1, [1], 'x']) {
      assert.is(outcome(withField(state, at, value)), 'UNSUPPORTED_VERSION', `state, field ${at}`);
    }
  }
  assert.is(outcome([2, withField(file, 12, 'cold')]), 'UNSUPPORTED_VERSION');
});

frames('what is cut off or of a wrong type is damage, not another error', () => {
  for (const [is, edit] of Object.entries(edits)) {
    for (let length = 0; length < edit.length; length++) {
      assert.is(outcome(edit.slice(0, length)), 'RECORD_CORRUPT', `${is}, ${length} fields`);
    }
    for (let at = 0; at < edit.length; at++) {
      const code = outcome(withField(edit, at, true));
      assert.ok(code === 'RECORD_CORRUPT' || code === 'UNSUPPORTED_VERSION', `${is}, field ${at}`);
    }
  }
  for (let at = 0; at < file.length; at++) {
    const code = outcome([2, withField(file, at, true)]);
    assert.ok(code === 'RECORD_CORRUPT' || code === 'UNSUPPORTED_VERSION', `file, field ${at}`);
  }
  assert.is(outcome([3, 1, 10, [8192, 4, 2 ** 32, 9]]), 'RECORD_CORRUPT');
});

frames('a length above 16 MiB is no frame, however long the file is', () => {
  const bytes = new Uint8Array(17 * 1024 ** 2 + 80);
  setU32(bytes, 0, 0x464d534c);
  setU32(bytes, 4, 17 * 1024 ** 2);
  assert.is(decodeManifestFrame(bytes, 0), undefined);
});

frames.run();
