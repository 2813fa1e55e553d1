import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { openStoreOn } from '../../src/store/store.js';
import type { Store } from '../../src/store/types.js';
import { failureOf } from '../failure-of.js';
import { chosen } from './chosen-tests.js';
import { forEachSeed, SeededRandom, seeds } from './seeded-random.js';
import { SimulatedWorld } from './simulated-host.js';

const it = chosen(suite('faults: the store'));

/** A store with the bucket `bucket`, on a world of its own. */
async function aStore(
  world = new SimulatedWorld(1),
  options = {},
): Promise<{ world: SimulatedWorld; store: Store }> {
  const store = await world.run(openStoreOn(world, { segmentBytes: 1024 ** 2, ...options }));
  const failure = await failureOf(world.run(store.createBucket('bucket')));
  assert.ok(failure === undefined || isLogStoreError(failure, 'BUCKET_EXISTS'));
  return { world, store };
}

async function textOf(world: SimulatedWorld, store: Store, key: string): Promise<string> {
  return Buffer.from(await world.run(store.getBytes('bucket', key))).toString();
}

function body(text: string): Buffer {
  return Buffer.from(text);
}

it('faults 36: nothing is answered from what is not durable yet', async () => {
  const { world, store } = await aStore();
  await world.run(store.put('bucket', 'key', body('old')));
  await world.run(store.put('bucket', 'goes', body('old')));
  world.faults.faultWhen(({ kind }) =>
    kind === 'sync' ? { is: 'stalled', delayMs: 10_000 } : undefined,
  );
  const writes = [
    store.put('bucket', 'key', body('new')),
    store.put('bucket', 'fresh', body('new')),
    store.delete('bucket', 'goes'),
  ];
  await world.advance(100);
  assert.is(await textOf(world, store, 'key'), 'old');
  assert.is(await textOf(world, store, 'goes'), 'old');
  assert.ok(
    isLogStoreError(await failureOf(world.run(store.head('bucket', 'fresh'))), 'NO_SUCH_KEY'),
  );
  const listed = await world.run(store.list('bucket'));
  assert.equal(
    listed.objects.map(({ key }) => key),
    ['goes', 'key'],
  );
  // A refusal and a no-op rest on what is pending: they wait for it.
  const answers: string[] = [];
  const refusal = failureOf(store.put('bucket', 'fresh', body('x'), { ifAbsent: true }));
  void refusal.then(() => answers.push('refused'));
  const noOp = store.delete('bucket', 'goes');
  void noOp.then(() => answers.push('no-op'));
  await world.advance(5_000);
  assert.equal(answers, []);
  await world.run(Promise.all([...writes, refusal, noOp]));
  assert.ok(isLogStoreError(await refusal, 'PRECONDITION_FAILED'));
  assert.is((await noOp).removed, false);
  assert.is(await textOf(world, store, 'key'), 'new');
});

it('faults 23: after a failed sync reads go on from what was durable, and all writes are refused', async () => {
  const { world, store } = await aStore();
  await world.run(store.put('bucket', 'key', body('old')));
  world.faults.faultWhen(({ kind }) =>
    kind === 'sync' ? { is: 'refused', errno: 'EIO' } : undefined,
  );
  assert.ok(
    isLogStoreError(
      await failureOf(world.run(store.put('bucket', 'key', body('new')))),
      'WRITER_FAILED',
    ),
  );
  assert.is(await textOf(world, store, 'key'), 'old');
  const refusals: (() => Promise<unknown>)[] = [
    () => store.put('bucket', 'other', body('x')),
    () => store.delete('bucket', 'key'),
    () => store.createBucket('another'),
  ];
  for (const refused of refusals)
    assert.ok(isLogStoreError(await failureOf(world.run(refused())), 'WRITER_FAILED', 'READ_ONLY'));
  assert.is(store.stats().writer, 'failed');
  assert.match(String(store.stats().reason), 'EIO');
  await world.run(store.close());
  const after = world.crash(1, 'power');
  const { store: reopened } = await aStore(after);
  assert.match(await textOf(after, reopened, 'key'), /^(old|new)$/);
  await after.run(reopened.put('bucket', 'key', body('newer')));
});

