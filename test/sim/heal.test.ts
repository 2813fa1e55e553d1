import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { footerPath, parityPath, segmentPath } from '../../src/format/file-names.js';
import { extent, parityShape, parityStart } from '../../src/format/parity.js';
import type { Note } from '../../src/store/upkeep.js';
import { verifyStore } from '../../src/store/verify.js';
import {
  aProtectedStore,
  type Bodies,
  bucket,
  logFiles,
  readThrough,
  withStore,
} from './protected-store.js';
import type { SimulatedWorld } from './simulated-host.js';

const it = suite('store: heal');
/** 1 goes over every byte: `npm run test:heal`. */
const step = Number(process.env.LOGSTORE_HEAL_STEP ?? 499);
const flipsOfAWorldMax = 32;
const first = segmentPath(1);
const files = [first, footerPath(1), parityPath(1, 0), parityPath(1, 1)];

async function shapeOf(world: SimulatedWorld) {
  const { segments } = await world.run(withStore(world, (store) => store.health()));
  return parityShape(segments[0]?.sizeBytes ?? 0);
}

/** Reads everything before the damage is healed, meanwhile and after; all is right. */
async function isHealed(world: SimulatedWorld, bodies: Bodies, what: string): Promise<void> {
  await world.run(
    withStore(world, async (store) => {
      assert.is((await readThrough(store, bodies)).size, 0, `before: ${what}`);
      const [refused] = await Promise.all([readThrough(store, bodies), store.scrub()]);
      assert.is(refused.size, 0, `meanwhile: ${what}`);
      assert.is((await readThrough(store, bodies)).size, 0, `after: ${what}`);
      assert.is((await store.health({ check: true })).status, 'healthy', what);
    }),
  );
}

function sameFiles(world: SimulatedWorld, whole: ReadonlyMap<string, Buffer>, what: string): void {
  const now = logFiles(world);
  for (const path of files)
    assert.ok(now.get(path)?.equals(whole.get(path) ?? Buffer.of()), `${path} after ${what}`);
}

it('faults 46, 49, 50: a bit flipped anywhere in a sealed segment, its footer or its parity is healed', async () => {
  let { world, bodies } = await aProtectedStore();
  const whole = logFiles(world);
  const { coveredBytes } = await shapeOf(world);
  let flips = 0;
  for (const path of files) {
    const endBytes = path === first ? coveredBytes : (whole.get(path)?.length ?? 0);
    for (let at = 0; at < endBytes; at += step) {
      // Each opening leaves a segment of its own behind: the store would grow with the flips.
      if (flips % flipsOfAWorldMax === 0) ({ world, bodies } = await aProtectedStore());
      const what = `a flipped bit of byte ${at} of ${path}`;
      world.disk.testFlip(path, at, at % 8);
      await isHealed(world, bodies, what);
      sameFiles(world, whole, what);
      flips++;
    }
  }
  assert.ok(flips > 4 * 10);
});

it('faults 47: a run of damage over two slices less one block is healed', async () => {
  const { world, bodies } = await aProtectedStore();
  const whole = logFiles(world);
  const { sliceBytes, blockBytes, coveredBytes } = await shapeOf(world);
  const lengthBytes = 2 * sliceBytes - blockBytes;
  for (let start = 0; start + lengthBytes <= coveredBytes; start += 3 * blockBytes) {
    for (let at = start; at < start + lengthBytes; at++) world.disk.testFlip(first, at, at % 8);
    const what = `damage from ${start} to ${start + lengthBytes}`;
    await isHealed(world, bodies, what);
    sameFiles(world, whole, what);
  }
});

it('faults 47: with three blocks lost the objects in them are named, and nothing is written', async () => {
  const { world, bodies } = await aProtectedStore();
  const shape = await shapeOf(world);
  for (const shard of [4, 5, 6])
    for (let at = 0; at < shape.blockBytes; at += 16)
      world.disk.testFlip(first, extent(shape, shard).offset + at, 1);
  const damaged = logFiles(world);
  const notes: Note[] = [];
  const tell = (note: Note) => void notes.push(note);
  await world.run(
    withStore(
      world,
      async (store) => {
        const refused = await readThrough(store, bodies);
        assert.ok(refused.size > 0 && refused.size < 8, 'few objects are in them');
        const report = await store.scrub();
        assert.equal(new Set(report.lostObjects.map(({ key }) => key)), refused);
        assert.equal(
          report.unhealthy.map(({ file, status }) => [file, status]),
          [[first, 'unrecoverable']],
        );
        assert.equal(await readThrough(store, bodies), refused, 'the others are served on');
        const { status, objects, advice } = await store.health();
        assert.is(status, 'unrecoverable');
        assert.equal(new Set(objects.map(({ key }) => key)), refused);
        assert.ok(advice.some((line) => line.includes(first)));
      },
      { tell },
    ),
  );
  sameFiles(world, damaged, 'a scrub that could not heal');
  const loud = notes.find(({ level }) => level === 'error');
  assert.is(loud?.facts.file, first);
  const report = await world.run(verifyStore(world));
  assert.not.ok(report.sound);
  assert.ok(report.findings.some(({ recoverable }) => recoverable === false));
  assert.ok(report.damagedObjects.length > 0);
});

