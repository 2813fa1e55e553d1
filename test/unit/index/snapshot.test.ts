import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errnoOf } from '../../../src/base/errors.js';
import { InvariantError } from '../../../src/base/invariant.js';
import { versionKey } from '../../../src/format/key-encoding.js';
import { ObjectIndex } from '../../../src/index/object-index.js';
import {
  readSnapshot,
  type SnapshotContent,
  type SnapshotRead,
  writeSnapshot,
} from '../../../src/index/snapshot.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';
import { anIndexOf, contentHash, digestOf, entryOf } from './sample-entries.js';

const it = suite('index snapshot');

const path = 'index/snapshot';
const position = {
  storeId: Uint8Array.from({ length: 16 }, (_, i) => 0xf0 + i),
  sequenceNext: 2 ** 50 + 1,
  versionNext: 2 ** 51 + 3,
  fileId: 77,
  batchNumber: 2 ** 33 + 5,
  batchChecksum: 0xfedcba98,
};

function contentOf(index: ObjectIndex, extra = Buffer.from('the caller’s own')): SnapshotContent {
  return { position, indexes: { objects: index }, extra: Uint8Array.from(extra) };
}

async function aDiskWith(content: SnapshotContent): Promise<SimulatedWorld> {
  const world = new SimulatedWorld(1);
  await world.run(world.disk.makeDirectory('index'));
  await world.run(writeSnapshot(world.disk, path, content));
  return world;
}

function read(world: SimulatedWorld): Promise<SnapshotRead> {
  return world.run(readSnapshot(world.disk, path));
}

