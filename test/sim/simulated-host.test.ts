import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failureOf } from '../failure-of.js';
import { durableFile, outcomes } from './outcomes.js';
import { SeededRandom } from './seeded-random.js';
import { ProcessDied, SimulatedWorld } from './simulated-host.js';

const it = suite('simulated host');

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

it.run();
