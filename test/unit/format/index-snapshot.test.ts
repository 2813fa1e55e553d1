import { crc32 } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  decodeHeader,
  decodeTable,
  encodeHeader,
  encodeTable,
  type IndexShape,
  type SnapshotHeader,
  sectionBytesOf,
  snapshotHeaderBytesMax,
  tableBytesOf,
  tableOffsetOf,
} from '../../../src/format/index-snapshot.js';

const it = suite('index snapshot format');

const shape: IndexShape = {
  count: 3,
  keyBytes: 60,
  root: -1,
  slotLimit: 5,
  slotFree: 2,
  nodeLimit: 4,
  nodeFree: 1,
  arenaLimit: 20,
  contentCount: 2,
  bucketCount: 64,
};
const header: SnapshotHeader = {
  position: {
    storeId: Uint8Array.from({ length: 16 }, (_, i) => i + 1),
    sequenceNext: 0x1f_0203_0405_0607,
    versionNext: 2,
    fileId: 3,
    batchNumber: 4,
    batchChecksum: 0xa1b2c3d4,
  },
  indexes: [
    { name: 'objects', shape },
    { name: 'abcdefghijklmnopqrstuvwx', shape: { ...shape, root: 2 ** 31 - 1 } },
  ],
  extraBytes: 1024 ** 2 + 1,
};
const oneIndexBytes = 12 * 4 + 4 * 5 + 8 * 20 + 8200 + 88 * 5 + 8 * 5 + 4 * 64;

function ascii(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

/** The header again with a field changed and a checksum that fits. */
function withChange(change: (view: DataView) => void): Uint8Array {
  const bytes = encodeHeader(header);
  const view = new DataView(bytes.buffer);
  change(view);
  view.setUint32(bytes.length - 4, crc32(bytes.subarray(0, -4)), true);
  return bytes;
}

it('every field stands where SPEC.md says', () => {
  const bytes = encodeHeader(header);
  const view = new DataView(bytes.buffer);
  const u64 = (at: number) => Number(view.getBigUint64(at, true));
  assert.is(bytes.length, 96 + 2 * 104 + 4);
  assert.is(ascii(bytes.subarray(0, 8)), '\x89LSIX\r\n\x1a');
  assert.equal(
    [8, 12, 28].map((at) => view.getUint32(at, true)),
    [4, 308, 2],
  );
  const tableBytes = 4 + 4 * (2 * 7 + 2) + 4;
  assert.is(u64(16), 308 + 2 * oneIndexBytes + 1024 ** 2 + 1 + tableBytes);
  assert.is(new Uint32Array(bytes.buffer, 24, 1)[0], 0x01020304);
  assert.equal(bytes.subarray(32, 48), header.position.storeId);
  assert.equal([48, 56, 64, 72, 80].map(u64), [0x1f_0203_0405_0607, 2, 3, 4, 1024 ** 2 + 1]);
  assert.is(view.getUint32(88, true), 0xa1b2c3d4);
  assert.is(view.getUint32(92, true), 0);
  assert.is(ascii(bytes.subarray(96, 120)), 'objects'.padEnd(24, '\0'));
  const fields = Array.from({ length: 10 }, (_, i) => u64(120 + 8 * i));
  assert.equal(fields, [3, 60, 2 ** 31 - 1, 5, 2, 4, 1, 20, 2, 64]);
  assert.is(ascii(bytes.subarray(200, 224)), 'abcdefghijklmnopqrstuvwx');
  assert.is(view.getUint32(304, true), crc32(bytes.subarray(0, 304)));
});

it('the header is read back as it was written', () => {
  const bytes = encodeHeader(header);
  const fileBytes = tableOffsetOf(header) + tableBytesOf(header);
  const headerChecksum = crc32(bytes.subarray(0, -4));
  const [version, headerBytes] = [4, bytes.length];
  const expected = { is: 'header', header, version, headerBytes, headerChecksum };
  assert.equal(decodeHeader(bytes, fileBytes), expected);
  assert.equal(decodeHeader(Buffer.concat([bytes, Buffer.alloc(5000)]), fileBytes), expected);
  assert.ok(bytes.length <= snapshotHeaderBytesMax);
});

it('sections follow one another: seven of each index, then the caller’s own', () => {
  const one = [48, 20, 160, 8200, 440, 40, 256];
  assert.equal(sectionBytesOf(header), [...one, ...one, 1024 ** 2 + 1]);
});

it('faults 48: lengths that the file does not bear out are refused before any allocation', () => {
  const fileBytes = tableOffsetOf(header) + tableBytesOf(header);
  const reasonOf = (bytes: Uint8Array) => {
    const decoded = decodeHeader(bytes, fileBytes);
    return decoded.is === 'invalid' ? decoded.reason : decoded.is;
  };
  for (const value of [6n, 2n ** 40n, 2n ** 53n - 1n])
    for (const field of [3, 5, 7, 9])
      assert.match(
        reasonOf(withChange((view) => view.setBigUint64(120 + 8 * field, value, true))),
        new RegExp(`^the file is ${fileBytes} bytes long, not`),
      );
  const beyond = withChange((view) => view.setBigUint64(80, 2n ** 64n - 1n, true));
  assert.is(reasonOf(beyond), 'an integer above 2^53 - 1');
  const manyIndexes = withChange((view) => view.setUint32(28, 2 ** 31, true));
  assert.is(reasonOf(manyIndexes), 'the length of the header is damaged');
});

it('arrays of a machine of another byte order are refused', () => {
  const decoded = decodeHeader(
    withChange((view) => view.setUint32(24, view.getUint32(24, true), false)),
    tableOffsetOf(header) + tableBytesOf(header),
  );
  assert.equal(decoded, {
    is: 'invalid',
    reason: 'written on a machine of another byte order',
  });
});

it('a table of checksums belongs to its header alone', () => {
  const bytes = encodeTable(7, [1, 2 ** 32 - 1]);
  assert.is(Buffer.from(bytes.subarray(0, 12)).toString('hex'), '0700000001000000ffffffff');
  assert.equal(decodeTable(bytes, 7), [1, 2 ** 32 - 1]);
  assert.is(decodeTable(bytes, 8), undefined);
  assert.is(decodeTable(bytes.with(5, 1), 7), undefined);
});

it.run();
