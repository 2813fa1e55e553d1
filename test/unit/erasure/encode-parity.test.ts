import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../src/base/errors.js';
import { BlockChecksums } from '../../../src/erasure/block-checksums.js';
import { encodeParity } from '../../../src/erasure/encode-parity.js';
import { EncodeThread } from '../../../src/erasure/encode-thread.js';
import { openCodec } from '../../../src/erasure/open-codec.js';
import { newStripes } from '../../../src/erasure/stripe.js';
import { checksum } from '../../../src/format/checksum.js';
import { blocksPerSlice, extent, parityShape, parityStart } from '../../../src/format/parity.js';
import { NodeDisk } from '../../../src/host/node-disk.js';
import { failureOf } from '../../failure-of.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';
import { temporaryDirectory } from '../host/temporary-directory.js';
import { MemoryDisk } from './memory-disk.js';
import { packageWasm } from './package-wasm.js';
import {
  checksumsOf,
  coder,
  encode,
  fileId,
  identityOf,
  paths,
  withGroup,
} from './parity-place.js';

const it = suite('encode parity');
const [segmentFile, ...parityFiles] = paths;
const sizes = [8192, 8704, 9001, 65_536, 300_000, 1024 ** 2 + 512, 9 * 1024 ** 2 + 4608];

function diskWith(segment: Uint8Array): MemoryDisk {
  const disk = new MemoryDisk();
  disk.files.set(segmentFile, { bytes: segment });
  return disk;
}

function bytesOf(disk: MemoryDisk, path: string): Uint8Array {
  return disk.files.get(path)?.bytes ?? new Uint8Array(0);
}

for (const sizeBytes of sizes)
  it(`of ${sizeBytes} bytes is what the package makes of the slices`, async () => {
    const segment = new SeededRandom(sizeBytes).bytes(sizeBytes);
    const disk = diskWith(segment);
    const facts = await encode(disk, segment);
    const [slices] = newStripes({
      code: { dataCount: 16, parityCount: 2 },
      rowBytes: facts.sliceBytes,
      stripeCount: 1,
    });
    for (const [shard, row] of (slices?.rows ?? []).entries()) {
      const { offset, lengthBytes } = extent(facts, Math.min(shard, 15));
      if (shard < 16) row.set(segment.subarray(offset, offset + lengthBytes));
    }
    if (slices !== undefined) openCodec('package', packageWasm()).encode(slices);
    for (const [index, path] of parityFiles.entries()) {
      const parity = bytesOf(disk, path).subarray(parityStart(facts));
      assert.is(Buffer.compare(parity, slices?.rows[16 + index] ?? Buffer.of()), 0, path);
    }
  });

it('tables hold the hash of each shard and the checksum of each block', async () => {
  const segment = new SeededRandom(1).bytes(1024 ** 2 + 77);
  const disk = diskWith(segment);
  const facts = await encode(disk, segment);
  const { tables } = await withGroup(disk, facts, async (group) => group);
  for (let shard = 0; shard < 16; shard++) {
    const { offset, lengthBytes } = extent(facts, shard);
    const slice = segment.subarray(offset, offset + lengthBytes);
    const hash = createHash('sha256').update(slice).digest();
    assert.is(Buffer.compare(hash, tables.hashes[shard] ?? Buffer.of()), 0, `shard ${shard}`);
    for (let block = 0; block < blocksPerSlice(facts); block++) {
      const bytes = slice.subarray(block * facts.blockBytes, (block + 1) * facts.blockBytes);
      const found = tables.checksums[shard * blocksPerSlice(facts) + block];
      assert.is(found, checksum(bytes), `shard ${shard}, block ${block}`);
    }
  }
});

it('the bytes are those of the worked example, which another program made from SPEC.md', async () => {
  const segment = Uint8Array.from({ length: 9000 }, (_, index) => Math.floor(index ** 2 / 8));
  const disk = diskWith(segment);
  const { tablesHash } = await encode(disk, segment);
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  assert.equal(
    [
      Buffer.from(tablesHash).toString('hex'),
      ...parityFiles.map((path) => sha256(bytesOf(disk, path))),
    ],
    [
      '6feec89fc3c2a69694ca68937668bea652de0410d79648acad68343f96f7761b',
      '3c874b2222b0d1bce9205bfe3ff6c4632412d40ce9c741c81a8eeaaa95bc6540',
      '165d53e1d58677568cf9c780ad82cdd919c1941afff2440da42a523adec8d4cc',
    ],
  );
});

it('only what counts of the segment is covered; what lies behind it does not matter', async () => {
  const segment = new SeededRandom(2).bytes(200_000);
  const disk = diskWith(segment);
  const facts = await encode(disk, segment, 100_000);
  const parity = parityFiles.map((path) => bytesOf(disk, path).slice());
  segment.fill(0, 100_000);
  assert.equal(await encode(disk, segment, 100_000), facts);
  assert.equal(
    parityFiles.map((path) => bytesOf(disk, path)),
    parity,
  );
  assert.is(facts.coveredBytes, 100_000);
});