it('faults 38: a full disk refuses data, still deletes, and takes data again when there is room', async () => {
  const world = new SimulatedWorld(1, { capacityBytes: 4 * 1024 ** 2 });
  const { store } = await aStore(world, { reserveBytes: 1024 ** 2 });
  const kept: string[] = [];
  let refusal: unknown;
  for (let count = 0; count < 100 && refusal === undefined; count++) {
    refusal = await failureOf(
      world.run(store.put('bucket', `key-${count}`, new Uint8Array(60_000))),
    );
    if (refusal === undefined) kept.push(`key-${count}`);
  }
  assert.ok(isLogStoreError(refusal, 'NO_SPACE'), String(refusal));
  assert.ok(kept.length > 10);
  for (const key of kept.splice(0, 5))
    assert.ok((await world.run(store.delete('bucket', key))).removed);
  for (const key of kept)
    assert.is((await world.run(store.getBytes('bucket', key))).length, 60_000);
  world.disk.capacityBytes = 12 * 1024 ** 2;
  await world.advance(2_000);
  await failureOf(world.run(store.put('bucket', 'try', body('x'))));
  await world.run(store.put('bucket', 'again', body('room')));
  const after = world.crash(2, 'power');
  const { store: reopened } = await aStore(after);
  const { objects } = await after.run(reopened.list('bucket'));
  for (const key of [...kept, 'again'])
    assert.ok(
      objects.some((each) => each.key === key),
      key,
    );
  assert.not.ok(objects.some(({ key }) => key === 'key-0'));
});

it('faults 64, 67: an overwritten version is ended for good: neither counted nor found by its content', async () => {
  const { world, store } = await aStore();
  const old = createHash('sha256').update('old').digest();
  for (const text of ['old', 'new', 'newer'])
    await world.run(store.put('bucket', 'key', body(text)));
  const after = world.crash(1, 'power');
  const { store: reopened } = await aStore(after);
  for (const [place, each] of [
    [world.crash(2, 'kill'), undefined],
    [after, reopened],
  ] as const) {
    const seen = each ?? (await aStore(place)).store;
    assert.is(seen.stats().objects, 1);
    const failure = await failureOf(place.run(seen.getBySha256(old)));
    assert.ok(isLogStoreError(failure, 'NO_SUCH_KEY'));
    assert.is((await place.run(seen.list('bucket'))).objects.length, 1);
  }
});

it('faults 68: what was deleted never returns, whatever crashes and lives follow', async () => {
  await forEachSeed(seeds(15), async (seed) => {
    const random = new SeededRandom(seed);
    let { world, store } = await aStore(new SimulatedWorld(seed));
    for (let life = 0; life < 4; life++) {
      await world.run(store.put('bucket', 'key', body(`life ${life}`)));
      await world.run(store.put('bucket', 'key', body(`life ${life}, again`)));
      await world.run(store.delete('bucket', 'key'));
      if (random.chance(0.3)) await world.run(store.close());
      ({ world, store } = await aStore(world.crash(random.word(), random.pick(['power', 'kill']))));
      const failure = await failureOf(world.run(store.head('bucket', 'key')));
      assert.ok(isLogStoreError(failure, 'NO_SUCH_KEY'), `life ${life}`);
    }
  });
});

it('faults 75: of many who create a key if it is absent exactly one wins, also over a crash', async () => {
  await forEachSeed(seeds(25), async (seed) => {
    const { world, store } = await aStore(new SimulatedWorld(seed));
    world.faults.dieAt(world.operationCount + 1 + (seed % 6), 'during');
    const won: number[] = [];
    const claims = Array.from({ length: 10 }, async (_, number) => {
      const claim = store.put('bucket', 'lock', body(`owner ${number}`), { ifAbsent: true });
      if ((await failureOf(claim)) === undefined) won.push(number);
    });
    await failureOf(world.run(Promise.all(claims)));
    const after = world.crash(seed, seed % 2 === 0 ? 'power' : 'kill');
    const { store: reopened } = await aStore(after);
    const again = await failureOf(
      after.run(reopened.put('bucket', 'lock', body('owner again'), { ifAbsent: true })),
    );
    const owner = await textOf(after, reopened, 'lock');
    assert.ok(won.length <= 1);
    if (won.length === 1) assert.is(owner, `owner ${won[0]}`);
    assert.is(again === undefined, owner === 'owner again');
    // The version that the winner saw is the one that If-Match needs; everybody else is refused.
    const { etag } = await after.run(reopened.head('bucket', 'lock'));
    const swaps = await after.run(
      Promise.all(
        [1, 2, 3].map((number) =>
          failureOf(reopened.put('bucket', 'lock', body(`swap ${number}`), { ifMatch: etag })),
        ),
      ),
    );
    assert.is(swaps.filter((failure) => failure === undefined).length, 1);
  });
});

