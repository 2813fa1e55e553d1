import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError, LogStoreError } from '../../src/base/errors.js';
import { limits } from '../../src/base/limits.js';
import {
  batchHeaderBytes,
  decodeBatchHeader,
  encodeBatchHeader,
  placeSeed,
  saltSeed,
} from '../../src/format/batch.js';
import { setU32 } from '../../src/format/byte-order.js';
import { checksum } from '../../src/format/checksum.js';
import {
  commitSubject,
  decodeCommit,
  decodeCommitMeta,
  encodeCommit,
  inlineBodyStart,
  versionAfter,
} from '../../src/format/commit.js';
import {
  decodeFooterEntryHead,
  decodeFooterHead,
  encodeFooterEntryHead,
  encodeFooterHead,
  footerEntryBytes,
  footerLayout,
} from '../../src/format/footer.js';
import { decodeHeader, decodeTable } from '../../src/format/index-snapshot.js';
import { decodeVersionKey } from '../../src/format/key-encoding.js';
import { decodeManifestFrame, encodeManifestFrame } from '../../src/format/manifest-frame.js';
import { decodeMsgpack } from '../../src/format/msgpack.js';
import {
  decodeRecordHeader,
  encodeRecordHeader,
  recordHeaderBytes,
  recordKind,
  subjectOf,
} from '../../src/format/record.js';
import {
  decodeSegmentHeader,
  encodeSegmentStart,
  segmentHeaderOffsets,
} from '../../src/format/segment-header.js';
import { anyCommit, anyFrame, anyMutationOf, bytes, u32, u64 } from './any-format.js';

const it = suite('formats, any content');
const plain = { noNullPrototype: true };
const packr = new Packr({ useRecords: false });

const place = fc.record({ salt: bytes(16), start: fc.nat(50), offset: u64 });
const batch = fc.record(
  {
    ...{ number: u64, checksumBefore: u32, recordCount: u32, recordsBytes: u32 },
    ...{ recordsChecksum: u32, sequenceFirst: u64, timeUnixMs: u64 },
  },
  plain,
);
const record = fc.record(
  {
    ...{ payloadChecksum: u32, payloadBytes: fc.nat(limits.recordPayloadBytesMax) },
    ...{ kind: fc.integer({ min: 1, max: 255 }), flags: fc.nat(255), sequence: u64 },
  },
  plain,
);
const segment = fc.record(
  {
    ...{ formatVersion: fc.constant(1), boundaryBytes: fc.constantFrom(512, 4096) },
    ...{ storeId: bytes(16), fileId: u64, generation: u32, first: u64, salt: bytes(16) },
    ...{ createdUnixMs: u64, batchFirst: u64, batchBeforeChecksum: u32 },
  },
  plain,
);
const footer = fc.record(
  {
    ...{ storeId: bytes(16), fileId: u64, generation: u32, recordCount: u32, first: u64, end: u64 },
    ...{ salt: bytes(16), commitsBytes: fc.nat(), commitCount: u32 },
    recordsEndOffset: u32.map((units) => 8 * units),
  },
  plain,
);

for (const [kind, anyOfKind] of Object.entries(anyMutationOf)) {
  it(`reads back every ${kind}, and knows the next version without reading it`, () => {
    fc.assert(
      fc.property(fc.array(anyOfKind, { minLength: 1, maxLength: 3 }), u64, (mutations, time) => {
        const commit = { timeUnixMs: time, version: 1 + Math.floor(time / 2), mutations };
        const payload = Uint8Array.from(encodeCommit(commit));
        assert.equal(decodeCommit(payload), commit);
        assert.is(versionAfter(payload.subarray(4)), commit.version + mutations.length);
      }),
    );
  });
}

it('reads back a commit with its inline body behind it', () => {
  fc.assert(
    fc.property(anyCommit, fc.uint8Array({ maxLength: 100 }), (commit, body) => {
      const meta = encodeCommit(commit);
      const payload = new Uint8Array(meta.length + body.length);
      payload.set(meta);
      payload.set(body, meta.length);
      assert.equal(decodeCommit(payload), commit);
      assert.equal(decodeCommitMeta(payload.subarray(4, meta.length)), commit);
      assert.equal(payload.subarray(inlineBodyStart(payload)), body);
    }),
  );
});

it('a meta is written as msgpackr would write it: each head the shortest', () => {
  fc.assert(
    fc.property(anyCommit, (commit) => {
      const meta = Uint8Array.from(encodeCommit(commit).subarray(4));
      assert.equal(Uint8Array.from(packr.pack(decodeMsgpack(meta))), meta);
    }),
  );
});

