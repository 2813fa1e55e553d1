import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { segmentPath, snapshotFile } from '../../src/format/file-names.js';
import { readManifest } from '../../src/log/manifest.js';
import { replayStore } from '../../src/store/replay.js';
import { openStoreOn } from '../../src/store/store.js';
import type { Store } from '../../src/store/types.js';
import { failsWith, keysOf } from '../conformance/store-words.js';
import { failureOf } from '../failure-of.js';
import { chosen } from './chosen-tests.js';
import { tinySegments } from './compaction-history.js';
import { listenTo } from './log-world.js';
import { SeededRandom } from './seeded-random.js';
import { SimulatedWorld } from './simulated-host.js';

const it = chosen(suite('compaction: cases'));
const random = new SeededRandom(11);

async function aStore(world: SimulatedWorld): Promise<Store> {
  const store = await world.run(openStoreOn(world, tinySegments));
  await world.run(store.createBucket('bucket').catch(() => store.headBucket('bucket')));
  return store;
}

/** Ends the segment that is being written, and one more. */
async function fillUp(store: Store): Promise<void> {
  for (let count = 0; count < 16; count++) await store.put('bucket', 'filler', random.bytes(3_000));
}

/** Fills a segment with what stays. */
async function keepSome(store: Store, name: string): Promise<void> {
  for (let count = 0; count < 5; count++) {
    await store.put('bucket', `${name} ${count}`, random.bytes(3_500));
  }
}

async function segmentIds(world: SimulatedWorld): Promise<number[]> {
  const state = await world.run(readManifest(world.disk));
  return state?.files.map(({ fileId }) => fileId) ?? [];
}

/** Opens the store as it comes back after a crash, without its snapshot. */
async function reopened(world: SimulatedWorld): Promise<[SimulatedWorld, Store]> {
  const after = world.crash(1, 'power');
  if (after.disk.testPaths().includes(snapshotFile)) after.disk.testRemove(snapshotFile);
  return [after, await aStore(after)];
}

it('an object that was put with a TTL, expired and was compacted away stays away', async () => {
  const world = new SimulatedWorld(1);
  const store = await aStore(world);
  await world.run(store.put('bucket', 'k', random.bytes(2_000)));
  await world.run(store.put('bucket', 'k', random.bytes(2_000), { ttlMs: 1_000 }));
  await world.run(fillUp(store));
  await world.advance(120_000);
  assert.is(store.stats().objects, 1);
  await world.run(fillUp(store));
  const { freedBytes } = await world.run(store.compact({ all: true }));
  assert.ok(freedBytes > 4_000);
  const [after, again] = await reopened(world);
  await after.run(failsWith('NO_SUCH_KEY', again.head('bucket', 'k')));
  assert.is(again.stats().objects, 1);
});

it('faults 64, 68: a snapshot older than a removal that was dropped is not used', async () => {
  const world = new SimulatedWorld(2);
  let store = await aStore(world);
  await world.run(store.put('bucket', 'victim', random.bytes(2_000)));
  await world.run(fillUp(store));
  await world.run(keepSome(store, 'before'));
  await world.run(store.close());
  const old = world.disk.testBytesOf(snapshotFile);
  const [position] = (await segmentIds(world)).slice(-1);
  store = await aStore(world);
  await world.run(keepSome(store, 'after'));
  await world.run(store.delete('bucket', 'victim'));
  await world.run(fillUp(store));
  await world.run(store.compact());
  assert.ok((await segmentIds(world)).includes(position ?? 0), 'its place is in the log');
  const { removalDroppedMax = 0 } = (await world.run(readManifest(world.disk))) ?? {};
  assert.ok(removalDroppedMax > 0, 'a removal is gone');
  const [after, whole] = await reopened(world);
  const expected = keysOf(await after.run(whole.list('bucket')));
  const again = world.crash(1, 'kill');
  again.disk.testPlant(snapshotFile, old);
  assert.equal(keysOf(await again.run((await aStore(again)).list('bucket'))), expected);
  assert.not.ok(expected.includes('victim'));
});