it('checksums of a segment do not depend on the pieces in which its bytes come', () => {
  const random = new SeededRandom(3);
  const segment = random.bytes(40_000);
  const whole = checksumsOf(segment, 30_000);
  for (let round = 0; round < 20; round++) {
    const sums = new BlockChecksums(parityShape(30_000));
    for (let at = 0; at < segment.length; ) {
      const end = at + random.between(1, 3000);
      assert.is(sums.finish() === undefined, at < 30_000);
      sums.update(segment.subarray(at, end));
      at = end;
    }
    assert.equal(sums.finish(), whole);
  }
});

it('rot never enters parity: what is not as it was verified is refused', async () => {
  const segment = new SeededRandom(4).bytes(100_000);
  const disk = diskWith(segment);
  const verified = checksumsOf(segment, segment.length);
  segment[77_777] = (segment[77_777] ?? 0) ^ 1;
  const file = await disk.open(segmentFile, 'read');
  const work = encodeParity(disk, file, identityOf(fileId), segment.length, verified, coder);
  const failure = await failureOf(work);
  assert.ok(isLogStoreError(failure, 'RECORD_CORRUPT'), String(failure));
  assert.equal([...disk.files.keys()], [segmentFile], 'nothing is left behind');
});

it('a segment cut short is refused', async () => {
  const segment = new SeededRandom(5).bytes(100_000);
  const disk = diskWith(segment.subarray(0, 90_000));
  const failure = await failureOf(encode(disk, segment));
  assert.ok(isLogStoreError(failure, 'RECORD_CORRUPT'), String(failure));
  assert.equal([...disk.files.keys()], [segmentFile]);
});

it('faults 40: a full disk leaves no parity and no remains, and the next try succeeds', async () => {
  const segment = new SeededRandom(6).bytes(300_000);
  const world = new SimulatedWorld(6);
  world.disk.testPlant(segmentFile, segment);
  world.faults.faultWhen(({ kind, path }) =>
    kind === 'write' && path.includes('parity1') ? { is: 'torn', errno: 'ENOSPC' } : undefined,
  );
  const failure = await failureOf(world.run(encode(world.disk, segment)));
  assert.is(Reflect.get(Object(failure), 'code'), 'ENOSPC');
  assert.equal(world.disk.testPaths(), [segmentFile]);
  world.faults.clear();
  await world.run(encode(world.disk, segment));
  assert.equal(world.disk.testPaths(), [...parityFiles, segmentFile]);
});

it('what is not read back as it was written does not count', async () => {
  const segment = new SeededRandom(7).bytes(300_000);
  for (const spoilt of [0, 100, 2000, 5000, 20_000]) {
    const disk = diskWith(segment);
    const open = disk.open.bind(disk);
    disk.open = async (path, mode) => {
      const file = await open(path, mode);
      const write = file.write.bind(file);
      file.write = (offset, parts) => {
        const bytes = Buffer.concat(parts);
        const at = spoilt - offset;
        if (path.includes('parity1') && at >= 0) bytes[at] = (bytes[at] ?? 0) ^ 1;
        return write(offset, [bytes]);
      };
      return file;
    };
    const failure = await failureOf(encode(disk, segment));
    assert.ok(isLogStoreError(failure, 'IO'), `byte ${spoilt}: ${failure}`);
    assert.equal([...disk.files.keys()], [segmentFile]);
  }
});

it('a thread codes the same files, one group after another', async () => {
  using directory = temporaryDirectory();
  mkdirSync(join(directory.path, 'log'));
  const disk = new NodeDisk(directory.path);
  await using thread = new EncodeThread('simd');
  for (const sizeBytes of sizes) {
    const segment = new SeededRandom(sizeBytes).bytes(sizeBytes);
    writeFileSync(join(directory.path, segmentFile), segment);
    const facts = await encode(disk, segment, sizeBytes, identityOf(fileId), thread);
    const memory = diskWith(segment);
    assert.equal(facts, await encode(memory, segment));
    for (const path of parityFiles) {
      const found = readFileSync(join(directory.path, path));
      assert.is(Buffer.compare(found, bytesOf(memory, path)), 0, `${path}, ${sizeBytes} bytes`);
    }
  }
});

it('a thread that is ended fails what waits for it with CLOSED', async () => {
  const thread = new EncodeThread('plain');
  thread.begin(parityShape(100_000));
  const waiting = [failureOf(thread.encode(0, 0, 8192)), failureOf(thread.finish())];
  await thread[Symbol.asyncDispose]();
  const late = failureOf(thread.finish());
  for (const failure of await Promise.all([...waiting, late]))
    assert.ok(failure === undefined || isLogStoreError(failure, 'CLOSED'), String(failure));
  assert.ok(isLogStoreError(await late, 'CLOSED'));
});

it.run();
