import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errnoOf, isLogStoreError } from '../../src/base/errors.js';
import { failureOf } from '../failure-of.js';
import { durableFile, outcomes } from './outcomes.js';
import { SimulatedWorld } from './simulated-host.js';

const it = suite('simulated disk');

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

it.run();
