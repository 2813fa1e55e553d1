import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DamageBeyondParity } from '../../../src/erasure/damage.js';
import { ParityGroup } from '../../../src/erasure/parity-group.js';
import { readRestored } from '../../../src/erasure/read-restored.js';
import { findDamage, repairGroup } from '../../../src/erasure/repair-group.js';
import { checksum } from '../../../src/format/checksum.js';
import { parityPath, segmentPath } from '../../../src/format/file-names.js';
import { type ParityFacts, parityStart } from '../../../src/format/parity.js';
import { failureOf } from '../../failure-of.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';
import { MemoryDisk } from './memory-disk.js';
import {
  codec,
  encode,
  fileId,
  heal,
  identityOf,
  paths,
  readAll,
  stripe,
  withGroup,
} from './parity-place.js';

const it = suite('parity group');
const [segmentFile, parity0, parity1] = paths;

interface Place {
  readonly disk: MemoryDisk;
  readonly facts: ParityFacts;
  readonly segment: Uint8Array;
  /** Path and bytes of the three files, as they must be. */
  readonly originals: ReadonlyMap<string, Uint8Array>;
}

/** A sealed segment with its parity; some bytes behind the covered ones. */
async function place(coveredBytes: number, id = fileId): Promise<Place> {
  const disk = new MemoryDisk();
  const bytes = new SeededRandom(coveredBytes + id).bytes(coveredBytes + 300);
  disk.files.set(segmentPath(id), { bytes: bytes.slice() });
  const facts = await encode(disk, bytes, coveredBytes, identityOf(id));
  const originals = new Map([...disk.files].map(([path, file]) => [path, file.bytes.slice()]));
  return { disk, facts, segment: bytes.subarray(0, coveredBytes), originals };
}

function flip({ disk }: Place, path: string, offset: number, mask = 1): void {
  const bytes = disk.files.get(path)?.bytes ?? new Uint8Array(0);
  bytes[offset] = (bytes[offset] ?? 0) ^ mask;
}

function assertSame(found: Uint8Array, expected: Uint8Array, message: string): void {
  assert.is(Buffer.compare(found, expected), 0, message);
}

function assertHealed({ disk, originals }: Place, message: string): void {
  assert.equal([...disk.files.keys()].sort(), [...originals.keys()].sort(), message);
  for (const [path, expected] of originals)
    assertSame(disk.files.get(path)?.bytes ?? Buffer.of(), expected, `${message}: ${path}`);
}

/** Reads all, then heals all; both must give what was there. */
async function assertHeals(at: Place, message: string): Promise<void> {
  assertSame(await readAll(at.disk, at.facts), at.segment, message);
  await heal(at.disk, at.facts);
  assertHealed(at, message);
}

it('a whole group reads as it is, and nothing of it is written anew', async () => {
  for (const coveredBytes of [8192, 9001, 200_000, 5 * 1024 ** 2]) {
    const at = await place(coveredBytes);
    assertSame(await readAll(at.disk, at.facts), at.segment, `${coveredBytes} bytes`);
    const before = [...at.disk.files.values()];
    assert.equal(await heal(at.disk, at.facts), { healable: [], lost: [], fronts: [] });
    assert.ok(before.every((file) => [...at.disk.files.values()].includes(file)));
  }
});

it('faults 46, 49, 50: a bit flipped at any byte of segment or parity is never served, and heals', async () => {
  const at = await place(8700);
  for (const [path, bytes] of at.originals)
    for (let offset = 0; offset < bytes.length; offset++) {
      flip(at, path, offset, 1 << (offset % 8));
      const isCovered = path !== segmentFile || offset < at.facts.coveredBytes;
      if (isCovered) await assertHeals(at, `${path} at ${offset}`);
      else flip(at, path, offset, 1 << (offset % 8));
    }
});

it('faults 46: a range that touches only part of a damaged block is right', async () => {
  const at = await place(300_000);
  const random = new SeededRandom(1);
  for (let round = 0; round < 200; round++) {
    const offset = random.below(at.facts.coveredBytes);
    const start = random.below(offset + 1);
    const lengthBytes = random.between(0, at.facts.coveredBytes - start);
    flip(at, segmentFile, offset);
    await withGroup(at.disk, at.facts, async (group) => {
      const found = await readRestored(group, codec, stripe, start, lengthBytes);
      const message = `${start} + ${lengthBytes}, damaged at ${offset}`;
      assertSame(found.bytes, at.segment.subarray(start, start + lengthBytes), message);
      const block = Math.floor(offset / at.facts.blockBytes) * at.facts.blockBytes;
      const touches = start < block + at.facts.blockBytes && block < start + lengthBytes;
      assert.is(found.damaged.length, touches ? 1 : 0, message);
    });
    flip(at, segmentFile, offset);
  }
});