it('faults 64: a removal stays while what it removed lies in a segment that stays', async () => {
  let world = new SimulatedWorld(13);
  let store = await aStore(world);
  await world.run(store.put('bucket', 'victim', random.bytes(500)));
  await world.run(store.put('bucket', 'overwritten', random.bytes(500)));
  await world.run(keepSome(store, 'beside it'));
  for (let round = 0; round < 3; round++) {
    if (round === 0) await world.run(store.delete('bucket', 'victim'));
    await world.run(store.put('bucket', 'overwritten', new Uint8Array(round)));
    await world.run(fillUp(store));
    const { rewrittenSegmentCount } = await world.run(store.compact());
    assert.ok(rewrittenSegmentCount > 0 && (await segmentIds(world)).includes(1));
    [world, store] = await reopened(world);
    await world.run(failsWith('NO_SUCH_KEY', store.head('bucket', 'victim')));
    assert.is((await world.run(store.head('bucket', 'overwritten'))).sizeBytes, round);
  }
});

it('faults 63: what was judged dead is dropped only once the delete of it is proven', async () => {
  const world = new SimulatedWorld(3);
  const store = await aStore(world);
  await world.run(store.put('bucket', 'victim', random.bytes(2_000)));
  await world.run(fillUp(store));
  await world.advance(200); // all of this is proven
  const calls = listenTo(world);
  const active = segmentPath(Math.max(...(await segmentIds(world))));
  await world.run(store.delete('bucket', 'victim').then(() => store.compact({ all: true })));
  const swap = calls.findIndex(({ kind, path }) => kind === 'write' && path.startsWith('manifest'));
  const before = calls.slice(0, swap).filter(({ path }) => path === active);
  const kinds = before
    .map(({ kind }) => kind)
    .filter((kind) => kind === 'write' || kind === 'sync');
  assert.equal(kinds, ['write', 'sync', 'write', 'sync'], 'the delete, then what proves it');
});

it('faults 64: an upload whose end was compacted away does not come open again', async () => {
  let world = new SimulatedWorld(4);
  let store = await aStore(world);
  const { uploadId } = await world.run(store.createUpload('bucket', 'k'));
  const put = (number: number) =>
    world.run(store.putPart('bucket', 'k', uploadId, number, random.bytes(500)));
  await put(2);
  await world.run(keepSome(store, 'beside the upload'));
  const { etag } = await put(1);
  await world.run(keepSome(store, 'beside its part'));
  await world.run(fillUp(store));
  await world.run(store.completeUpload('bucket', 'k', uploadId, [{ number: 1, etag }]));
  await world.run(store.delete('bucket', 'k'));
  await world.run(fillUp(store));
  for (const all of [false, false, true, true]) {
    await world.run(store.compact({ all }));
    [world, store] = await reopened(world);
    assert.equal((await world.run(store.listUploads('bucket'))).uploads, []);
    await world.run(failsWith('NO_SUCH_UPLOAD', store.listParts('bucket', 'k', uploadId)));
    await world.run(failsWith('NO_SUCH_KEY', store.head('bucket', 'k')));
  }
});

it('faults 64: a bucket that was deleted and created again has nothing of the one before', async () => {
  const world = new SimulatedWorld(5);
  const store = await aStore(world);
  for (let round = 0; round < 3; round++) {
    await world.run(store.createBucket('anew'));
    await world.run(store.put('anew', 'k', random.bytes(2_000)));
    await world.run(store.createUpload('anew', 'k'));
    await world.run(fillUp(store));
    await world.run(store.delete('anew', 'k'));
    await world.run(store.deleteBucket('anew'));
    await world.run(store.compact({ all: true }));
  }
  await world.run(store.createBucket('anew'));
  await world.run(fillUp(store));
  await world.run(store.compact({ all: true }));
  const [after, again] = await reopened(world);
  assert.equal(await after.run(again.listBuckets()), await world.run(store.listBuckets()));
  assert.equal(keysOf(await after.run(again.list('anew'))), []);
  assert.equal((await after.run(again.listUploads('anew'))).uploads, []);
});

