import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { versionKey } from '../../../src/format/key-encoding.js';
import {
  isSoundMap,
  type ReadMap,
  readMapSnapshot,
  writeMapSnapshot,
} from '../../../src/ledger/map-snapshot.js';
import { SealedMaps } from '../../../src/ledger/sealed-maps.js';
import { ObjectMap } from '../../../src/merkle/object-map.js';
import type { Restated } from '../../../src/merkle/restated-table.js';
import { failsWith } from '../../conformance/store-words.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';
import { nodeSha256, toHex } from './golden.js';

const it = suite('map snapshot');
const block = { height: 7, blockLeaf: nodeSha256(Uint8Array.of(7)) };
const file = 'map.snapshot';
const between = async () => undefined;

function keyOf(index: number): Uint8Array {
  return versionKey('photos', `${index % 17}/${'x'.repeat(index % 50)}${index}`, index + 1);
}

/** Some versions have a state that was set later. */
function restatedAt(index: number): Restated | undefined {
  const firstRecord = nodeSha256(Uint8Array.of(index));
  return index % 3 === 1 ? { firstRecord, change: 2 ** 33 * index + 5 } : undefined;
}

function mapOf(count: number): ObjectMap {
  const map = new ObjectMap(nodeSha256);
  for (let index = 0; index < count; index++) {
    map.set(keyOf(index), nodeSha256(keyOf(index)), restatedAt(index));
  }
  for (const _ of map.rehash());
  return map;
}

async function aWorldWith(map: ObjectMap): Promise<SimulatedWorld> {
  const world = new SimulatedWorld(1);
  await world.run(writeMapSnapshot(world.disk, map.now(), block, between));
  return world;
}

function readIn(world: SimulatedWorld): Promise<ReadMap | undefined> {
  return world.run(readMapSnapshot(world.disk, async () => true, between));
}

async function bytesOf(world: SimulatedWorld): Promise<Uint8Array> {
  const opened = await world.run(world.disk.open(file, 'read'));
  const bytes = new Uint8Array(await world.run(opened.sizeBytes()));
  await world.run(opened.read(bytes, 0));
  await world.run(opened.close());
  return bytes;
}

async function overwrite(world: SimulatedWorld, bytes: Uint8Array): Promise<void> {
  await world.run(world.disk.unlink(file));
  const opened = await world.run(world.disk.open(file, 'create'));
  await world.run(opened.write(0, [bytes]));
  await world.run(opened.close());
}

it('gives the map back, whole, with what was restated', async () => {
  for (const count of [0, 1, 2, 3, 500, 5000]) {
    const map = mapOf(count);
    const world = await aWorldWith(map);
    const found = await readIn(world);
    assert.is(found?.height, block.height);
    assert.is([...(found?.map.now().inOrder() ?? [])].length, count);
    assert.is(found && toHex(found.map.root()), toHex(map.root()));
    assert.ok(found && (await isSoundMap(found, between)));
    for (let index = 0; index < count; index++) {
      assert.equal(found.map.restated(keyOf(index)), restatedAt(index));
      assert.equal(found.map.recordHash(keyOf(index)), nodeSha256(keyOf(index)));
    }
  }
});

it('goes on from what it was: later changes lead to the same roots', async () => {
  const map = mapOf(300);
  const found = await readIn(await aWorldWith(map));
  for (const one of [map, found?.map]) {
    for (let index = 100; index < 200; index++) one?.remove(keyOf(index));
    for (let index = 290; index < 400; index++) one?.set(keyOf(index), nodeSha256());
    for (const _ of one?.rehash() ?? []);
  }
  assert.is(found && toHex(found.map.root()), toHex(map.root()));
});

it('is not believed with a bit flipped anywhere, or cut short', async () => {
  const map = mapOf(40);
  const world = await aWorldWith(map);
  const bytes = await bytesOf(world);
  const random = new SeededRandom(3);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] ?? 0) ^ (1 << random.below(8));
    await overwrite(world, damaged);
    assert.is(await readIn(world), undefined, `byte ${at}`);
  }
  for (let end = 0; end < bytes.length; end++) {
    await overwrite(world, bytes.subarray(0, end));
    assert.is(await readIn(world), undefined, `${end} bytes`);
  }
});

it('is passed over where the disk cannot read it, or it is of another block', async () => {
  const world = await aWorldWith(mapOf(40));
  const none = await world.run(readMapSnapshot(world.disk, async () => false, between));
  assert.is(none, undefined);
  world.faults.faultWhen(({ kind }) =>
    kind === 'read' ? { is: 'refused', errno: 'EIO' } : undefined,
  );
  assert.is(await readIn(world), undefined);
});

