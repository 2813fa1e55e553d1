import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeBatchHeader, encodeBatchHeader, saltSeed } from '../../../src/format/batch.js';
import { getU32, setU32 } from '../../../src/format/byte-order.js';
import { checksum } from '../../../src/format/checksum.js';
import { commitSubject, decodeCommit, encodeCommit } from '../../../src/format/commit.js';
import {
  decodeManifestFrame,
  encodeManifestFrame,
  type ManifestFrame,
} from '../../../src/format/manifest-frame.js';
import type { Mutation } from '../../../src/format/mutation.js';
import {
  decodeRecordHeader,
  encodeRecordHeader,
  recordBytes,
  recordHeaderBytes,
  subjectOf,
} from '../../../src/format/record.js';
import { decodeSegmentHeader, encodeSegmentStart } from '../../../src/format/segment-header.js';

/** SPEC.md §11 is a store's bytes with comments: they are what the encoders write. */
const example = suite('worked example of SPEC.md');

const spec = readFileSync(fileURLToPath(new URL('../../../../SPEC.md', import.meta.url)), 'utf8');
const section = spec.slice(spec.indexOf('## 11. Worked example'), spec.indexOf('## 12. '));
/** Of each block of hex in order: its lines up to the comments, as bytes. */
const blocks = [...section.matchAll(/```hex\n(.*?)```/gs)].map(([, lines = '']) =>
  Uint8Array.from(Buffer.from(lines.replace(/;.*$/gm, '').replace(/\s/g, ''), 'hex')),
);
const [segmentHex, batchHex, manifestHex] = blocks;

const storeId = Uint8Array.from({ length: 16 }, (_, index) => index);
const salt = Uint8Array.from({ length: 16 }, (_, index) => 16 + index);
const segment = {
  ...{ formatVersion: 1, boundaryBytes: 512, storeId, fileId: 1, generation: 0, first: 1, salt },
  ...{ createdUnixMs: 1_700_000_000_000, batchFirst: 1, batchBeforeChecksum: 0 },
};
const mutation: Mutation = {
  ...{ is: 'createBucket', bucket: 'photos', owner: null, region: 'eu-west-1', flags: 0 },
};
const commit = { timeUnixMs: 1_700_000_000_001, version: 1, mutations: [mutation] };
const batchOffset = 8192;
const recordOffset = batchOffset + 64;
const frame: ManifestFrame = {
  ...{ number: 1, hashBefore: new Uint8Array(32), timeUnixMs: 1_700_000_000_000 },
  edits: [
    {
      is: 'state',
      state: {
        ...{ formatVersion: 1, storeId, epoch: 1, createdUnixMs: 1_700_000_000_000 },
        ...{ fileIdNext: 2, lossesAccepted: [], parityGroups: [], removalDroppedMax: 0 },
        files: [
          {
            ...{ fileId: 1, generation: 0, first: 1, end: 0, salt, boundaryBytes: 512 },
            ...{ batchFirst: 1, batchBeforeChecksum: 0, position: undefined, footer: undefined },
            closed: {
              end: 1,
              position: { offset: 8192, batchNumber: 0, batchChecksum: 0, versionNext: 1 },
            },
          },
        ],
      },
    },
  ],
};

/** The batch with its one record, as a writer puts it together. */
function encodedBatch(): Uint8Array {
  const seed = saltSeed(salt);
  const payload = encodeCommit(commit);
  const bytes = new Uint8Array(512);
  const header = {
    ...{ payloadChecksum: checksum(payload), payloadBytes: payload.length, kind: 2, flags: 0 },
    ...{ sequence: 1, subject: commitSubject(commit.mutations) },
  };
  const own = new Uint8Array(4);
  setU32(own, 0, encodeRecordHeader(bytes, 64, header, seed, recordOffset));
  bytes.set(payload, 64 + recordHeaderBytes);
  const batch = {
    ...{ number: 1, checksumBefore: 0, recordCount: 1, recordsChecksum: checksum(own) },
    ...{ recordsBytes: recordBytes(payload.length), sequenceFirst: 1 },
    timeUnixMs: 1_700_000_000_002,
  };
  encodeBatchHeader(bytes, 0, batch, seed, batchOffset);
  return bytes;
}

example('shows three blocks of bytes, each line with its comment', () => {
  assert.is(blocks.length, 3);
  assert.equal(
    blocks.map((block) => block.length > 100),
    [true, true, true],
  );
});

example('the segment header is what the encoder writes, and reads back', () => {
  assert.equal(segmentHex, encodeSegmentStart(segment).slice(0, 128));
  assert.equal(decodeSegmentHeader(segmentHex ?? new Uint8Array(0)), segment);
});

example('the batch is what the encoders write, up to its padding, and reads back', () => {
  const shown = batchHex ?? new Uint8Array(0);
  const whole = encodedBatch();
  assert.equal(shown, whole.slice(0, shown.length));
  assert.ok(whole.subarray(shown.length).every((byte) => byte === 0));
  const batch = decodeBatchHeader(shown, 0, saltSeed(salt), batchOffset);
  assert.is(batch?.recordsBytes, shown.length - 64);
  const record = decodeRecordHeader(shown, 64, saltSeed(salt), recordOffset);
  const payload = shown.slice(96, 96 + (record?.payloadBytes ?? 0));
  assert.is(record?.payloadChecksum, checksum(payload));
  assert.equal(subjectOf(shown, 64), commitSubject([mutation]));
  assert.equal(decodeCommit(payload), commit);
  assert.is(batch?.recordsChecksum, checksum(shown.slice(64, 68)));
  assert.is(record?.checksum, getU32(shown, 64));
});

example('the manifest frame is what the encoder writes, and reads back', () => {
  assert.equal(manifestHex, Uint8Array.from(encodeManifestFrame(frame).bytes));
  assert.equal(decodeManifestFrame(manifestHex ?? new Uint8Array(0), 0)?.frame, frame);
});

example.run();