it('faults 65: a copy that races the delete of its source, at any point of compaction, is whole or did not happen', async () => {
  const base = new SimulatedWorld(6);
  const filling = await aStore(base);
  const body = random.bytes(90_000); // data records, which the copy takes over
  await base.run(filling.put('bucket', 'source', body));
  await base.run(fillUp(filling));
  await base.run(filling.close());
  let moments = 0;
  for (let moment = 1, happened = true; happened; moment++) {
    const world = base.crash(1, 'kill');
    const store = await aStore(world);
    happened = false;
    let race: Promise<unknown> | undefined;
    const calls = listenTo(world);
    world.faults.faultWhen(() => {
      if (calls.length === moment) {
        happened = true;
        const copy = store.copy({ bucket: 'bucket', key: 'source' }, 'bucket', 'copy');
        const remove = () => store.delete('bucket', 'source');
        race = failureOf(moment % 2 === 0 ? Promise.all([copy, remove()]) : copy.then(remove));
        return { is: 'stalled', delayMs: 1_000 }; // both are done before compaction goes on
      }
      return undefined;
    });
    await world.run(store.compact({ all: true }));
    world.faults.clear();
    const failure = await world.run(race ?? Promise.resolve());
    assert.ok(failure === undefined || isLogStoreError(failure, 'NO_SUCH_KEY'), String(failure));
    await world.run(store.compact({ all: true }));
    const [after, again] = await reopened(world);
    const key = race === undefined ? 'source' : 'copy';
    if (failure !== undefined) await after.run(failsWith('NO_SUCH_KEY', again.head('bucket', key)));
    else assert.ok(Buffer.compare(await after.run(again.getBytes('bucket', key)), body) === 0);
    moments = moment;
  }
  assert.ok(moments > 20, `${moments} moments`);
});

it('a body that is still on its way keeps what was written of it, however often is compacted', async () => {
  const world = new SimulatedWorld(12);
  const store = await aStore(world);
  const body = random.bytes(600_000);
  let compacted = false;
  async function* slowly(): AsyncGenerator<Uint8Array> {
    yield body.subarray(0, 524_288); // two data records
    await fillUp(store);
    for (let run = 0; run < 2; run++) await store.compact({ all: true });
    compacted = true;
    yield body.subarray(524_288);
  }
  await world.run(store.put('bucket', 'k', slowly()));
  assert.ok(compacted);
  await world.run(store.compact({ all: true }));
  const [after, again] = await reopened(world);
  assert.ok(Buffer.compare(await after.run(again.getBytes('bucket', 'k')), body) === 0);
});

it('tens of thousands of overwrites of one key leave no stubs behind', async () => {
  const world = new SimulatedWorld(7);
  const store = await world.run(openStoreOn(world, { ...tinySegments, segmentBytes: 1024 ** 2 }));
  await world.run(store.createBucket('bucket'));
  for (let round = 0; round < 10; round++) {
    for (let count = 0; count < 3_000; count += 500) {
      const puts = Array.from({ length: 500 }, () => store.put('bucket', 'k', new Uint8Array(8)));
      await world.run(Promise.all(puts));
    }
    if (round % 3 === 2) await world.run(store.compact());
  }
  await world.run(store.compact({ all: true }));
  const { files = [] } = (await world.run(readManifest(world.disk))) ?? {};
  const last = files.at(-1)?.first ?? 0; // of the segment that is still open
  await world.run(store.close());
  let endedCount = 0;
  await world.run(
    replayStore(world, { to: last - 1 }, () => {
      endedCount++;
    }),
  );
  assert.ok(endedCount <= 2, `${endedCount} records are left in ended segments`);
  assert.ok(files.length <= 3, `${files.length} files are left`);
});

it('faults 66: a reader reads an object to its end that was deleted and compacted away; then the files go', async () => {
  const world = new SimulatedWorld(8);
  const store = await aStore(world);
  const body = random.bytes(200_000);
  await world.run(store.put('bucket', 'k', body));
  await world.run(fillUp(store));
  const reader = await world.run(store.get('bucket', 'k'));
  const before = await segmentIds(world);
  await world.run(store.delete('bucket', 'k'));
  await world.run(store.compact({ all: true }));
  const after = await segmentIds(world);
  const gone = before.filter((fileId) => !after.includes(fileId)).map(segmentPath);
  const there = () => gone.filter((path) => world.disk.testPaths().includes(path));
  assert.ok(gone.length > 0);
  assert.equal(there(), gone, 'all stay while somebody reads');
  await world.run(failsWith('NO_SUCH_KEY', store.head('bucket', 'k')));
  assert.ok(Buffer.compare(await world.run(reader.bytes()), body) === 0);
  await world.advance(100);
  assert.equal(there(), []);
  await world.run(store.close());
});