it('is there whole, or as it was before, whenever the power is cut while it is written', async () => {
  const older = mapOf(40);
  const newer = mapOf(3000);
  const write = async (world: SimulatedWorld) => {
    await world.run(writeMapSnapshot(world.disk, older.now(), block, between));
    const first = world.operationCount;
    const second = { ...block, height: 8 };
    await world.run(writeMapSnapshot(world.disk, newer.now(), second, between));
    return first;
  };
  const whole = new SimulatedWorld(1);
  const first = await write(whole);
  for (let call = first + 1; call <= whole.operationCount; call++) {
    const world = new SimulatedWorld(1);
    world.faults.dieAt(call, 'during');
    await write(world).then(
      () => assert.unreachable('it was to die'),
      () => undefined,
    );
    const found = await readIn(world.crash(call));
    const expected = found?.height === 8 ? newer : older;
    assert.is(found && toHex(found.map.root()), toHex(expected.root()), `call ${call}`);
  }
});

it('tells a map whose inner hashes are not those of its leaves', async () => {
  const map = mapOf(40);
  const { map: loaded, add } = ObjectMap.load(nodeSha256);
  for (const leaf of map.now().inOrder()) add({ ...leaf, recordHash: nodeSha256() });
  assert.not(await isSoundMap({ map: loaded, height: 7 }, between));
});

it('keeps 64 maps, fewer where much changes, and the one being written as long as it takes', async () => {
  const maps = new SealedMaps(mapOf(100), 200);
  const change = (index: number) => {
    maps.map.set(keyOf(index % 100), nodeSha256(keyOf(index)), restatedAt(index));
    for (const _ of maps.map.rehash());
  };
  for (let height = 0; height < 70; height++) {
    maps.seal(height, height);
    if (height % 7 === 0) change(height);
  }
  assert.is(maps.at(5), undefined);
  assert.is(maps.at(6)?.count, 100);
  assert.is(maps.oldestSince(20)?.height, 20);
  const root = toHex(maps.at(20)?.root() ?? nodeSha256());
  await maps.whileKept(20, async (view) => {
    for (let height = 70; height < 200; height++) {
      for (let index = 0; index < 100; index++) change(height + index);
      maps.seal(height, height);
    }
    assert.is(toHex(view.root()), root);
  });
  assert.is(maps.at(197), undefined);
  assert.ok(maps.at(198) && maps.at(199));
  assert.ok(maps.map.retiredNodeCount <= 2 * 99, `${maps.map.retiredNodeCount}`);
});

it('gives its room back where it cannot be written to its end, or is given up', async () => {
  const map = mapOf(3_000);
  for (const ends of ['full', 'given up'] as const) {
    const world = await aWorldWith(mapOf(10));
    let writes = 0;
    world.faults.faultWhen(({ kind, path }) => {
      const isLater = kind === 'write' && path.startsWith(file) && ++writes > 1;
      return isLater && ends === 'full' ? { is: 'refused', errno: 'ENOSPC' } : undefined;
    });
    const stopped = async () => {
      if (ends === 'given up') throw new Error('given up');
    };
    const writing = writeMapSnapshot(world.disk, map.now(), block, stopped);
    const failure = await world.run(writing.catch((error: unknown) => error));
    assert.match(String(failure), ends === 'full' ? 'ENOSPC' : 'given up');
    assert.equal(world.disk.testPaths(), [file]);
    assert.is((await readIn(world))?.map.count, 10, 'the one before is there');
  }
});

it('leaves what room there is to what is more than a cache', async () => {
  const map = mapOf(60_000);
  const mib = 1024 ** 2;
  const world = new SimulatedWorld(1, { capacityBytes: 40 * mib });
  world.disk.testPlant('others', new Uint8Array(33 * mib));
  let freeBytesMin = Number.POSITIVE_INFINITY;
  const watch = async () => {
    freeBytesMin = Math.min(freeBytesMin, (await world.disk.space()).freeBytes);
  };
  const writing = writeMapSnapshot(world.disk, map.now(), block, watch);
  await failsWith('NO_SPACE', world.run(writing));
  assert.ok(freeBytesMin > mib, `${freeBytesMin} bytes free`);
  assert.equal(world.disk.testPaths(), ['others']);
  world.disk.testRemove('others');
  await world.run(writeMapSnapshot(world.disk, map.now(), block, between));
  assert.is((await readIn(world))?.map.count, 60_000);
});

it.run();
