import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { openStoreOn } from '../../src/store/store.js';
import type { Store } from '../../src/store/types.js';
import { failureOf } from '../failure-of.js';
import { tinySegments } from './compaction-history.js';
import { idle } from './log-script.js';
import { SeededRandom } from './seeded-random.js';
import { SimulatedWorld } from './simulated-host.js';

const it = suite('maintenance');
const automatic = { ...tinySegments, compaction: 'auto' } as const;
const bodyBytes = 4_000;

async function aStore(world: SimulatedWorld, options: object = automatic): Promise<Store> {
  const store = await world.run(openStoreOn(world, options));
  await world.run(store.createBucket('bucket'));
  return store;
}

/** Puts `keyCount` keys, in an order of its own each time. */
async function putAll(
  world: SimulatedWorld,
  store: Store,
  keyCount: number,
  random: SeededRandom,
): Promise<void> {
  const keys = Array.from({ length: keyCount }, (_, key) => ({ key, at: random.word() }));
  for (const { key } of keys.sort((a, b) => a.at - b.at)) {
    await store.put('bucket', `key-${key}`, random.bytes(bodyBytes));
    if (key % 20 === 0) await idle(world, 1_000); // so long at least would so much take
  }
}

it('overwriting a working set again and again keeps the log below 2.2 times it', async () => {
  const world = new SimulatedWorld(1);
  const store = await aStore(world);
  const random = new SeededRandom(1);
  const keyCount = 200;
  let worst = 0;
  for (let round = 0; round <= 20; round++) {
    await world.run(putAll(world, store, keyCount, random));
    const { totalBytes } = store.stats().space;
    worst = Math.max(worst, totalBytes / (keyCount * bodyBytes));
  }
  assert.ok(worst < 2.2, `${worst.toFixed(2)} times what lives`);
  await world.run(store.close());
});

it('a store that is left to itself gives its space back; one that is kept manual does not', async () => {
  for (const compaction of ['auto', 'manual'] as const) {
    const world = new SimulatedWorld(2);
    const store = await aStore(world, { ...tinySegments, compaction });
    const random = new SeededRandom(2);
    for (let round = 0; round < 2; round++) await world.run(putAll(world, store, 9, random));
    const before = store.stats().space;
    assert.ok(before.deadBytes > 0.4 * before.totalBytes);
    await world.advance(60_000);
    assert.ok(store.stats().space.totalBytes >= before.totalBytes, 'not at once');
    await world.advance(300_000);
    const after = store.stats().space;
    if (compaction === 'manual') assert.ok(after.totalBytes >= before.totalBytes);
    else assert.ok(after.totalBytes < 0.8 * before.totalBytes, JSON.stringify(after));
    await world.run(store.close());
  }
});

it('what a mark pass found puts the estimate right: a copy shares its bytes', async () => {
  const world = new SimulatedWorld(3);
  const store = await aStore(world, tinySegments);
  await world.run(store.put('bucket', 'source', new SeededRandom(3).bytes(90_000)));
  for (let copy = 0; copy < 5; copy++) {
    await world.run(store.copy({ bucket: 'bucket', key: 'source' }, 'bucket', `copy-${copy}`));
  }
  await world.run(store.put('bucket', 'gone', new SeededRandom(4).bytes(90_000)));
  await world.run(store.delete('bucket', 'gone'));
  assert.is(store.stats().space.deadBytes, 0, 'copies are counted each for itself');
  await world.run(store.compact({ dryRun: true }));
  const { deadBytes, liveBytes } = store.stats().space;
  assert.ok(deadBytes > 89_000 && deadBytes < 96_000, `${deadBytes} dead`);
  assert.ok(liveBytes > 89_000 && liveBytes < 96_000, `${liveBytes} live`);
  await world.run(store.close());
});

it('faults 38, 40, 41: an almost full disk answers LOW_SPACE while room is made, then takes writes again; without anything dead it says NO_SPACE', async () => {
  const mib = 1024 ** 2;
  const world = new SimulatedWorld(4, { capacityBytes: 16 * mib });
  const sizes = { segmentBytes: mib / 4, reserveBytes: 2 * mib };
  const store = await aStore(world, { ...automatic, ...sizes });
  const random = new SeededRandom(4);
  const codes = new Set<string>();
  const put = async (key: string) => {
    const failure = await failureOf(world.run(store.put('bucket', key, random.bytes(50_000))));
    if (failure === undefined) return true;
    assert.ok(isLogStoreError(failure, 'LOW_SPACE', 'NO_SPACE'), String(failure));
    codes.add(failure.code);
    return false;
  };
  for (let count = 0; count < 600; count++) {
    if (!(await put(`key-${count % 40}`))) await world.advance(1_500);
  }
  assert.equal([...codes], ['LOW_SPACE'], 'what dies makes room');
  for (let count = 0; count < 20; count++) {
    await world.advance(1_500);
    assert.ok(await put('again'), 'room was made');
  }
  let taken = 0;
  for (let refused = 0; refused < 5; taken++) {
    if (await put(`kept-${taken}`)) continue;
    refused++;
    await world.advance(5_000);
  }
  assert.ok(codes.has('NO_SPACE'), 'all lives: nothing makes room');
  await world.run(store.delete('bucket', 'kept-1'));
  for (let count = 2; count < taken - 5; count++) {
    await world.run(store.delete('bucket', `kept-${count}`));
  }
  await world.run(store.compact({ all: true }));
  await world.advance(1_500);
  await put('renews the reading');
  await world.advance(1_500);
  for (let count = 0; count < 10; count++) assert.ok(await put('later'), 'writes are taken again');
  await world.run(store.close());
});

it('uploads that nobody completes are aborted when they are old enough, if that is wished', async () => {
  const dayMs = 86_400_000;
  for (const abortUploadsAfterMs of [0, 7 * dayMs]) {
    const world = new SimulatedWorld(5);
    const store = await aStore(world, { ...tinySegments, abortUploadsAfterMs });
    const old = await world.run(store.createUpload('bucket', 'old'));
    await world.run(store.putPart('bucket', 'old', old.uploadId, 1, new Uint8Array(1_000)));
    await world.advance(6 * dayMs);
    await world.run(store.createUpload('bucket', 'young'));
    await world.advance(1.1 * dayMs);
    const { uploads } = await world.run(store.listUploads('bucket'));
    const keys = uploads.map(({ key }) => key);
    assert.equal(keys, abortUploadsAfterMs === 0 ? ['old', 'young'] : ['young']);
    await world.run(store.close());
    const again = await world.run(openStoreOn(world, tinySegments));
    const kept = await world.run(again.listUploads('bucket'));
    assert.equal(kept.uploads, uploads);
    await world.run(again.close());
  }
});

it('faults 76: a clock that jumps years ahead aborts no upload', async () => {
  const world = new SimulatedWorld(6);
  const store = await aStore(world, { ...tinySegments, abortUploadsAfterMs: 3_600_000 });
  await world.run(store.createUpload('bucket', 'k'));
  world.clock.jumpWall(10 * 365 * 86_400_000);
  await world.advance(7_200_000);
  assert.is((await world.run(store.listUploads('bucket'))).uploads.length, 1);
  await world.run(store.close());
});

it.run();