it('any run of damage up to two slices less one block heals', async () => {
  for (const coveredBytes of [8700, 300_000, 4 * 1024 ** 2 + 512]) {
    const at = await place(coveredBytes);
    const { sliceBytes, blockBytes } = at.facts;
    const random = new SeededRandom(coveredBytes);
    const runBytes = 2 * sliceBytes - blockBytes;
    const last = coveredBytes - runBytes;
    for (const start of [0, 1, last, random.below(last), random.below(last), blockBytes - 1]) {
      at.disk.files.get(segmentFile)?.bytes.fill(0xdb, start, start + runBytes);
      await assertHeals(at, `${coveredBytes} bytes, ${runBytes} damaged from ${start} on`);
    }
  }
});

it('faults 47: each parity file lost, both slices of a row, and one of each, heal', async () => {
  const at = await place(100_000);
  const { sliceBytes } = at.facts;
  const spoil = (shard: number) => {
    if (shard >= 16) at.disk.files.delete(shard === 16 ? parity0 : parity1);
    else {
      const bytes = at.disk.files.get(segmentFile)?.bytes.subarray(0, at.facts.coveredBytes);
      bytes?.fill(0xdb, shard * sliceBytes, (shard + 1) * sliceBytes);
    }
  };
  for (let first = 0; first < 18; first++)
    for (let second = first; second < 18; second++) {
      if (first >= 16 && second !== first) continue; // both parity files: no tables, below
      spoil(first);
      spoil(second);
      await assertHeals(at, `shards ${first} and ${second} lost`);
    }
});

it('faults 47: three blocks side by side are lost: told apart, and the rest is served', async () => {
  const at = await place(100_000);
  const { sliceBytes, blockBytes } = at.facts;
  for (const shard of [1, 4, 9]) flip(at, segmentFile, shard * sliceBytes + blockBytes + 3);
  flip(at, segmentFile, 2 * sliceBytes);
  const damagedFiles = new Map(at.disk.files);
  await withGroup(at.disk, at.facts, async (group) => {
    const read = (start: number) => readRestored(group, codec, stripe, start, blockBytes);
    const failure = await failureOf(read(4 * sliceBytes + blockBytes));
    assert.ok(failure instanceof DamageBeyondParity, String(failure));
    assert.is(failure.code, 'RECORD_CORRUPT');
    assert.equal(
      failure.badBlocks,
      [1, 4, 9].map((shard) => ({ shard, block: 1 })),
    );
    for (const start of [0, 2 * sliceBytes, 4 * sliceBytes, 5 * sliceBytes + blockBytes])
      assertSame(
        (await read(start)).bytes,
        at.segment.subarray(start, start + blockBytes),
        `${start}`,
      );
    const damage = await findDamage(group, codec, stripe);
    assert.equal(damage.lost, failure.badBlocks);
    assert.equal(damage.healable, [{ shard: 2, block: 0 }]);
    const repair = await failureOf(repairGroup(at.disk, group, codec, stripe, damage));
    assert.ok(repair instanceof DamageBeyondParity, String(repair));
  });
  assert.equal([...at.disk.files], [...damagedFiles], 'nothing is written while something is lost');
});

it('faults 50: tables damaged in one parity file are read from the other, in both are none', async () => {
  const at = await place(100_000);
  flip(at, parity0, 140);
  flip(at, segmentFile, 5000);
  await assertHeals(at, 'one front');
  flip(at, parity0, 140);
  flip(at, parity1, 20);
  const segment = await at.disk.open(segmentFile, 'read');
  const opened = await ParityGroup.open(at.disk, segment, identityOf(fileId), at.facts);
  assert.not.ok(opened instanceof ParityGroup);
  const reason = opened instanceof ParityGroup ? '' : opened.unusable;
  assert.match(reason, /parity0: its tables are damaged.*parity1: its head is damaged/);
  // The segment's records verify: then its parity is made anew, and is the same.
  assert.equal(await encode(at.disk, at.segment), at.facts);
  assertHealed(at, 'encoded anew');
});

