import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { durableFile, outcomes } from './outcomes.js';
import { forEachSeed, SeededRandom, seeds } from './seeded-random.js';
import { SimulatedWorld } from './simulated-host.js';

const it = suite('power cut');

it('a name whose directory was not synced is there or not after a power cut', async () => {
  const world = new SimulatedWorld(1);
  await world.run(
    (async () => {
      const file = await world.disk.open('a', 'create');
      await file.write(0, [Buffer.from('synced')]);
      await file.sync();
    })(),
  );
  const seen = outcomes(world, 50, ({ disk }) =>
    disk.testPaths().includes('a') ? Buffer.from(disk.testBytesOf('a')).toString() : 'gone',
  );
  assert.equal(seen, ['gone', 'synced']);
});

it('a new file that was not synced is gone, empty, in part or whole', async () => {
  const world = new SimulatedWorld(1);
  await world.run(
    (async () => {
      const file = await world.disk.open('a', 'create');
      await file.write(0, [Buffer.alloc(5000, 1)]);
    })(),
  );
  const seen = outcomes(world, 200, ({ disk }) => {
    if (!disk.testPaths().includes('a')) return 'gone';
    const bytes = disk.testBytesOf('a');
    if (bytes.length === 0) return 'empty';
    return Buffer.from(bytes).equals(Buffer.alloc(5000, 1)) ? 'whole' : 'in part';
  });
  assert.equal(seen, ['empty', 'gone', 'in part', 'whole']);
});

it('a rename that was not synced leaves the old name, the new one or both, never none', async () => {
  const world = new SimulatedWorld(1);
  await world.run(
    (async () => {
      await durableFile(world.disk, 'old', Buffer.from('x'));
      await world.disk.rename('old', 'new');
    })(),
  );
  const seen = outcomes(world, 100, ({ disk }) => disk.testPaths().join('+'));
  assert.equal(seen, ['new', 'new+old', 'old']);
});

it('a rename over another file leaves the one or the other under that name', async () => {
  const world = new SimulatedWorld(1);
  await world.run(
    (async () => {
      await durableFile(world.disk, 'state', Buffer.from('before'));
      await durableFile(world.disk, 'state.tmp', Buffer.from('after'));
      await world.disk.rename('state.tmp', 'state');
    })(),
  );
  const seen = outcomes(world, 100, ({ disk }) =>
    Buffer.from(disk.testBytesOf('state')).toString(),
  );
  assert.equal(seen, ['after', 'before']);
});

it('an unlink that was not synced may bring the file back, a synced one never', async () => {
  const world = new SimulatedWorld(1);
  await world.run(
    (async () => {
      await durableFile(world.disk, 'a', Buffer.from('x'));
      await durableFile(world.disk, 'b', Buffer.from('x'));
      await world.disk.unlink('a');
      await world.disk.syncDirectory('');
      await world.disk.unlink('b');
    })(),
  );
  assert.equal(
    outcomes(world, 50, ({ disk }) => disk.testPaths().join('+')),
    ['', 'b'],
  );
});

it('a directory whose parent was not synced takes all below it along', async () => {
  const world = new SimulatedWorld(1);
  await world.run(
    (async () => {
      await world.disk.makeDirectory('x/y');
      const file = await world.disk.open('x/y/a', 'create');
      await file.sync();
      await world.disk.syncDirectory('x/y');
      await world.disk.syncDirectory('x');
    })(),
  );
  assert.equal(
    outcomes(world, 50, ({ disk }) => disk.testPaths().join('+')),
    ['', 'x/y/a'],
  );
  const alive = world.crash(1, 'kill');
  await alive.run(alive.disk.syncDirectory(''));
  assert.equal(
    outcomes(alive, 50, ({ disk }) => disk.testPaths().join('+')),
    ['x/y/a'],
  );
});

it('once names and bytes are synced no power cut changes them', async () => {
  await forEachSeed(seeds(100), async (seed) => {
    const world = new SimulatedWorld(seed);
    const random = new SeededRandom(seed);
    const synced = await world.run(
      (async () => {
        const before = random.bytes(random.between(1, 20_000));
        const file = await durableFile(world.disk, 'a', before);
        await file.write(before.length + 4096, [random.bytes(random.between(1, 9000))]);
        return before;
      })(),
    );
    const { disk } = world.crash(seed).crash(seed + 1);
    assert.equal(disk.testBytesOf('a').subarray(0, synced.length), synced);
  });
});

it('a power cut tears writes only where they were', async () => {
  let tornCount = 0;
  await forEachSeed(seeds(200), async (seed) => {
    const world = new SimulatedWorld(seed);
    await world.run(
      (async () => {
        const file = await durableFile(world.disk, 'a', Buffer.alloc(8192, 1));
        await file.write(700, [Buffer.alloc(3000, 2)]);
      })(),
    );
    const bytes = world.crash(seed).disk.testBytesOf('a');
    assert.is(bytes.length, 8192);
    assert.ok(bytes.subarray(0, 700).every((byte) => byte === 1));
    assert.ok(bytes.subarray(3700).every((byte) => byte === 1));
    if (new Set(bytes.subarray(700, 3700)).size > 1) tornCount++;
  });
  assert.ok(tornCount > 50, `only ${tornCount} crashes tore a write`);
});

it('a disk that does not spare the bytes beside a torn write spoils that sector alone', async () => {
  let spoiledCount = 0;
  for (const seed of seeds(200)) {
    const world = new SimulatedWorld(seed, { sectorBytes: 4096, sparesBytesBeside: false });
    await world.run(
      (async () => {
        const file = await durableFile(world.disk, 'a', Buffer.alloc(12_288, 1));
        await file.write(5000, [Buffer.alloc(100, 2)]);
      })(),
    );
    const bytes = world.crash(seed).disk.testBytesOf('a');
    assert.ok(bytes.subarray(0, 4096).every((byte) => byte === 1));
    assert.ok(bytes.subarray(8192).every((byte) => byte === 1));
    if (bytes.subarray(4096, 5000).some((byte) => byte !== 1)) spoiledCount++;
  }
  assert.ok(spoiledCount > 5, `only ${spoiledCount} crashes spoiled a sector`);
});

it('faults 4: a file may have grown by zeros instead of its data', async () => {
  const world = new SimulatedWorld(1);
  await world.run(
    (async () => {
      const file = await durableFile(world.disk, 'a', Buffer.alloc(512, 1));
      await file.write(512, [Buffer.alloc(4096, 2)]);
    })(),
  );
  const seen = outcomes(world, 300, ({ disk }) => {
    const grown = disk.testBytesOf('a').subarray(512);
    return grown.length > 0 && grown.every((byte) => byte === 0) ? 'zeros' : 'other';
  });
  assert.equal(seen, ['other', 'zeros']);
});

it('keeps 4 MiB of zeros for next to nothing', async () => {
  const world = new SimulatedWorld(1);
  await world.run(
    (async () => {
      const file = await world.disk.open('a', 'create');
      const zeros = Buffer.alloc(4 << 20);
      for (let round = 0; round < 20; round++) await file.write(round * zeros.length, [zeros]);
      await file.sync();
      await world.disk.syncDirectory('');
    })(),
  );
  const heapBefore = process.memoryUsage().arrayBuffers;
  const worlds = Array.from({ length: 50 }, (_, index) => world.crash(index));
  const keptBytes = process.memoryUsage().arrayBuffers - heapBefore;
  assert.is(worlds.length, 50);
  assert.ok(keptBytes < 20 << 20, `50 copies of 80 MiB of zeros took ${keptBytes} bytes`);
});

it.run();