it('reads the same from a Buffer inside a larger one', () => {
  fc.assert(
    fc.property(anyCommit, fc.nat(20), (commit, before) => {
      const meta = encodeCommit(commit);
      const around = Buffer.alloc(before + meta.length + 9, 0x93);
      around.set(meta, before);
      const read = decodeCommit(around.subarray(before, before + meta.length));
      assert.equal(Uint8Array.from(encodeCommit(read)), Uint8Array.from(meta));
    }),
  );
});

it('a subject tells what one mutation touches, and nothing of several', () => {
  fc.assert(
    fc.property(anyCommit, ({ mutations }) => {
      const subject = commitSubject(mutations);
      assert.is(subject.length, 8);
      assert.is(
        subject.every((byte) => byte === 0),
        mutations.length > 1,
      );
    }),
  );
});

it('reads back every manifest frame, wherever it stands', () => {
  fc.assert(
    fc.property(anyFrame, fc.nat(100), (frame, start) => {
      const encoded = encodeManifestFrame(frame);
      const file = new Uint8Array(start + encoded.bytes.length + 7);
      file.set(encoded.bytes, start);
      const decoded = decodeManifestFrame(file, start);
      assert.equal(decoded?.frame, frame);
      assert.equal(Uint8Array.from(decoded?.hash ?? []), Uint8Array.from(encoded.hash));
      assert.is(decoded?.sizeBytes, encoded.bytes.length);
    }),
  );
});

it('reads back segment headers, both copies', () => {
  fc.assert(
    fc.property(segment, (header) => {
      const start = encodeSegmentStart(header);
      for (const offset of segmentHeaderOffsets)
        assert.equal(decodeSegmentHeader(start.subarray(offset)), header);
    }),
  );
});

it('reads back batch headers, at their own place alone', () => {
  fc.assert(
    fc.property(place, batch, ({ salt, start, offset }, header) => {
      const into = new Uint8Array(start + batchHeaderBytes).fill(0xee);
      const seed = saltSeed(salt);
      const own = encodeBatchHeader(into, start, header, seed, offset);
      assert.equal(decodeBatchHeader(into, start, seed, offset), { ...header, checksum: own });
      assert.is(decodeBatchHeader(into, start, seed, offset ^ 512), undefined);
      assert.is(decodeBatchHeader(into, start, seed ^ 1, offset), undefined);
    }),
  );
});

it('reads back record headers, at their own place alone', () => {
  fc.assert(
    fc.property(place, record, bytes(8), ({ salt, start, offset }, header, subject) => {
      const into = new Uint8Array(start + recordHeaderBytes).fill(0xee);
      const seed = saltSeed(salt);
      const own = encodeRecordHeader(into, start, { ...header, subject }, seed, offset);
      assert.equal(decodeRecordHeader(into, start, seed, offset), { ...header, checksum: own });
      assert.equal(subjectOf(into, start), subject);
      assert.is(decodeRecordHeader(into, start, seed, offset ^ 8), undefined);
      assert.is(decodeRecordHeader(into, start, seed ^ 1, offset), undefined);
      const known =
        ((header.kind === 1 || header.kind === 3) && header.flags === 0) ||
        (header.kind === 2 && header.flags < 2);
      assert.is(recordKind(header) !== undefined, known);
    }),
  );
});

it('reads back footer heads and entries; the areas follow one another', () => {
  fc.assert(
    fc.property(footer, (head) => {
      assert.equal(decodeFooterHead(encodeFooterHead(head)), head);
      const layout = footerLayout(head);
      const columns = head.generation === 0 ? 1 : 2;
      assert.is(layout.tableEnd, 128 + 4 * columns * head.recordCount);
      assert.ok(layout.commitsStart % 8 === 0 && layout.commitsStart - layout.tableEnd < 8);
      assert.is(layout.blocksEnd, layout.commitsStart + head.commitsBytes);
      assert.is(layout.sizeBytes, layout.blocksEnd + 4 * Math.ceil(layout.blocksEnd / 65_536) + 4);
    }),
  );
  fc.assert(
    fc.property(u64, fc.nat(limits.recordPayloadBytesMax), fc.nat(1), (sequence, size, flags) => {
      const into = new Uint8Array(20);
      const entry = { sequence, metaBytes: size, flags };
      encodeFooterEntryHead(into, 4, entry);
      assert.equal(decodeFooterEntryHead(into, 4), entry);
      const padded = footerEntryBytes(size);
      assert.ok(padded % 8 === 0 && padded - 16 - size >= 0 && padded - 16 - size < 8);
    }),
  );
});

/** Whether it came back, or failed as it may: with a LogStoreError. */
function isTyped(decode: () => unknown): true {
  try {
    decode();
  } catch (error) {
    if (!isLogStoreError(error)) throw error;
  }
  return true;
}