it('faults 51: parity of another segment, and parity files in exchanged places, are rejected', async () => {
  const at = await place(100_000);
  const other = await place(100_000, fileId + 1);
  const [own0, own1] = [at.disk.files.get(parity0), at.disk.files.get(parity1)];
  const foreign = other.disk.files.get(parityPath(fileId + 1, 0));
  assert.ok(own0 !== undefined && own1 !== undefined && foreign !== undefined);
  if (own0 === undefined || own1 === undefined || foreign === undefined) return;
  at.disk.files.set(parity0, { bytes: foreign.bytes.slice() });
  flip(at, segmentFile, 123);
  await assertHeals(at, 'parity of another segment');
  at.disk.files.set(parity0, { bytes: own1.bytes.slice() });
  flip(at, segmentFile, 123);
  await assertHeals(at, 'the second parity in the place of the first');
});

it('faults 52: parity of an older generation is rejected', async () => {
  const at = await place(100_000);
  const stale = new MemoryDisk();
  stale.files.set(segmentFile, { bytes: at.segment.slice() });
  await encode(stale, at.segment, at.facts.coveredBytes, identityOf(fileId, 1));
  at.disk.files.set(parity1, stale.files.get(parity1) ?? { bytes: new Uint8Array(0) });
  await withGroup(at.disk, at.facts, async (group) => {
    assert.match(group.unusableFronts.get(1) ?? '', 'of another segment');
  });
  await assertHeals(at, 'parity of another generation');
});

it('faults 53: a wrong block that fits its checksum spoils nothing while a shard is to spare', async () => {
  const at = await place(100_000);
  const { sliceBytes, blockBytes } = at.facts;
  // The bits of the polynomial of CRC-32: whatever bytes they are laid over keep their checksum.
  const collision = [0x41, 0x06, 0x71, 0xdb, 0x01];
  for (const shard of [0, 7, 15]) {
    const start = shard * sliceBytes + blockBytes;
    const bytes = at.disk.files.get(segmentFile)?.bytes ?? Buffer.of();
    const sum = checksum(bytes.subarray(start, start + 5));
    for (const [index, mask] of collision.entries()) flip(at, segmentFile, start + index, mask);
    assert.is(checksum(bytes.subarray(start, start + 5)), sum, 'a collision');
    flip(at, segmentFile, 3 * sliceBytes + blockBytes + 9);
    await withGroup(at.disk, at.facts, async (group) => {
      const from = 3 * sliceBytes + blockBytes;
      const { bytes: found } = await readRestored(group, codec, stripe, from, blockBytes);
      assertSame(found, at.segment.subarray(from, from + blockBytes), `shard ${shard}`);
    });
    await heal(at.disk, at.facts);
    assertHealed(at, `shard ${shard}`);
  }
});

it('faults 57: a sector that fails to read is damage like any other', async () => {
  const segment = new SeededRandom(57).bytes(300_000);
  const world = new SimulatedWorld(57);
  world.disk.testPlant(segmentFile, segment);
  const facts = await world.run(encode(world.disk, segment));
  const isBad = (path: string, offset: number, lengthBytes: number) =>
    (path === segmentFile && offset <= 70_000 && 70_000 < offset + lengthBytes) ||
    (path === parity0 && offset === 0);
  world.faults.faultWhen(({ kind, path, offset = 0, lengthBytes = 0 }) =>
    kind === 'read' && isBad(path, offset, lengthBytes)
      ? { is: 'refused', errno: 'EIO' }
      : undefined,
  );
  assertSame(await world.run(readAll(world.disk, facts)), segment, 'read past the bad sectors');
  const damage = await world.run(
    withGroup(world.disk, facts, (group) => findDamage(group, codec, stripe)),
  );
  const block = Math.floor((70_000 % facts.sliceBytes) / facts.blockBytes);
  const shard = Math.floor(70_000 / facts.sliceBytes);
  assert.equal(damage, { healable: [{ shard, block }], lost: [], fronts: [0] });
});

it('a group of five kinds of damage at once heals in one repair', async () => {
  const at = await place(5 * 1024 ** 2);
  const { sliceBytes, blockBytes } = at.facts;
  flip(at, segmentFile, 10);
  flip(at, segmentFile, 15 * sliceBytes);
  flip(at, segmentFile, 3 * sliceBytes + blockBytes);
  flip(at, parity0, parityStart(at.facts) + blockBytes);
  flip(at, parity1, 40);
  const damage = await heal(at.disk, at.facts);
  assert.is(damage.healable.length, 4);
  assert.equal(damage.fronts, [1]);
  assertHealed(at, 'all');
});

it.run();
