import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parityPath } from '../../../src/format/file-names.js';
import {
  blocksPerSlice,
  decodeParityHead,
  decodeParityTables,
  encodeParityFront,
  extent,
  type ParityHead,
  type ParityTables,
  parityFileBytes,
  parityHeadBytes,
  parityShape,
  parityStart,
  storedBytes,
} from '../../../src/format/parity.js';
import { SeededRandom } from '../../sim/seeded-random.js';

const it = suite('format: parity');
const KiB = 1024;
const MiB = 1024 ** 2;

function sample(coveredBytes: number): {
  head: Omit<ParityHead, 'tablesHash'>;
  tables: ParityTables;
} {
  const random = new SeededRandom(coveredBytes);
  const shape = parityShape(coveredBytes);
  const hashes = Array.from({ length: 18 }, () => random.bytes(32));
  const checksums = Uint32Array.from({ length: 18 * blocksPerSlice(shape) }, () => random.word());
  const identity = { storeId: random.bytes(16), fileId: 2 ** 40 + 3, generation: 5 };
  return {
    head: { ...shape, ...identity, salt: random.bytes(16), index: 1 },
    tables: { hashes, checksums },
  };
}

it('slices are whole blocks that cover the segment, of 64 KiB from 4 MiB on', () => {
  const sizes = [8192, 8704, 32_767, 32_768, 65_536, MiB - 512, MiB, 4 * MiB - 1, 4 * MiB];
  for (const coveredBytes of [...sizes, 4 * MiB + 1, 128 * MiB + 512, 4096 * MiB]) {
    const shape = parityShape(coveredBytes);
    const { blockBytes, sliceBytes } = shape;
    const message = `${coveredBytes} bytes`;
    assert.ok(16 * sliceBytes >= coveredBytes, message);
    assert.is(sliceBytes % blockBytes, 0, message);
    assert.is(Math.log2(blockBytes) % 1, 0, message);
    assert.is(blockBytes, Math.min(Math.max(blockBytes, 512), 64 * KiB), message);
    if (coveredBytes >= 4 * MiB) assert.is(blockBytes, 64 * KiB, message);
    let sum = 0;
    for (let shard = 0; shard < 16; shard++) {
      const { offset, lengthBytes } = extent(shape, shard);
      assert.is(offset, sum, message);
      sum += lengthBytes;
    }
    assert.is(sum, coveredBytes, message);
  }
});

it('parity adds an eighth, and to segments of 32 KiB and more never above a quarter of that', () => {
  for (let coveredBytes = 32 * KiB; coveredBytes < 64 * MiB; coveredBytes += 511 * 97) {
    const share = (2 * parityShape(coveredBytes).sliceBytes) / coveredBytes;
    assert.ok(share >= 0.125 && share <= 0.125 * 1.25, `${coveredBytes} bytes: ${share}`);
  }
  const shape = parityShape(128 * MiB);
  assert.ok((2 * parityFileBytes(shape)) / (128 * MiB) < 0.1252);
});

it('the last blocks of data are short or empty, those of parity never', () => {
  const shape = parityShape(8192 + 700); // blocks of 512 bytes, two for each slice
  assert.is(shape.sliceBytes, 1024);
  assert.is(storedBytes(shape, 7, 1), 512);
  assert.is(storedBytes(shape, 8, 0), 512);
  assert.is(storedBytes(shape, 8, 1), 188);
  assert.is(storedBytes(shape, 9, 0), 0);
  assert.is(storedBytes(shape, 15, 1), 0);
  assert.is(storedBytes(shape, 16, 1), 512);
});

it('the front of a parity file is read back as it was written', () => {
  for (const coveredBytes of [8192, 100_000, 5 * MiB]) {
    const { head, tables } = sample(coveredBytes);
    const { front, tablesHash } = encodeParityFront(head, tables);
    assert.is(front.length, parityStart(head));
    assert.is(front.length % 512, 0);
    const found = decodeParityHead(front.subarray(0, parityHeadBytes));
    assert.equal(found, { ...head, tablesHash });
    assert.equal(decodeParityTables({ ...head, tablesHash }, front), tables);
  }
});

it('every flipped bit of the front is seen', () => {
  const { head, tables } = sample(9000);
  const { front, tablesHash } = encodeParityFront(head, tables);
  for (let bit = 0; bit < 8 * front.length; bit++) {
    const flipped = front.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const found = decodeParityHead(flipped.subarray(0, parityHeadBytes));
    const isWhole = found !== undefined && decodeParityTables({ ...head, tablesHash }, flipped);
    assert.not.ok(isWhole, `bit ${bit}`);
  }
});

it('the tables are the same in each file of a group, the heads tell them apart', () => {
  const { head, tables } = sample(70_000);
  const fronts = [0, 1].map((index) => encodeParityFront({ ...head, index }, tables).front);
  const [first, second] = fronts.map((front) => Buffer.from(front));
  assert.is(
    Buffer.compare(first?.subarray(128) ?? Buffer.of(1), second?.subarray(128) ?? Buffer.of(2)),
    0,
  );
  assert.is.not(first?.compare(second ?? Buffer.of()), 0);
});

it('a head of another version, and one cut short, are none', () => {
  const { front } = encodeParityFront(sample(9000).head, sample(9000).tables);
  assert.is(decodeParityHead(front.subarray(0, parityHeadBytes - 1)), undefined);
  assert.is(decodeParityHead(new Uint8Array(parityHeadBytes)), undefined);
});

it('parity files stand beside their segment', () => {
  assert.is(parityPath(7, 0), 'log/0000000000000007.parity0');
  assert.is(parityPath(7, 1), 'log/0000000000000007.parity1');
});

it.run();
