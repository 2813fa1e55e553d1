import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { openStoreOn } from '../../src/store/store.js';
import type { Store } from '../../src/store/types.js';
import { patterned } from '../conformance/store-words.js';
import { SimulatedWorld } from '../sim/simulated-host.js';

const it = suite('catalog against a plain Map');

const buckets = ['one', 'two'] as const;
const keys = ['a', 'a/b', 'a/c', 'b', 'ü', '\u0000'] as const;
const bucket = fc.constantFrom(...buckets);
const key = fc.constantFrom(...keys);
const size = fc.constantFrom(0, 1, 700, 65_536, 65_537, 300_000);

/** One call of the store. Several in a row start before the first of them is answered. */
const verb = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), bucket, key, size }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('putIfAbsent' as const), bucket, key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), bucket, key }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('copy' as const), bucket, key, to: key }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('createBucket' as const), bucket }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deleteBucket' as const), bucket }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('transaction' as const),
      bucket,
      puts: fc.uniqueArray(key, { maxLength: 3 }),
      deletes: fc.uniqueArray(key, { maxLength: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('upload' as const), bucket, key, size }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('abandon' as const), bucket, key }) },
);
type Verb = typeof verb extends fc.Arbitrary<infer T> ? T : never;

const step = fc.oneof(
  { weight: 12, arbitrary: fc.array(verb, { minLength: 1, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom('reopen' as const, 'reopenWithoutSnapshot' as const) },
);

/** What the store should hold: by bucket, by key, the body. */
type Model = Map<string, Map<string, Buffer>>;

/**
 * Does to the model what the store should do, and tells its answer. In a row the
 * store's order is that of the calls: each is admitted in the turn that makes it, bodies of one
 * record apart. So rows hold small bodies alone, and larger ones come one by one.
 */
function apply(model: Model, call: Verb, seed: number): string {
  const objects = model.get(call.bucket);
  if (call.do === 'createBucket') {
    if (objects !== undefined) return 'BUCKET_EXISTS';
    model.set(call.bucket, new Map());
    return 'ok';
  }
  if (call.do === 'transaction' && call.puts.length + call.deletes.length === 0) return 'ok';
  if (objects === undefined) return 'NO_SUCH_BUCKET';
  switch (call.do) {
    case 'deleteBucket':
      if (objects.size > 0) return 'BUCKET_NOT_EMPTY';
      model.delete(call.bucket);
      return 'ok';
    case 'put':
    case 'upload':
      objects.set(call.key, patterned(call.size, seed));
      return 'ok';
    case 'putIfAbsent':
      if (objects.has(call.key)) return 'PRECONDITION_FAILED';
      objects.set(call.key, patterned(10, seed));
      return 'ok';
    case 'delete':
      objects.delete(call.key);
      return 'ok';
    case 'copy': {
      const body = objects.get(call.key);
      if (body === undefined) return 'NO_SUCH_KEY';
      objects.set(call.to, body);
      return 'ok';
    }
    case 'transaction':
      for (const each of call.deletes) objects.delete(each);
      for (const each of call.puts) objects.set(each, patterned(20, seed));
      return 'ok';
    case 'abandon':
      return 'ok';
  }
}

async function run(store: Store, call: Verb, seed: number): Promise<void> {
  switch (call.do) {
    case 'createBucket':
      await store.createBucket(call.bucket);
      break;
    case 'deleteBucket':
      await store.deleteBucket(call.bucket);
      break;
    case 'put':
      await store.put(call.bucket, call.key, patterned(call.size, seed));
      break;
    case 'putIfAbsent':
      await store.put(call.bucket, call.key, patterned(10, seed), { ifAbsent: true });
      break;
    case 'delete':
      await store.delete(call.bucket, call.key);
      break;
    case 'copy':
      await store.copy({ bucket: call.bucket, key: call.key }, call.bucket, call.to);
      break;
    case 'transaction':
      await store.transaction(async (t) => {
        for (const each of call.deletes) await t.delete(call.bucket, each);
        for (const each of call.puts) await t.put(call.bucket, each, patterned(20, seed));
      });
      break;
    case 'upload': {
      const { uploadId } = await store.createUpload(call.bucket, call.key);
      const body = patterned(call.size, seed);
      await store.putPart(call.bucket, call.key, uploadId, 1, Buffer.from('replaced'));
      const part = await store.putPart(call.bucket, call.key, uploadId, 1, body);
      await store.putPart(call.bucket, call.key, uploadId, 7, Buffer.from('not used'));
      await store.completeUpload(call.bucket, call.key, uploadId, [part]);
      break;
    }
    case 'abandon': {
      const { uploadId } = await store.createUpload(call.bucket, call.key);
      await store.putPart(call.bucket, call.key, uploadId, 3, Buffer.from('left behind'));
      if (call.key === 'b') await store.abortUpload(call.bucket, call.key, uploadId);
    }
  }
}

async function outcomeOf(work: Promise<void>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    if (isLogStoreError(error)) return error.code;
    throw error;
  }
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

async function check(store: Store, model: Model): Promise<void> {
  const names = (await store.listBuckets()).map(({ name }) => name);
  assert.equal(names, [...model.keys()].sort());
  for (const [name, objects] of model) {
    const listed: string[] = [];
    for await (const object of store.objects(name, { limit: 2 })) {
      listed.push(object.key);
      assert.is(object.sizeBytes, objects.get(object.key)?.length);
    }
    assert.equal(listed, [...objects.keys()].sort(byBytes));
    for (const [each, body] of objects) {
      assert.is(Buffer.compare(await store.getBytes(name, each), body), 0);
    }
    const folded = await store.list(name, { delimiter: '/' });
    const expected = new Set([...objects.keys()].filter((each) => each.includes('/')));
    assert.equal(folded.commonPrefixes, expected.size > 0 ? ['a/'] : []);
  }
}

it('random histories leave what a Map would hold, also when opened again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.nat(), async (steps, seed) => {
      const world = new SimulatedWorld(seed);
      await world.run(history(world, steps));
    }),
    { numRuns: 150 },
  );
});