it('verify says of damage that parity makes good that it does', async () => {
  const { world } = await aProtectedStore();
  for (let at = 9_000; at < 9_600; at++) world.disk.testFlip(first, at, 3);
  const report = await world.run(verifyStore(world));
  assert.not.ok(report.sound);
  const damage = report.findings.filter(({ is }) => is === 'damage');
  assert.ok(damage.length > 0 && damage.every(({ recoverable }) => recoverable));
  assert.equal(report.damagedObjects, []);
  assert.ok(report.recoverableObjects.length > 0);
});

it('faults 51, 52: parity of another segment, or of an older one, is no parity', async () => {
  const { world, bodies } = await aProtectedStore();
  const whole = logFiles(world);
  for (const index of [0, 1]) {
    const other = whole.get(parityPath(2, index));
    assert.ok(other !== undefined, 'a second segment has parity');
    world.disk.testPlant(parityPath(1, index), other);
  }
  await isHealed(world, bodies, 'the parity of another segment');
  sameFiles(world, whole, 'parity was made anew');

  // A whole block of the parity itself from elsewhere: its checksum stands in the tables.
  const shape = await shapeOf(world);
  const moved = Buffer.from(whole.get(parityPath(1, 0)) ?? Buffer.of());
  moved.copyWithin(parityStart(shape), parityStart(shape) + 512, parityStart(shape) + 1024);
  world.disk.testPlant(parityPath(1, 0), moved);
  await isHealed(world, bodies, 'a block in the place of another');
  sameFiles(world, whole, 'a misdirected write was healed');
});

it('faults 53: a wrong block that fits its checksum leads to no wrong byte of what is rebuilt', async () => {
  const { world, bodies } = await aProtectedStore();
  const whole = logFiles(world);
  const shape = await shapeOf(world);
  // The bits of the polynomial of CRC-32: whatever bytes they are laid over keep their checksum.
  const collision = [0x41, 0x06, 0x71, 0xdb, 0x01];
  const trusted = extent(shape, 1).offset + 40; // of the header, where no record would tell
  assert.ok(extent(shape, 10).lengthBytes > 0, 'two at least');
  for (let shard = 7; extent(shape, shard + 1).lengthBytes > 0; shard += 2) {
    for (const [index, mask] of collision.entries())
      for (let bit = 0; bit < 8; bit++)
        if ((mask >> bit) & 1) world.disk.testFlip(first, trusted + index, bit);
    const lost = extent(shape, shard).offset;
    for (let at = lost; at < lost + shape.blockBytes; at++) world.disk.testFlip(first, at, at % 8);
    const what = `shard ${shard} rebuilt beside a wrong one`;
    await isHealed(world, bodies, what);
    sameFiles(world, whole, what);
  }
});

it('faults 57: sectors that cannot be read are read past, and healed', async () => {
  const { world, bodies } = await aProtectedStore();
  let isBad = true;
  world.faults.faultWhen(({ kind, path, offset = 0, lengthBytes = 0 }) => {
    const meets = offset < 9_600 && offset + lengthBytes > 9_400;
    const is = isBad && kind === 'read' && path === first && meets;
    return is ? { is: 'refused', errno: 'EIO' } : undefined;
  });
  await world.run(
    withStore(world, async (store) => {
      assert.is((await readThrough(store, bodies)).size, 0);
      await store.scrub();
      assert.ok(store.stats().scrub.healedCount > 0);
      isBad = false; // the file was written anew, elsewhere on the disk
      assert.is((await store.health({ check: true })).status, 'healthy');
    }),
  );
});

it('faults 59: rot in a sealed segment, a crash and a torn tail at once', async () => {
  const { world, bodies } = await aProtectedStore();
  const late = new Map(bodies);
  world.faults.faultWhen(({ kind, path, offset = 0 }) =>
    late.size > bodies.size + 2 && kind === 'write' && path.endsWith('.seg') && offset > 8_192
      ? { is: 'death', when: 'during' }
      : undefined,
  );
  const dies = withStore(world, async (store) => {
    for (let index = 0; ; index++) {
      const body = Buffer.alloc(900, index);
      await store.put(bucket, `late/${index}`, body);
      late.set(`late/${index}`, body);
    }
  });
  assert.match(String(await world.run(dies).catch(String)), 'ProcessDied');
  const after = world.crash(3);
  for (let at = 8_192; at < 9_000; at++) after.disk.testFlip(first, at, 2);
  after.disk.testFlip(footerPath(1), 300, 1);
  after.disk.testRemove('index.snapshot');
  await after.run(
    withStore(after, async (store) => {
      assert.is(store.stats().writer, 'ok', 'lost commits were given back');
      assert.is((await readThrough(store, late)).size, 0);
      await store.scrub();
      assert.is((await store.health({ check: true })).status, 'healthy');
    }),
  );
});

it.run();
