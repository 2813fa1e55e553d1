import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { parseLogName, snapshotFile } from '../../src/format/file-names.js';
import { readManifest } from '../../src/log/manifest.js';
import { openStoreOn } from '../../src/store/store.js';
import type { Store } from '../../src/store/types.js';
import { verifyStore } from '../../src/store/verify.js';
import { failureOf } from '../failure-of.js';
import { tinySegments } from './compaction-history.js';
import type { Fault, OperationKind } from './fault-plan.js';
import { SeededRandom } from './seeded-random.js';
import { SimulatedWorld } from './simulated-host.js';

const it = suite('compaction: crashes');
/** The full form takes every combination; the quick one each call once, in one of its ways. */
const isFull = process.env.LOGSTORE_TEST_SEEDS !== undefined;

type Contents = ReadonlyMap<string, Uint8Array>;

const base = new SimulatedWorld(1);
const expected = new Map<string, Uint8Array>();
await base.run(fill(openStoreOn(base, tinySegments)));

/** A store of several segments, more than half of it dead: each way to die is among it. */
async function fill(opening: Promise<Store>): Promise<void> {
  const random = new SeededRandom(9);
  const store = await opening;
  for (const bucket of ['bucket', 'gone', 'anew']) await store.createBucket(bucket);
  const put = async (key: string, sizeBytes: number) => {
    expected.set(key, random.bytes(sizeBytes));
    await store.put('bucket', key, expected.get(key) ?? new Uint8Array(0));
  };
  for (let round = 0; round < 3; round++) {
    for (let key = 0; key < 4; key++) await put(`overwritten-${key}`, 2_000);
    await put(`kept-${round}`, 1_500);
    await put(`deleted-${round}`, 3_000);
  }
  await store.copy({ bucket: 'bucket', key: 'kept-1' }, 'bucket', 'copy');
  expected.set('copy', expected.get('kept-1') ?? new Uint8Array(0));
  for (const key of ['in one', 'in two']) {
    await store.transaction(async (transaction) => {
      expected.set(key, random.bytes(9_000));
      await transaction.put('bucket', key, expected.get(key) ?? new Uint8Array(0));
      await transaction.put('bucket', `${key}, deleted`, random.bytes(4_000));
    });
    await store.delete('bucket', `${key}, deleted`);
  }
  await store.copy({ bucket: 'bucket', key: 'in one' }, 'bucket', 'owner');
  expected.set('owner', expected.get('in one') ?? new Uint8Array(0));
  await store.delete('bucket', 'in one');
  expected.delete('in one');
  const { uploadId } = await store.createUpload('bucket', 'parts');
  await store.putPart('bucket', 'parts', uploadId, 1, random.bytes(2_000));
  expected.set('parts', random.bytes(2_500));
  const part = expected.get('parts') ?? new Uint8Array(0);
  const { etag } = await store.putPart('bucket', 'parts', uploadId, 1, part);
  await store.completeUpload('bucket', 'parts', uploadId, [{ number: 1, etag }]);
  const open = await store.createUpload('anew', 'given up');
  await store.putPart('anew', 'given up', open.uploadId, 1, random.bytes(2_000));
  for (const bucket of ['gone', 'anew']) await store.deleteBucket(bucket);
  await store.createBucket('anew');
  for (let round = 0; round < 3; round++) {
    await store.delete('bucket', `deleted-${round}`);
    expected.delete(`deleted-${round}`);
  }
  for (let key = 0; key < 4; key++) await put(`overwritten-${key}`, 100);
  await store.close();
}

async function checkContents(store: Store, contents: Contents): Promise<void> {
  assert.equal(
    (await store.listBuckets()).map(({ name }) => name),
    ['anew', 'bucket'],
  );
  const listed: string[] = [];
  for await (const { key } of store.objects('bucket')) listed.push(key);
  assert.equal(listed, [...contents.keys()].sort());
  for (const [key, body] of contents) {
    assert.ok(Buffer.compare(await store.getBytes('bucket', key), body) === 0, `${key} is whole`);
  }
  assert.equal((await store.listUploads('anew')).uploads, []);
}

/** What one process does: it compacts while somebody writes, twice. Where it closes is noted. */
async function compactTwice(world: SimulatedWorld, closes = () => {}): Promise<void> {
  const store = await openStoreOn(world, tinySegments);
  for (const round of [1, 2]) {
    const written = store.put('bucket', 'beside', new Uint8Array([round]));
    await Promise.all([written, store.compact({ all: true })]);
  }
  closes();
  await store.close();
}

/** What was written beside the compaction is there as the crash left it. */
async function contentsAfter(store: Store): Promise<Contents> {
  const contents = new Map(expected);
  try {
    const bytes = await store.getBytes('bucket', 'beside');
    assert.ok(bytes.length === 1 && [1, 2].includes(bytes[0] ?? 0));
    contents.set('beside', bytes);
  } catch (error) {
    if (!isLogStoreError(error, 'NO_SUCH_KEY')) throw error;
  }
  return contents;
}