it('is not held up by writers who never pause', async () => {
  const world = new SimulatedWorld(9);
  const store = await aStore(world);
  await world.run(fillUp(store));
  let isDone = false;
  const writers = Array.from({ length: 4 }, async (_, number) => {
    for (let count = 0; !isDone; count++) {
      assert.ok(count < 5_000, 'compaction ends while they write');
      await store.put('bucket', `w${number}`, random.bytes(700)); // segments end meanwhile
    }
  });
  const compacting = store.compact({ all: true }).finally(() => {
    isDone = true;
  });
  const [report] = await world.run(Promise.all([compacting, ...writers]));
  assert.ok(report.freedBytes > 0);
  await world.run(store.close());
});

it('a rewrite that was given up, and one that a crash cut short, stop no start', async () => {
  const world = new SimulatedWorld(10);
  const store = await aStore(world);
  await world.run(fillUp(store));
  for (const cutShort of [false, true]) {
    let syncs = 0;
    const highest = Math.max(...(await segmentIds(world)));
    world.faults.faultWhen(({ kind, path }) => {
      const concerned = /log\/\d+\.(seg|footer)/.test(path) && Number(path.slice(4, 20)) > highest;
      if (cutShort) {
        if (concerned && kind === 'sync' && ++syncs === 3) return { is: 'death', when: 'after' };
      } else if (concerned && kind === 'sync' && ++syncs === 2) {
        return { is: 'refused', errno: 'EIO' };
      } else if (concerned && kind === 'unlink') return { is: 'refused', errno: 'EIO' };
      return undefined;
    });
    const failure = await failureOf(world.run(store.compact({ all: true })));
    if (!cutShort) assert.ok(isLogStoreError(failure, 'IO'), String(failure));
    if (!cutShort) world.faults.clear();
  }
  assert.ok(world.died);
  const [after, again] = await reopened(world);
  assert.equal(keysOf(await after.run(again.list('bucket'))), ['filler']);
});

it('faults 55: a rotten segment stays as it is, and the others are compacted all the same', async () => {
  const world = new SimulatedWorld(11);
  const store = await aStore(world);
  const kept = random.bytes(4_000);
  await world.run(store.put('bucket', 'kept', kept));
  for (let count = 0; count < 4; count++) {
    await world.run(fillUp(store));
    await world.run(store.put('bucket', `kept-${count}`, random.bytes(18_000)));
  }
  const path = segmentPath(1);
  const bytes = world.disk.testBytesOf(path);
  const at = 16_000; // in a body that nobody has any more
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  world.disk.testPlant(path, bytes);
  const report = await world.run(store.compact({ all: true }));
  assert.match(report.passedOver ?? '', '0000000000000001.seg');
  assert.ok(report.freedBytes > 100_000);
  assert.ok((await segmentIds(world)).includes(1));
  assert.equal(Buffer.from(await world.run(store.getBytes('bucket', 'kept'))), Buffer.from(kept));
  await world.run(store.close());
});

it('a body whose commit is still to come is no reason to compact, and is there afterwards', async () => {
  const world = new SimulatedWorld(31);
  const store = await aStore(world);
  await world.run(keepSome(store, 'before'));
  const body = random.bytes(600_000);
  let goOn: (() => void) | undefined;
  let halfSent: (() => void) | undefined;
  const half = new Promise<void>((resolve) => {
    halfSent = resolve;
  });
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield body.subarray(0, 300_000);
    halfSent?.();
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
    yield body.subarray(300_000);
  }
  const put = store.put('bucket', 'slow', slow());
  await world.run(half);
  await world.run(keepSome(store, 'after'));
  await world.run(keepSome(store, 'last'));
  const { liveBytes, plannedSegmentCount } = await world.run(store.compact({ dryRun: true }));
  assert.ok(liveBytes > 256 * 1024, 'what is on its way is counted as live');
  assert.is(plannedSegmentCount, 0);
  await world.run(store.compact({ all: true }));
  goOn?.();
  await world.run(put);
  const reader = await world.run(store.get('bucket', 'slow'));
  assert.is(Buffer.compare(await world.run(reader.bytes()), body), 0);
});

it.run();