it('faults 76: a clock that jumps changes neither order nor what is there', async () => {
  let { world, store } = await aStore();
  const versions: number[] = [];
  for (const jumpMs of [0, -3_600_000, 10 * 365 * 86_400_000, -20 * 365 * 86_400_000]) {
    world.clock.jumpWall(jumpMs);
    const { version } = await world.run(store.put('bucket', 'key', body(`jump ${jumpMs}`)));
    versions.push(version);
    assert.is(await textOf(world, store, 'key'), `jump ${jumpMs}`);
    const crashed = world.crash(1, 'power');
    crashed.clock.jumpWall(-86_400_000);
    ({ world, store } = await aStore(crashed));
    assert.is(await textOf(world, store, 'key'), `jump ${jumpMs}`);
  }
  assert.equal(
    versions,
    [...versions].sort((a, b) => a - b),
  );
  assert.is(new Set(versions).size, 4);
});

it('faults 65, 77: of many writers to one key the last in log order wins, also after a restart', async () => {
  await forEachSeed(seeds(20), async (seed) => {
    const { world, store } = await aStore(new SimulatedWorld(seed));
    await world.run(store.put('bucket', 'source', body('source')));
    const versions = new Map<string, number>();
    const writes = Array.from({ length: 20 }, async (_, number) => {
      const { version, etag } =
        number % 5 === 0
          ? await store.copy({ bucket: 'bucket', key: 'source' }, 'bucket', 'key')
          : await store.put('bucket', 'key', body(`writer ${number}`));
      versions.set(`${etag} ${version}`, version);
    });
    await world.run(Promise.all(writes));
    const last = [...versions].sort(([, a], [, b]) => b - a)[0]?.[0];
    const seen = await world.run(store.head('bucket', 'key'));
    assert.is(`${seen.etag} ${seen.version}`, last);
    const after = world.crash(seed, 'power');
    const { store: reopened } = await aStore(after);
    const again = await after.run(reopened.head('bucket', 'key'));
    assert.is(`${again.etag} ${again.version}`, last);
  });
});

it('faults 78: a put that is sent again is one object; a second delete is no error', async () => {
  const { world, store } = await aStore();
  const first = await world.run(store.put('bucket', 'key', body('same')));
  const second = await world.run(store.put('bucket', 'key', body('same')));
  assert.is(first.etag, second.etag);
  assert.ok(second.version > first.version);
  assert.is((await world.run(store.list('bucket'))).objects.length, 1);
  assert.is((await world.run(store.delete('bucket', 'key'))).removed, true);
  assert.is((await world.run(store.delete('bucket', 'key'))).removed, false);
  assert.is((await world.run(store.list('bucket'))).objects.length, 0);
});

it('faults 79: a body that ends early, breaks off or has another checksum leaves the old value', async () => {
  const { world, store } = await aStore();
  await world.run(store.put('bucket', 'key', body('old')));
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(300_000);
    throw new Error('the client went away');
  }
  async function* short(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(300_000);
  }
  const sha256 = new Uint8Array(32);
  for (const attempt of [
    () => store.put('bucket', 'key', broken()),
    () => store.put('bucket', 'key', short(), { expected: { sizeBytes: 300_001 } }),
    () => store.put('bucket', 'key', body('new'), { expected: { sha256 } }),
    () => store.put('bucket', 'key', short(), { expected: { sha256 } }),
  ]) {
    assert.ok((await failureOf(world.run(attempt()))) !== undefined);
    assert.is(await textOf(world, store, 'key'), 'old');
  }
  const after = world.crash(1, 'kill');
  const { store: reopened } = await aStore(after);
  assert.is(await textOf(after, reopened, 'key'), 'old');
  assert.is((await after.run(reopened.list('bucket'))).objects.length, 1);
});