async function history(
  world: SimulatedWorld,
  steps: readonly (readonly Verb[] | 'reopen' | 'reopenWithoutSnapshot')[],
): Promise<void> {
  const open = () => openStoreOn(world, { hashThreadsMax: 0, segmentBytes: 1024 ** 2 });
  const model: Model = new Map([['one', new Map()]]);
  let store = await open();
  await store.createBucket('one');
  let seed = 1;
  for (const each of steps) {
    if (typeof each === 'string') {
      const digest = await store.indexDigest();
      await store.close();
      if (each === 'reopenWithoutSnapshot') await world.disk.unlink('index.snapshot');
      store = await open();
      assert.equal(await store.indexDigest(), digest);
      await check(store, model);
      continue;
    }
    for (const row of rowsOf(each)) {
      const first = seed;
      seed += row.length;
      const outcomes = row.map((call, index) => outcomeOf(run(store, call, first + index)));
      const expected = row.map((call, index) => apply(model, call, first + index));
      assert.equal(await Promise.all(outcomes), expected, JSON.stringify(row));
    }
  }
  await check(store, model);
  const digest = await store.indexDigest();
  await store.close();
  await world.disk.unlink('index.snapshot');
  store = await open();
  assert.equal(await store.indexDigest(), digest);
  await check(store, model);
  await store.close();
}

/** What is admitted in the turn of its call may go together; all else goes alone. */
function rowsOf(calls: readonly Verb[]): Verb[][] {
  const rows: Verb[][] = [];
  let open: Verb[] | undefined;
  for (const call of calls) {
    const isAtOnce =
      call.do === 'delete' ||
      call.do === 'putIfAbsent' ||
      (call.do === 'put' && call.size <= 65_536);
    if (!isAtOnce) {
      rows.push([call]);
      open = undefined;
    } else if (open === undefined) {
      open = [call];
      rows.push(open);
    } else {
      open.push(call);
    }
  }
  return rows;
}

it.run();