async function readBack(content: SnapshotContent): Promise<SnapshotContent> {
  const back = await read(await aDiskWith(content));
  assert.is(back.is, 'snapshot');
  if (back.is !== 'snapshot') throw new Error('unreachable');
  return back;
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

it('gives back position, indexes and the bytes of the caller', async () => {
  const objects = anIndexOf(500);
  for (let n = 1; n <= 500; n += 7) objects.remove(versionKey('bucket', `key-${n}`, n));
  const indexes = { objects, uploads: anIndexOf(1), parts: new ObjectIndex() };
  const back = await readBack({ position, indexes, extra: Uint8Array.of(1, 2, 3) });
  assert.equal(back.position, position);
  assert.equal(back.extra, Uint8Array.of(1, 2, 3));
  assert.equal(Object.keys(back.indexes), ['objects', 'uploads', 'parts']);
  for (const [name, index] of Object.entries(indexes)) {
    const read = back.indexes[name] ?? new ObjectIndex();
    assert.is(digestOf(read), digestOf(index));
    assert.equal(read.shape, index.shape);
  }
});

it('an index read back goes on like the one that was written', async () => {
  const index = anIndexOf(200);
  for (let n = 1; n <= 200; n += 2) index.remove(versionKey('bucket', `key-${n}`, n));
  const { indexes } = await readBack(contentOf(index));
  const back = indexes.objects ?? new ObjectIndex();
  for (const each of [index, back]) {
    for (let n = 201; n <= 500; n++)
      each.insert(versionKey('bucket', `key-${n}`, n), entryOf(n, `content ${n % 20}`));
    for (let n = 4; n <= 200; n += 4) each.remove(versionKey('bucket', `key-${n}`, n));
  }
  assert.is(digestOf(back), digestOf(index));
  assert.equal(back.shape, index.shape);
  for (let n = 0; n < 20; n++) {
    const content = contentHash(`content ${n}`);
    assert.equal(back.withContent(content), index.withContent(content));
  }
});

it('holds sections of many blocks and chunks', async () => {
  // 150,000 rows are two chunks of rows and of links, 13 blocks; the keys are two chunks.
  const index = new ObjectIndex();
  for (let n = 1; n <= 150_000; n++)
    index.append(versionKey('b', `${n + 10 ** 9}`.padEnd(60, '.'), n), entryOf(n));
  const extra = Buffer.alloc(3 * 1024 ** 2 + 1, 5);
  const back = await readBack(contentOf(index, extra));
  assert.ok(index.sections().some(({ name, parts }) => name === 'keys' && parts.length > 1));
  assert.is(digestOf(back.indexes.objects ?? new ObjectIndex()), digestOf(index));
  assert.ok(extra.equals(back.extra));
});

it('there being none is an answer', async () => {
  assert.equal(await read(new SimulatedWorld(1)), { is: 'missing' });
});

it('faults 61: every flipped bit of every byte, and every cut, is refused', async () => {
  const world = await aDiskWith(contentOf(anIndexOf(3)));
  const whole = world.disk.testBytesOf(path);
  const bytes = Uint8Array.from(whole);
  // Read from memory in one turn each: the simulated disk's own order does not matter here.
  const file = {
    read: async (into: Uint8Array, offset: number) => {
      const some = bytes.subarray(offset, offset + into.length);
      into.set(some);
      return some.length;
    },
    close: async () => undefined,
  };
  let sizeBytes = bytes.length;
  const disk = Object.assign(Object.create(world.disk), {
    open: async () => file,
    sizeBytes: async () => sizeBytes,
  });
  assert.is((await readSnapshot(disk, path)).is, 'snapshot');
  for (let at = 0; at < bytes.length; at++) {
    const was = bytes[at] ?? 0;
    bytes[at] = was ^ (1 << (at & 7));
    assert.is((await readSnapshot(disk, path)).is, 'invalid', `byte ${at}`);
    bytes[at] = was ^ 0xff;
    assert.is((await readSnapshot(disk, path)).is, 'invalid', `byte ${at}`);
    bytes[at] = was;
  }
  for (sizeBytes = 0; sizeBytes < bytes.length; sizeBytes++)
    assert.is((await readSnapshot(disk, path)).is, 'invalid', `${sizeBytes} bytes`);
});

it('says what is wrong with a file', async () => {
  const world = await aDiskWith(contentOf(anIndexOf(100)));
  const whole = Uint8Array.from(world.disk.testBytesOf(path));
  const reasonOf = async (change: (bytes: Uint8Array) => Uint8Array) => {
    world.disk.testPlant(path, change(Uint8Array.from(whole)));
    const result = await read(world);
    return result.is === 'invalid' ? result.reason : result.is;
  };
  const set = (at: number, value: number) => (bytes: Uint8Array) => bytes.fill(value, at, at + 1);
  assert.is(await reasonOf(() => new Uint8Array(0)), 'shorter than a header');
  assert.is(await reasonOf((bytes) => bytes.fill(0)), 'not a snapshot');
  assert.is(await reasonOf(set(8, 9)), 'unknown version 9');
  assert.is(await reasonOf(set(13, 0xff)), 'the length of the header is damaged');
  assert.is(await reasonOf(set(40, 0)), 'the header is damaged');
  assert.match(
    await reasonOf((bytes) => bytes.subarray(0, -9)),
    /^the file is \d+ bytes long, not/,
  );
  assert.match(await reasonOf((bytes) => Buffer.concat([bytes, bytes])), /^the file is \d+ bytes/);
  assert.is(await reasonOf(set(210, 0x55)), 'damaged at 204');
  assert.is(await reasonOf(set(whole.length - 7, 1)), 'the table of checksums is damaged');
});

it('faults 57: a sector that cannot be read makes it invalid', async () => {
  const world = await aDiskWith(contentOf(anIndexOf(100)));
  let reads = 0;
  world.faults.faultWhen(({ kind }) =>
    kind === 'read' && ++reads > 4 ? { is: 'refused', errno: 'EIO' } : undefined,
  );
  assert.equal(await read(world), { is: 'invalid', reason: 'the file cannot be read (EIO)' });
});

it('faults 43: no file handle to be had is no reason to discard it', async () => {
  const world = await aDiskWith(contentOf(anIndexOf(100)));
  world.faults.faultWhen(({ kind }) =>
    kind === 'open' ? { is: 'refused', errno: 'EMFILE' } : undefined,
  );
  assert.is(errnoOf(await failureOf(read(world))), 'EMFILE');
});

it('faults 39: a full disk leaves the old snapshot, and nothing beside it', async () => {
  const world = await aDiskWith(contentOf(anIndexOf(10)));
  world.disk.capacityBytes = 20_000;
  const write = writeSnapshot(world.disk, path, contentOf(anIndexOf(1000)));
  assert.is(errnoOf(await failureOf(world.run(write))), 'ENOSPC');
  assert.equal(world.disk.testPaths(), [path]);
  const back = await read(world);
  assert.is(back.is === 'snapshot' && back.indexes.objects?.count, 10);
});

it('faults 29, 30: whenever the power goes, the old snapshot or the new one is there', async () => {
  const seen = new Set<number>();
  for (let call = 1; ; call++) {
    const world = await aDiskWith(contentOf(anIndexOf(10)));
    await world.run(world.disk.syncDirectory(''));
    const callsBefore = world.operationCount;
    world.faults.dieAt(callsBefore + call, 'during');
    const writing = world.run(writeSnapshot(world.disk, path, contentOf(anIndexOf(20))));
    const isOver = (await failureOf(writing)) === undefined;
    for (const seed of [1, 2, 3, 4, 5]) {
      const after = world.crash(seed);
      const back = await read(after);
      assert.is(back.is, 'snapshot', `call ${call}, seed ${seed}`);
      const count = back.is === 'snapshot' ? back.indexes.objects?.count : undefined;
      if (isOver) assert.is(count, 20);
      seen.add(count ?? 0);
      // What a crash left under the temporary name is no obstacle to the next write.
      await after.run(writeSnapshot(after.disk, path, contentOf(anIndexOf(30))));
      assert.equal(after.disk.testPaths(), [path]);
    }
    if (isOver) break;
  }
  assert.equal([...seen].sort(), [10, 20]);
});

it('a change while it is written is noticed before the file has its name', async () => {
  const world = await aDiskWith(contentOf(anIndexOf(10)));
  const index = anIndexOf(20);
  const writing = writeSnapshot(world.disk, path, contentOf(index));
  index.remove(versionKey('bucket', 'key-1', 1));
  assert.instance(await failureOf(world.run(writing)), InvariantError);
  const back = await read(world);
  assert.is(back.is === 'snapshot' && back.indexes.objects?.count, 10);
});

it.run();