it('faults 80: a crash at any call of a multipart upload leaves it open or whole; completing again answers the same', async () => {
  const probe = await aStore();
  const from = probe.world.operationCount;
  await probe.world.run(upload(probe.store));
  const to = probe.world.operationCount;
  assert.ok(to - from > 6);
  for (let number = from + 1; number <= to; number++) {
    const { world, store } = await aStore();
    world.faults.dieAt(number, number % 2 === 0 ? 'during' : 'after');
    const work = upload(store);
    const finished = (await failureOf(world.run(work))) === undefined;
    const after = world.crash(number, number % 3 === 0 ? 'kill' : 'power');
    const { store: reopened } = await aStore(after);
    const there = (await failureOf(after.run(reopened.head('bucket', 'key')))) === undefined;
    const { uploads } = await after.run(reopened.listUploads('bucket'));
    if (finished) assert.ok(there);
    assert.is(there && uploads.length > 0, false, 'either an upload or an object');
    const open = uploads[0];
    if (open === undefined) continue;
    const piece = new Uint8Array(1_000).fill(9);
    const work2 = async () => {
      const { uploadId } = open;
      const { etag } = await reopened.putPart('bucket', 'key', uploadId, 1, piece);
      const parts = [{ number: 1, etag }];
      const first = await reopened.completeUpload('bucket', 'key', uploadId, parts);
      const second = await reopened.completeUpload('bucket', 'key', uploadId, parts);
      assert.equal(second, first);
    };
    await after.run(work2());
    assert.is((await after.run(reopened.getBytes('bucket', 'key'))).length, 1_000);
  }
});

async function upload(store: Store): Promise<void> {
  const { uploadId } = await store.createUpload('bucket', 'key');
  const { etag } = await store.putPart('bucket', 'key', uploadId, 1, new Uint8Array(900));
  await store.completeUpload('bucket', 'key', uploadId, [{ number: 1, etag }]);
}

it('faults 81: pages taken during writes and over a crash hold each stable key exactly once', async () => {
  await forEachSeed(seeds(10), async (seed) => {
    const random = new SeededRandom(seed);
    let { world, store } = await aStore(new SimulatedWorld(seed));
    const stable = Array.from({ length: 40 }, (_, number) => `stable/${random.word()}-${number}`);
    await world.run(Promise.all(stable.map((key) => store.put('bucket', key, body(key)))));
    const seen: string[] = [];
    let startAfter: string | undefined;
    for (;;) {
      const noise = [
        store.put('bucket', `stable/${random.word()}`, body('noise')),
        store.put('bucket', `noise/${random.word()}`, body('noise')),
      ];
      const page = await world.run(
        store.list('bucket', { limit: 7, startAfter, prefix: 'stable/' }),
      );
      seen.push(...page.objects.map(({ key }) => key));
      await world.run(Promise.all(noise));
      if (page.next === undefined) break;
      startAfter = page.next;
      if (random.chance(0.3))
        ({ world, store } = await aStore(
          world.crash(random.word(), random.pick(['power', 'kill'])),
        ));
    }
    assert.equal(seen.filter((key) => stable.includes(key)).sort(), [...stable].sort());
    assert.is(new Set(seen).size, seen.length);
  });
});

it('faults 108: a volume that went away fails everything with a code; nothing new is begun in its place', async () => {
  for (const errno of ['EIO', 'ENOENT', 'ESTALE']) {
    const { world, store } = await aStore(new SimulatedWorld(1), { cacheBytes: 0 });
    await world.run(store.put('bucket', 'key', body('old')));
    world.faults.faultWhen(() => ({ is: 'refused', errno }));
    const failure = await failureOf(world.run(store.put('bucket', 'key', body('new'))));
    assert.ok(isLogStoreError(failure, 'WRITER_FAILED'), String(failure));
    const read = await failureOf(world.run(store.getBytes('bucket', 'key')));
    assert.ok(read === undefined || isLogStoreError(read, 'IO', 'STORE_DAMAGED'), String(read));
    await failureOf(world.run(store.close()));
    const paths = world.disk.testPaths();
    const after = world.crash(1, 'kill');
    after.faults.faultWhen(() => ({ is: 'refused', errno }));
    const opening = await failureOf(after.run(openStoreOn(after)));
    assert.ok(isLogStoreError(opening, 'IO'), String(opening));
    assert.equal(after.disk.testPaths(), paths);
  }
});

it.run();
