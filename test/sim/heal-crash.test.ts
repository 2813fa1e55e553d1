import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errnoOf, isLogStoreError } from '../../src/base/errors.js';
import { footerPath, parityPath, segmentPath } from '../../src/format/file-names.js';
import {
  anUnprotectedStore,
  aProtectedStore,
  type Bodies,
  readThrough,
  withStore,
} from './protected-store.js';
import { ProcessDied, type SimulatedWorld } from './simulated-host.js';

const it = suite('store: heal under crashes');
/** 1 takes each call of the disk: `npm run test:heal`. */
const step = Number(process.env.LOGSTORE_HEAL_STEP ?? 17);
const moments = ['before', 'during', 'after'] as const;

interface Begin {
  readonly world: SimulatedWorld;
  readonly bodies: Bodies;
}

/** Damage in a segment, its footer and its parity, of which nothing is lost. */
async function aDamagedStore(): Promise<Begin> {
  const { world, bodies } = await aProtectedStore();
  for (let at = 9_000; at < 9_700; at++) world.disk.testFlip(segmentPath(1), at, at % 8);
  world.disk.testFlip(segmentPath(2), 12_345, 1);
  world.disk.testFlip(parityPath(1, 0), 40, 1);
  world.disk.testFlip(parityPath(2, 1), 2_500, 6);
  world.disk.testFlip(footerPath(1), 200, 0);
  world.disk.testRemove('index.snapshot'); // what the footer says is read at opening
  return { world, bodies };
}

async function scrubs(world: SimulatedWorld): Promise<void> {
  await withStore(world, (store) => store.scrub());
}

/** How many calls of the disk a scrub takes from here. */
async function callCount({ world }: Begin): Promise<number> {
  const trial = world.crash(1, 'kill');
  await trial.run(scrubs(trial));
  return trial.operationCount;
}

async function endsWell(world: SimulatedWorld, bodies: Bodies, what: string): Promise<void> {
  await world.run(
    withStore(world, async (store) => {
      assert.is((await readThrough(store, bodies)).size, 0, `read: ${what}`);
      await store.scrub();
      const { status, segments } = await store.health({ check: true });
      assert.is(status, 'healthy', what);
      assert.ok(
        segments.every(({ isProtected }) => isProtected),
        what,
      );
    }),
  );
  const left = world.disk.testPaths().filter((path) => path.endsWith('.tmp'));
  assert.equal(left, [], `nothing half-made stays: ${what}`);
}

const begins = { encoding: anUnprotectedStore, repair: aDamagedStore } as const;
for (const [name, begin] of Object.entries(begins)) {
  it(`faults 54: ${name} killed at any call of the disk loses no object`, async () => {
    const start = await begin();
    const count = await callCount(start);
    for (let number = 1; number <= count; number += step) {
      const world = start.world.crash(1, 'kill');
      world.faults.dieAt(number, moments[number % 3]);
      const what = `${name}, call ${number}`;
      const failure: unknown = await world.run(scrubs(world)).catch((error: unknown) => error);
      assert.ok(failure instanceof ProcessDied, `${what}: ${failure}`);
      await endsWell(world.crash(number), start.bodies, what);
    }
  });

  it(`faults 40: ${name} that fails at any call of the disk loses no object`, async () => {
    const start = await begin();
    const count = await callCount(start);
    for (let number = 1; number <= count; number += step) {
      const world = start.world.crash(1, 'kill');
      const errno = number % 2 === 0 ? 'ENOSPC' : 'EIO';
      world.faults.failAt(number, errno);
      const what = `${name}, ${errno} at call ${number}`;
      const failure: unknown = await world.run(scrubs(world)).catch((error: unknown) => error);
      const isExpected = isLogStoreError(failure) || errnoOf(failure) !== undefined;
      assert.ok(failure === undefined || isExpected, `${what}: ${failure}`);
      await endsWell(world.crash(number, 'kill'), start.bodies, what);
    }
  });
}

it.run();
