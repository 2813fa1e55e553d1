import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errnoOf, isLogStoreError } from '../../src/base/errors.js';
import type { Disk, DiskFile } from '../../src/base/host.js';
import { forEachSeed, SeededRandom, seeds } from './seeded-random.js';
import { ProcessDied, SimulatedWorld } from './simulated-host.js';

const it = suite('simulated disk');

/** A file whose bytes and name are durable. */
async function durableFile(disk: Disk, path: string, bytes: Uint8Array): Promise<DiskFile> {
  const file = await disk.open(path, 'create');
  await file.write(0, [bytes]);
  await file.sync();
  await disk.syncDirectory('');
  return file;
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Which of several outcomes were seen, over many crashes of one world. */
function outcomes(world: SimulatedWorld, count: number, see: (after: SimulatedWorld) => string) {
  const seen = new Set<string>();
  for (let seed = 1; seed <= count; seed++) seen.add(see(world.crash(seed)));
  return [...seen].sort();
}

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

it('faults 23: a sync that failed loses its pages for good, whoever syncs again', async () => {
  const world = new SimulatedWorld(1);
  world.faults.faultWhen(({ kind, number }) =>
    kind === 'sync' && number > 4 && number < 8 ? { is: 'refused', errno: 'EIO' } : undefined,
  );
  await world.run(
    (async () => {
      const file = await durableFile(world.disk, 'a', Buffer.from('old'));
      await file.write(0, [Buffer.from('new')]);
      const failure = await failureOf(file.sync());
      assert.is(errnoOf(failure), 'EIO');
      const callCount = world.operationCount;
      assert.is(await failureOf(file.sync()), failure);
      assert.is(await failureOf(file.write(0, [Buffer.from('x')])), failure);
      assert.is(world.operationCount, callCount, 'the disk is not asked again');
      const again = await world.disk.open('a', 'write');
      await again.sync();
      await again.sync();
    })(),
  );
  assert.is(Buffer.from(world.disk.testBytesOf('a')).toString(), 'new');
  const killed = world.crash(1, 'kill');
  assert.is(Buffer.from(killed.disk.testBytesOf('a')).toString(), 'new');
  assert.equal(
    outcomes(killed, 30, ({ disk }) => Buffer.from(disk.testBytesOf('a')).toString()),
    ['old'],
  );
});

it('a kill loses nothing, and leaves un-synced what was un-synced', async () => {
  const world = new SimulatedWorld(1);
  await world.run(
    (async () => {
      const file = await world.disk.open('a', 'create');
      await file.write(0, [Buffer.alloc(10_000, 1)]);
    })(),
  );
  const killed = world.crash(5, 'kill');
  assert.equal(Buffer.from(killed.disk.testBytesOf('a')), Buffer.alloc(10_000, 1));
  const later = outcomes(killed, 50, ({ disk }) => String(disk.testPaths().length));
  assert.equal(later, ['0', '1']);
});

it('a call under way at a kill has happened, in part or not at all', async () => {
  const world = new SimulatedWorld(1);
  const file = await world.run(durableFile(world.disk, 'a', Buffer.alloc(0)));
  void file.write(0, [Buffer.alloc(1000, 1)]); // never awaited: the process dies first
  const seen = new Set<string>();
  for (let seed = 1; seed < 50; seed++) {
    const { length } = world.crash(seed, 'kill').disk.testBytesOf('a');
    seen.add(length === 0 ? 'not' : length === 1000 ? 'whole' : 'in part');
  }
  assert.equal([...seen].sort(), ['in part', 'not', 'whole']);
});

it('dies before, during or after any call, and then answers nothing', async () => {
  for (const when of ['before', 'during', 'after'] as const) {
    const world = new SimulatedWorld(3);
    world.faults.dieAt(5, when);
    const file = await world.run(durableFile(world.disk, 'a', Buffer.from('old')));
    const work = file.write(0, [Buffer.from('new')]);
    assert.instance(await failureOf(world.run(work)), ProcessDied);
    assert.ok(world.died);
    const bytes = Buffer.from(world.crash(1, 'kill').disk.testBytesOf('a')).toString();
    if (when === 'before') assert.is(bytes, 'old');
    if (when === 'after') assert.is(bytes, 'new');
    if (when === 'during') assert.match(bytes, /^(old|nld|ned)$/);
  }
});

it('faults 25: a lost write is read back until the caches are dropped', async () => {
  const world = new SimulatedWorld(1);
  world.faults.loseAt(5);
  await world.run(
    (async () => {
      const file = await durableFile(world.disk, 'a', Buffer.from('old'));
      await file.write(0, [Buffer.from('new')]);
      await file.sync();
    })(),
  );
  assert.is(Buffer.from(world.disk.testBytesOf('a')).toString(), 'new');
  world.disk.testDropCaches();
  assert.is(Buffer.from(world.disk.testBytesOf('a')).toString(), 'old');
});

it('faults 51: a misdirected write comes to rest elsewhere', async () => {
  const world = new SimulatedWorld(1);
  world.faults.misdirectAt(9, 'b', 2);
  await world.run(
    (async () => {
      const a = await durableFile(world.disk, 'a', Buffer.from('aaaa'));
      const b = await durableFile(world.disk, 'b', Buffer.from('bbbb'));
      await a.write(0, [Buffer.from('AA')]);
      await Promise.all([a.sync(), b.sync()]);
    })(),
  );
  const { disk } = world.crash(1);
  assert.is(Buffer.from(disk.testBytesOf('a')).toString(), 'aaaa');
  assert.is(Buffer.from(disk.testBytesOf('b')).toString(), 'bbAA');
});

it('refuses, does and denies, or tears the call that the plan names', async () => {
  const world = new SimulatedWorld(2);
  world.faults.failAt(5, 'EIO').failAppliedAt(6, 'EIO').tearAt(7, 'EDQUOT');
  await world.run(
    (async () => {
      const file = await durableFile(world.disk, 'a', Buffer.from('0123'));
      assert.is(errnoOf(await failureOf(file.write(0, [Buffer.from('x')]))), 'EIO');
      assert.is(Buffer.from(world.disk.testBytesOf('a')).toString(), '0123');
      assert.is(errnoOf(await failureOf(file.write(0, [Buffer.from('y')]))), 'EIO');
      assert.is(Buffer.from(world.disk.testBytesOf('a')).toString(), 'y123');
      const torn = await failureOf(file.write(4, [Buffer.alloc(1000, 65)]));
      assert.is(errnoOf(torn), 'EDQUOT');
      assert.ok(world.disk.testBytesOf('a').length < 1004);
      world.faults.clear();
      await file.write(4, [Buffer.alloc(1000, 65)]);
    })(),
  );
  assert.match(world.explain(), "5 write 'a' @0 +1: SystemError: EIO");
});

it('faults 38: a full disk takes what fits, refuses the rest, and recovers with room', async () => {
  const world = new SimulatedWorld(1, { capacityBytes: 6000 });
  await world.run(
    (async () => {
      const file = await world.disk.open('a', 'create');
      await file.write(0, [Buffer.alloc(5000)]);
      assert.equal(await world.disk.space(), { freeBytes: 1000, totalBytes: 6000 });
      assert.is(errnoOf(await failureOf(file.write(5000, [Buffer.alloc(3000)]))), 'ENOSPC');
      assert.is(await file.sizeBytes(), 6000);
      await file.write(100, [Buffer.alloc(5000)]); // in place: needs no room
      world.disk.capacityBytes = 10_000;
      await file.write(6000, [Buffer.alloc(3000)]);
    })(),
  );
});

it('flips one bit and no other', async () => {
  const world = new SimulatedWorld(1);
  world.disk.testPlant('dir/a', Uint8Array.from([1, 2, 3]));
  world.disk.testFlip('dir/a', 1, 7);
  const after = world.crash(1);
  assert.equal(after.disk.testBytesOf('dir/a'), Uint8Array.from([1, 130, 3]));
});

it('faults 71: refuses a second lock, and a crash frees it', async () => {
  const world = new SimulatedWorld(1);
  const lock = await world.run(world.disk.lock('LOCK', 'the first'));
  const refusal = await failureOf(world.run(world.disk.lock('LOCK', 'the second')));
  assert.ok(isLogStoreError(refusal, 'LOCKED'));
  assert.match(String(refusal), 'the first');
  const after = world.crash(1, 'kill');
  await after.run(after.disk.lock('LOCK', 'the second'));
  assert.type(lock.release, 'function');
});

it('does the same for the same seed, and other things for another', async () => {
  const journalOf = async (seed: number) => {
    const world = new SimulatedWorld(seed);
    const random = new SeededRandom(7);
    const finished: number[] = [];
    await world.run(
      (async () => {
        const file = await world.disk.open('a', 'create');
        const writes = Array.from({ length: 20 }, async (_, index) => {
          await file.write(random.below(5000), [random.bytes(700)]);
          finished.push(index);
        });
        await Promise.all(writes);
      })(),
    );
    const left = world.crash(seed).disk;
    const bytes = left.testPaths().length > 0 ? left.testBytesOf('a') : new Uint8Array();
    const salt = world.random.bytes(8);
    return { journal: world.explain(), finished, bytes, salt, timeMs: world.clock.monotonicMs() };
  };
  assert.equal(await journalOf(11), await journalOf(11));
  const [one, other] = [await journalOf(11), await journalOf(12)];
  assert.not.equal(one.finished, other.finished);
  assert.not.equal(one.salt, other.salt);
});

it('crashing twice with one seed gives the same disk, and leaves the dead world as it was', async () => {
  const world = new SimulatedWorld(1);
  await world.run(
    (async () => {
      const file = await durableFile(world.disk, 'a', Buffer.alloc(3000, 1));
      for (let at = 0; at < 3000; at += 100) await file.write(at, [Buffer.alloc(900, at)]);
    })(),
  );
  for (let seed = 1; seed < 20; seed++) {
    const first = world.crash(seed).disk.testBytesOf('a');
    assert.equal(world.crash(seed).disk.testBytesOf('a'), first);
  }
});

it('moves time from timer to timer only when nothing else can run', async () => {
  const world = new SimulatedWorld(1);
  const { clock } = world;
  const order: string[] = [];
  await world.run(
    (async () => {
      const late = new Promise<void>((resolve) => clock.after(60_000, resolve));
      clock.after(10, () => order.push('cancelled')).cancel();
      clock.after(50, () => order.push(`timer at ${clock.monotonicMs()}`));
      const file = await world.disk.open('a', 'create');
      await file.sync();
      order.push('synced');
      await late;
      order.push(`late at ${clock.monotonicMs()}`);
    })(),
  );
  assert.equal(order, ['synced', 'timer at 50', 'late at 60000']);
  const wallMs = clock.nowUnixMs();
  clock.jumpWall(-3_600_000);
  assert.is(clock.nowUnixMs(), wallMs - 3_600_000);
  assert.is(clock.monotonicMs(), 60_000);
});

it('faults 37: a stalled sync lets timers pass it', async () => {
  const world = new SimulatedWorld(1);
  world.faults.stallAt(2, 5000);
  const order: string[] = [];
  await world.run(
    (async () => {
      const file = await world.disk.open('a', 'create');
      world.clock.after(1000, () => order.push('timer'));
      await file.sync();
      order.push('sync');
    })(),
  );
  assert.equal(order, ['timer', 'sync']);
});

it('advances by a time of its own', async () => {
  const world = new SimulatedWorld(1);
  let fired = 0;
  world.clock.after(10, () => fired++);
  world.clock.after(30, () => fired++);
  await world.advance(20);
  assert.is(fired, 1);
  assert.is(world.clock.monotonicMs(), 20);
});

it('says so when all wait for one another', async () => {
  const world = new SimulatedWorld(9);
  await world.run(world.disk.open('a', 'create'));
  const failure = await failureOf(world.run(new Promise(() => undefined)));
  assert.match(String(failure), "seed 9, 1 calls, the last of them:\n1 create 'a': done");
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
