import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../src/base/errors.js';
import { decodeBatchHeader, encodeBatchHeader, saltSeed } from '../../../src/format/batch.js';
import { setU32, setU64 } from '../../../src/format/byte-order.js';
import { checksum } from '../../../src/format/checksum.js';
import {
  decodeFooterEntryHead,
  decodeFooterHead,
  encodeFooterEntryHead,
  encodeFooterHead,
} from '../../../src/format/footer.js';
import { decodeManifestFrame, encodeManifestFrame } from '../../../src/format/manifest-frame.js';
import { decodeRecordHeader, encodeRecordHeader } from '../../../src/format/record.js';
import { decodeSegmentHeader, encodeSegmentStart } from '../../../src/format/segment-header.js';

const headers = suite('headers');

const salt = Uint8Array.from({ length: 16 }, (_, index) => index + 1);
const storeId = Uint8Array.from({ length: 16 }, (_, index) => 0xf0 ^ index);
const seed = saltSeed(salt);
const segmentHeader = encodeSegmentStart({
  ...{ formatVersion: 1, boundaryBytes: 512, storeId, fileId: 3, generation: 0, first: 70 },
  ...{ salt, createdUnixMs: 1_700_000_000_000, batchFirst: 12, batchBeforeChecksum: 0xdeadbeef },
}).slice(0, 128);
const footerHead = encodeFooterHead({
  ...{ storeId, fileId: 3, generation: 0, recordCount: 5, first: 70, end: 75, salt },
  ...{ commitsBytes: 640, commitCount: 4, recordsEndOffset: 12_288 },
});
const batchHeader = new Uint8Array(64);
encodeBatchHeader(
  batchHeader,
  0,
  {
    ...{ number: 12, checksumBefore: 0xdeadbeef, recordCount: 2, recordsBytes: 640 },
    ...{ recordsChecksum: 7, sequenceFirst: 70, timeUnixMs: 1_700_000_000_000 },
  },
  seed,
  8192,
);
const recordHeader = new Uint8Array(32);
encodeRecordHeader(
  recordHeader,
  0,
  {
    ...{ payloadChecksum: 0x12345678, payloadBytes: 600, kind: 2, flags: 1, sequence: 70 },
    subject: new Uint8Array(8).fill(9),
  },
  seed,
  8256,
);
const frame = encodeManifestFrame({
  ...{ number: 2, hashBefore: new Uint8Array(32).fill(5), timeUnixMs: 1_700_000_000_000 },
  edits: [{ is: 'reopened', fileId: 3 }],
}).bytes;

const decoders: Record<string, [bytes: Uint8Array, decode: (bytes: Uint8Array) => unknown]> = {
  'segment header': [segmentHeader, decodeSegmentHeader],
  'footer head': [footerHead, decodeFooterHead],
  'batch header': [batchHeader, (bytes) => decodeBatchHeader(bytes, 0, seed, 8192)],
  'record header': [recordHeader, (bytes) => decodeRecordHeader(bytes, 0, seed, 8256)],
  'manifest frame': [frame, (bytes) => decodeManifestFrame(bytes, 0)],
};