const salt = new Uint8Array(16);
const seed = saltSeed(salt);
/** Random bytes with their checksum set right, as only a forger or our own bug would have it. */
const forged = {
  segment(content: Uint8Array): Uint8Array {
    const copy = content.slice(0, 128);
    copy.set(new TextEncoder().encode('LOGSTSEG'));
    setU32(copy, 124, checksum(copy.subarray(0, 124)));
    return copy;
  },
  footer(content: Uint8Array): Uint8Array {
    const copy = content.slice(0, 128);
    copy.set(new TextEncoder().encode('LOGSTFTR'));
    setU32(copy, 8, 1);
    setU32(copy, 12, 65_536);
    setU32(copy, 124, checksum(copy.subarray(0, 124)));
    return copy;
  },
  batch(content: Uint8Array): Uint8Array {
    const copy = content.slice(0, 64);
    setU32(copy, 0, 0x4842534c);
    setU32(copy, 4, checksum(copy.subarray(8), placeSeed(seed, 512)));
    return copy;
  },
  record(content: Uint8Array): Uint8Array {
    const copy = content.slice(0, 32);
    setU32(copy, 8, 100);
    setU32(copy, 0, checksum(copy.subarray(4), placeSeed(seed, 512)));
    return copy;
  },
  frame(payload: Uint8Array): Uint8Array {
    const bare = new Uint8Array(48 + payload.length);
    setU32(bare, 0, 0x464d534c);
    setU32(bare, 4, payload.length);
    bare.set(payload, 48);
    const hash = createHash('sha256').update(bare).digest();
    return Uint8Array.from(Buffer.concat([bare, hash]));
  },
};

it('random bytes never fail in another way than with a LogStoreError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 128, maxLength: 600 }), (content) => {
      isTyped(() => decodeMsgpack(content));
      isTyped(() => decodeCommit(content));
      isTyped(() => decodeCommitMeta(content));
      isTyped(() => versionAfter(content));
      isTyped(() => decodeVersionKey(content));
      isTyped(() => decodeHeader(content, content.length));
      isTyped(() => decodeTable(content, 0));
      isTyped(() => decodeManifestFrame(forged.frame(content), 0));
      isTyped(() => decodeSegmentHeader(forged.segment(content)));
      isTyped(() => decodeFooterHead(forged.footer(content)));
      isTyped(() => decodeFooterEntryHead(content, 120));
      isTyped(() => decodeBatchHeader(forged.batch(content), 0, seed, 512));
      isTyped(() => decodeRecordHeader(forged.record(content), 0, seed, 512));
    }),
    { numRuns: 2000 },
  );
});

it('any MessagePack in the place of a meta, a mutation or an edit fails with a LogStoreError', () => {
  const anything = fc.anything({
    ...{ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true },
    ...{ maxDepth: 4 },
  });
  const bigintFits = (value: unknown) => {
    try {
      return packr.pack(value);
    } catch {
      return undefined; // an integer that msgpackr itself does not write
    }
  };
  fc.assert(
    fc.property(anything, fc.array(anything), fc.nat(12), (value, items, tag) => {
      for (const meta of [value, [1, 1, [value]], [1, 1, [[tag, 'b', 'k', ...items]]]]) {
        const packed = bigintFits(meta);
        if (packed !== undefined) isTyped(() => decodeCommitMeta(packed));
      }
      for (const payload of [value, [1, [value]], [1, [[tag, ...items]]], [1, [[2, items]]]]) {
        const packed = bigintFits(payload);
        if (packed !== undefined) isTyped(() => decodeManifestFrame(forged.frame(packed), 0));
      }
    }),
    { numRuns: 1000 },
  );
});

it('a commit with bytes changed reads as another, or fails with a LogStoreError', () => {
  fc.assert(
    fc.property(anyCommit, fc.nat(), fc.nat(255), fc.nat(), (commit, at, byte, cut) => {
      const payload = Uint8Array.from(encodeCommit(commit));
      payload[at % payload.length] = byte;
      isTyped(() => decodeCommit(payload));
      isTyped(() => decodeCommit(payload.subarray(0, cut % payload.length)));
      isTyped(() => versionAfter(payload.subarray(4)));
    }),
    { numRuns: 2000 },
  );
});

it('what is refused says why in a code', () => {
  const refusal = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      return error instanceof LogStoreError ? error.code : error;
    }
    return undefined;
  };
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 2 ** 32 }), u64, (tag, time) => {
      const meta = packr.pack([time, 1, [[tag, 'bucket', 'key']]]);
      assert.is(
        refusal(() => decodeCommitMeta(meta)),
        'UNSUPPORTED_VERSION',
      );
    }),
  );
});

it.run();