/** Opens what was left, in each way that the index may come back; compacts; nothing is left over. */
async function recovers(world: SimulatedWorld, seed: number): Promise<void> {
  if (seed % 2 === 0 && world.disk.testPaths().includes(snapshotFile)) {
    world.disk.testRemove(snapshotFile);
  }
  const store = await openStoreOn(world, tinySegments);
  const contents = await contentsAfter(store);
  await checkContents(store, contents);
  await store.compact({ all: true });
  await checkContents(store, contents);
  await store.close();
  await nothingIsLeftOver(world);
  const report = await verifyStore(world);
  assert.ok(report.sound, JSON.stringify(report.findings.slice(0, 3)));
}

/** In the log's directory stand the files that the manifest names, and no others. */
async function nothingIsLeftOver(world: SimulatedWorld): Promise<void> {
  const named = (await readManifest(world.disk))?.files.map(({ fileId }) => fileId) ?? [];
  const strangers = (await world.disk.list('log')).filter((name) => {
    const fileId = parseLogName(name)?.fileId;
    return fileId === undefined || !named.includes(fileId);
  });
  assert.equal(strangers, []);
}

async function named(message: string, world: SimulatedWorld, work: Promise<void>): Promise<void> {
  try {
    await world.run(work);
  } catch (error) {
    if (error instanceof Error)
      error.message = `${message}: ${error.message}\n${world.explain(30)}`;
    throw error;
  }
}

const operationCount = await countOperations();

async function countOperations(): Promise<number> {
  const world = base.crash(1, 'kill');
  await world.run(compactTwice(world));
  return world.operationCount;
}

it('faults 63: a crash at any call of the disk during compaction loses nothing and brings nothing back', async () => {
  for (let number = 1; number <= operationCount; number++) {
    const moments = ['before', 'during', 'after'] as const;
    for (const when of isFull ? moments : [moments[number % 3] ?? 'during']) {
      const causes = ['power', 'kill'] as const;
      for (const cause of isFull ? causes : [causes[number % 2] ?? 'power']) {
        const world = base.crash(1, 'kill');
        world.faults.dieAt(number, when);
        await world.run(compactTwice(world)).catch(() => undefined);
        assert.ok(world.died, `call ${number} was reached`);
        const after = world.crash(number, cause);
        await named(`call ${number}, ${when}, ${cause}`, after, recovers(after, number));
      }
    }
  }
});

const changesTheDisk: ReadonlySet<OperationKind> = new Set([
  ...(['create', 'rename', 'unlink', 'syncDirectory', 'write', 'sync'] as const),
]);

it('faults 40, 43, 57: any call of the disk may fail during compaction, in any way', async () => {
  const failures: Fault[] = [
    { is: 'refused', errno: 'ENOSPC' },
    { is: 'torn', errno: 'ENOSPC' },
    { is: 'applied', errno: 'EIO' },
    { is: 'refused', errno: 'EIO' },
    { is: 'refused', errno: 'EMFILE' },
  ];
  for (let number = 1; number <= operationCount; number++) {
    for (const fault of isFull ? failures : [failures[number % failures.length]]) {
      const world = base.crash(1, 'kill');
      world.faults.faultWhen((operation) => (operation.number === number ? fault : undefined));
      let closes = false;
      const life = compactTwice(world, () => {
        closes = true;
      });
      const failure = await failureOf(world.run(life));
      const isTold = failure === undefined || isLogStoreError(failure) || closes;
      assert.ok(isTold, `${number}: ${failure}`);
      const after = world.crash(number, number % 2 === 0 ? 'power' : 'kill');
      const message = `call ${number}: ${JSON.stringify(fault)}`;
      await named(message, after, recovers(after, number));
    }
  }
});

it('faults 40: without space compaction is given up, its files go, its sources and the store go on', async () => {
  for (let failing = 1; failing <= 12; failing++) {
    const world = base.crash(1, 'kill');
    const store = await world.run(openStoreOn(world, tinySegments));
    const before = world.disk.testPaths().filter((path) => path.startsWith('log/'));
    let count = 0;
    let newest = '';
    world.faults.faultWhen(({ kind, path }) => {
      if (kind === 'create' && path.startsWith('log/')) newest = path.slice(0, 20);
      const concerned = newest !== '' && path.startsWith(newest) && changesTheDisk.has(kind);
      if (!concerned || kind === 'unlink' || ++count < failing) return undefined;
      return { is: 'refused', errno: 'ENOSPC' };
    });
    const failure = await failureOf(world.run(store.compact({ all: true })));
    world.faults.clear();
    if (failure !== undefined) {
      assert.ok(isLogStoreError(failure, 'NO_SPACE'), String(failure));
      const now = world.disk.testPaths().filter((path) => path.startsWith('log/'));
      assert.equal(now, before, `call ${failing}: nothing is left of it`);
    }
    await world.run(checkContents(store, expected));
    await world.run(store.compact({ all: true }));
    await world.run(store.put('bucket', 'later', new Uint8Array(10)));
    await world.run(store.delete('bucket', 'later'));
    await world.run(checkContents(store, expected));
    await world.run(store.close());
    await world.run(nothingIsLeftOver(world));
  }
});

it.run();