for (const [name, [whole, decode]] of Object.entries(decoders)) {
  headers(`faults 46: every flipped bit of a ${name} is refused`, () => {
    assert.ok(decode(whole) !== undefined);
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const flipped = whole.slice();
      flipped[bit >> 3] = (whole[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.is(decode(flipped), undefined, `bit ${bit}`);
    }
  });

  headers(`faults 3: a ${name} cut short at any byte is none`, () => {
    for (let length = 0; length < whole.length; length++) {
      assert.is(decode(whole.slice(0, length)), undefined, `at ${length}`);
    }
  });
}

headers('faults 4: zeros are no header of anything', () => {
  for (const [whole, decode] of Object.values(decoders))
    assert.is(decode(new Uint8Array(whole.length)), undefined);
});

headers('faults 15, 16: a header of another salt or place is none', () => {
  const otherSeed = saltSeed(storeId);
  assert.is(decodeBatchHeader(batchHeader, 0, otherSeed, 8192), undefined);
  assert.is(decodeBatchHeader(batchHeader, 0, seed, 8704), undefined);
  assert.is(decodeRecordHeader(recordHeader, 0, otherSeed, 8256), undefined);
  assert.is(decodeRecordHeader(recordHeader, 0, seed, 8264), undefined);
});

headers(
  'a record of kind 0, or of a payload above the bound, is none even with its checksum',
  () => {
    const encoded = (kind: number, payloadBytes: number) => {
      const header = { payloadChecksum: 1, payloadBytes, kind, flags: 0, sequence: 1 };
      const into = new Uint8Array(32);
      encodeRecordHeader(into, 0, { ...header, subject: salt }, seed, 0);
      return decodeRecordHeader(into, 0, seed, 0)?.payloadBytes;
    };
    assert.is(encoded(1, 4 * 1024 ** 2), 4 * 1024 ** 2);
    assert.is(encoded(1, 4 * 1024 ** 2 + 1), undefined);
    assert.is(encoded(0, 8), undefined);
  },
);

/** A header with some bytes changed and its checksum set right again. */
function changed(header: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array {
  const copy = header.slice();
  change(copy);
  setU32(copy, 124, checksum(copy.subarray(0, 124)));
  return copy;
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    if (isLogStoreError(error)) return error.code;
    throw error;
  }
  return undefined;
}

headers('faults 20: a segment of another format version or boundary is refused by name', () => {
  for (const version of [0, 2, 99]) {
    const header = changed(segmentHeader, (copy) => setU32(copy, 8, version));
    assert.is(
      codeOf(() => decodeSegmentHeader(header)),
      'UNSUPPORTED_VERSION',
    );
  }
  for (const boundary of [0, 1, 513, 8192]) {
    const header = changed(segmentHeader, (copy) => setU32(copy, 12, boundary));
    assert.is(
      codeOf(() => decodeSegmentHeader(header)),
      'UNSUPPORTED_VERSION',
    );
  }
});

headers('reserved bytes are passed over, numbers above 2^53 - 1 are not', () => {
  const reserved = changed(segmentHeader, (copy) => copy.fill(0xaa, 92, 124));
  assert.equal(decodeSegmentHeader(reserved), decodeSegmentHeader(segmentHeader));
  const footer = changed(footerHead, (copy) => copy.fill(0xaa, 96, 124));
  assert.equal(decodeFooterHead(footer), decodeFooterHead(footerHead));
  const huge = changed(segmentHeader, (copy) => setU64(copy, 32, 2 ** 53));
  assert.is(
    codeOf(() => decodeSegmentHeader(huge)),
    'RECORD_CORRUPT',
  );
});

headers('a footer of another version or block size is none: it can be made again', () => {
  const version = changed(footerHead, (copy) => setU32(copy, 8, 2));
  assert.is(decodeFooterHead(version), undefined);
  const blocks = changed(footerHead, (copy) => setU32(copy, 12, 4096));
  assert.is(decodeFooterHead(blocks), undefined);
});

headers("an entry of a footer is refused for lengths above a record's and unknown flags", () => {
  const entry = (metaBytes: number, flags: number) => {
    const into = new Uint8Array(16);
    encodeFooterEntryHead(into, 0, { sequence: 1, metaBytes, flags });
    return codeOf(() => decodeFooterEntryHead(into, 0));
  };
  assert.is(entry(100, 1), undefined);
  assert.is(entry(2 ** 32 - 1, 1), 'RECORD_CORRUPT');
  assert.is(entry(100, 2), 'UNSUPPORTED_VERSION');
  assert.is(
    codeOf(() => decodeFooterEntryHead(new Uint8Array(15), 0)),
    'RECORD_CORRUPT',
  );
});

headers.run();
