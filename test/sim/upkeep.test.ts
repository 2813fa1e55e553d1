import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parityPath, segmentPath } from '../../src/format/file-names.js';
import { openStoreOn } from '../../src/store/store.js';
import type { Note } from '../../src/store/upkeep.js';
import {
  anUnprotectedStore,
  aProtectedStore,
  bucket,
  logFiles,
  protectedOptions,
  readThrough,
  withStore,
} from './protected-store.js';

const it = suite('upkeep');
const hourMs = 3_600_000;

it('makes parity of each segment that has ended, behind the writes', async () => {
  const { world, bodies } = await anUnprotectedStore();
  const store = await world.run(openStoreOn(world, protectedOptions));
  assert.is(store.stats().parity.protected, 0, 'opening does not wait for it');
  await world.advance(5_000);
  const { ended, protected: withParity } = store.stats().parity;
  assert.ok(ended > 1);
  assert.is(withParity, ended);
  for (let index = 0; index < 20; index++)
    await world.run(store.put(bucket, `more/${index}`, Buffer.alloc(2_000, index)));
  await world.advance(5_000);
  const later = store.stats().parity;
  assert.ok(later.ended > ended && later.protected === later.ended, 'of new ones as well');
  assert.is((await world.run(readThrough(store, bodies))).size, 0);
  await world.run(store.close());
});

it('a close in the middle of it abandons what is half made', async () => {
  const { world, bodies } = await anUnprotectedStore();
  let closing: Promise<void> | undefined;
  const store = await world.run(openStoreOn(world, protectedOptions));
  world.faults.faultWhen(({ kind, path }) => {
    if (kind === 'create' && path.startsWith(`${parityPath(1, 0)}.`)) closing ??= store.close();
    return undefined;
  });
  while (closing === undefined) await world.advance(1);
  await world.run(closing);
  const left = world.disk.testPaths().filter((path) => /parity|tmp/.test(path));
  assert.equal(left, []);
  await world.run(
    withStore(world, async (again) => {
      assert.is(again.stats().writer, 'ok');
      assert.is((await readThrough(again, bodies)).size, 0);
    }),
  );
});

it('what a read meets is repaired in the background, and told', async () => {
  const { world, bodies } = await aProtectedStore();
  for (let at = 9_000; at < 10_500; at++) world.disk.testFlip(segmentPath(1), at, at % 8);
  const notes: Note[] = [];
  const tell = (note: Note) => void notes.push(note);
  const store = await world.run(openStoreOn(world, { ...protectedOptions, tell }));
  assert.is((await world.run(readThrough(store, bodies))).size, 0);
  await world.advance(10_000);
  assert.is(notes.filter(({ message }) => /healed/.test(message)).length, 1);
  assert.is(store.stats().scrub.healedCount, 1);
  assert.is(store.stats().parity.unhealthy, 0);
  await world.run(store.close());
});

it('faults 58: all segments are scrubbed within the period, across restarts, parity as well', async () => {
  const { world } = await aProtectedStore();
  const options = { ...protectedOptions, scrubPeriodMs: 10 * hourMs };
  const whole = logFiles(world);
  world.disk.testFlip(parityPath(2, 1), 2_600, 1);
  world.disk.testRemove('scrub.state');
  let store = await world.run(openStoreOn(world, options));
  assert.is(store.stats().scrub.passCount, 0);
  await world.advance(4 * hourMs);
  const { doneBytes, totalBytes } = store.stats().scrub;
  assert.ok(doneBytes > 0 && doneBytes < totalBytes, 'evenly over the period');
  await world.run(store.close());

  store = await world.run(openStoreOn(world, options));
  await world.advance(60_000);
  assert.ok(store.stats().scrub.doneBytes >= doneBytes, 'it goes on where it was');
  await world.advance(6 * hourMs);
  const { passCount, healedCount, passBeganUnixMs } = store.stats().scrub;
  assert.equal([passCount, healedCount], [1, 1]);
  assert.ok(
    logFiles(world)
      .get(parityPath(2, 1))
      ?.equals(whole.get(parityPath(2, 1)) ?? Buffer.of()),
  );
  assert.ok(passBeganUnixMs <= world.clock.nowUnixMs() + 10 * hourMs);
  await world.advance(11 * hourMs);
  assert.is(store.stats().scrub.passCount, 2, 'and again in the next one');
  await world.run(store.close());
});

it('a damaged state of the scrub begins the pass anew', async () => {
  const { world } = await aProtectedStore();
  world.disk.testFlip('scrub.state', 40, 1);
  const store = await world.run(openStoreOn(world, { ...protectedOptions, scrubPeriodMs: hourMs }));
  await world.advance(1_000);
  assert.is(store.stats().scrub.passCount, 0);
  await world.run(store.close());
});

it('faults 55: repair while a GET reads, and compaction and deletes run, gives right bytes', async () => {
  const { world, bodies } = await aProtectedStore();
  for (let at = 9_000; at < 9_900; at++) world.disk.testFlip(segmentPath(1), at, at % 8);
  await world.run(
    withStore(world, async (store) => {
      await store.put(bucket, 'large', Buffer.alloc(900_000, 5));
      const reader = await store.get(bucket, 'large');
      const kept = new Map([...bodies].filter((_, index) => index % 2 === 0));
      const gone = [...bodies.keys()].filter((key) => !kept.has(key));
      const reading = reader.bytes();
      const deleting = Promise.all(gone.map((key) => store.delete(bucket, key)));
      const compacting = store.compact({ all: true });
      await Promise.all([store.scrub(), readThrough(store, kept), deleting, compacting]);
      assert.ok(Buffer.alloc(900_000, 5).equals(await reading));
      await store.compact({ all: true });
      await store.scrub();
      assert.is((await readThrough(store, kept)).size, 0);
      assert.is((await readThrough(store, new Map())).size, 0);
      for (const key of gone)
        assert.is(
          (await store.list(bucket, { prefix: key })).objects.filter((o) => o.key === key).length,
          0,
        );
      assert.is((await store.health({ check: true })).status, 'healthy');
    }),
  );
  const stated = world.disk.testPaths().filter((path) => path.endsWith('.seg')).length;
  const parity = world.disk.testPaths().filter((path) => path.includes('.parity')).length;
  assert.ok(parity % 2 === 0 && parity <= 2 * stated, 'what was compacted away left no parity');
});

it('compaction repairs what it rewrites, and unlinks the parity of what it replaced', async () => {
  const { world, bodies } = await aProtectedStore();
  for (let at = 9_000; at < 9_900; at++) world.disk.testFlip(segmentPath(1), at, at % 8);
  await world.run(
    withStore(world, async (store) => {
      const gone = [...bodies.keys()].filter((_, index) => index % 2 === 1);
      for (const key of gone) await store.delete(bucket, key);
      const report = await store.compact({ all: true });
      assert.ok(report.rewrittenSegmentCount > 0);
      assert.is(report.passedOver, undefined);
      const kept = new Map([...bodies].filter(([key]) => !gone.includes(key)));
      assert.is((await readThrough(store, kept)).size, 0);
    }),
  );
  assert.not.ok(world.disk.testPaths().includes(segmentPath(1)));
  assert.not.ok(world.disk.testPaths().includes(parityPath(1, 0)));
});

it.run();
