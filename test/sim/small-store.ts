import * as assert from 'uvu/assert';
import { isLogStoreError, type LogStoreError } from '../../src/base/errors.js';
import { openStoreOn } from '../../src/store/store.js';
import type { Store } from '../../src/store/types.js';
import { idle } from './log-script.js';
import { SeededRandom } from './seeded-random.js';
import { SimulatedWorld } from './simulated-host.js';

export const smallStoreOptions = { segmentBytes: 1024 ** 2 } as const;

/** What one reader can see of a store. */
export interface Sight {
  readonly buckets: readonly string[];
  /** By `bucket/key`: description and bytes of what is there, null of what is not. */
  readonly objects: ReadonlyMap<string, string | null>;
}

/**
 * A store of every kind of thing in few bytes: inline bodies, a body of several data records, a
 * multipart object, a copy, an overwritten and a deleted key, a bucket that went, an upload that
 * is open; over several segments with footers.
 */
export async function aSmallStore(ending: 'closed' | 'killed'): Promise<SimulatedWorld> {
  const world = new SimulatedWorld(1);
  await world.run(fill(world, ending));
  return ending === 'closed' ? world : world.crash(1, 'kill');
}

async function fill(world: SimulatedWorld, ending: 'closed' | 'killed'): Promise<void> {
  const random = new SeededRandom(5);
  const store = await openStoreOn(world, smallStoreOptions);
  for (const bucket of ['first', 'second', 'gone']) await store.createBucket(bucket);
  const userMetadata = { colour: 'blue' };
  await store.put('first', 'inline', random.bytes(300), { userMetadata });
  await store.put('first', 'empty', new Uint8Array(0));
  await store.put('first', 'overwritten', random.bytes(120));
  await store.put('first', 'deleted', random.bytes(130));
  await store.put('second', 'large', random.bytes(600_000), { md5: true });
  await store.put('second', 'larger', random.bytes(400_000));
  await store.put('first', 'overwritten', random.bytes(140), { checksumAlgorithm: 'CRC64NVME' });
  await store.delete('first', 'deleted');
  await store.deleteBucket('gone');
  const { uploadId } = await store.createUpload('second', 'multipart');
  const { etag } = await store.putPart('second', 'multipart', uploadId, 1, random.bytes(70_000));
  await store.completeUpload('second', 'multipart', uploadId, [{ number: 1, etag }]);
  await store.copy({ bucket: 'second', key: 'large' }, 'first', 'copy');
  const open = await store.createUpload('second', 'unfinished');
  await store.putPart('second', 'unfinished', open.uploadId, 1, random.bytes(100));
  await store.transaction(async (transaction) => {
    await transaction.put('first', 'together', random.bytes(50));
    await transaction.put('second', 'together', random.bytes(60));
  });
  await store.put('second', 'last', random.bytes(80_000));
  if (ending === 'closed') await store.close();
  else await idle(world, 100);
}

const keys = [
  ...['first/inline', 'first/empty', 'first/overwritten', 'first/deleted', 'first/copy'],
  ...['first/together', 'second/large', 'second/larger', 'second/multipart', 'second/unfinished'],
  ...['second/together', 'second/last', 'gone/anything'],
];

/**
 * Reads all that there is, and what is not.
 * @param refused told of every typed refusal; without it a refusal rises
 */
export async function look(
  store: Store,
  refused?: (what: string, error: LogStoreError) => void,
): Promise<Sight> {
  const orRefused = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!isLogStoreError(error) || refused === undefined) throw error;
      refused(what, error);
      return undefined;
    }
  };
  const objects = new Map<string, string | null>();
  const listed = new Set<string>();
  const buckets = await orRefused('buckets', async () => {
    const names = (await store.listBuckets()).map(({ name }) => name);
    for (const name of names)
      for await (const { key } of store.objects(name)) listed.add(`${name}/${key}`);
    return names;
  });
  for (const path of keys) {
    const [bucket = '', key = ''] = path.split('/');
    const seen = await orRefused(path, () => describe(store, bucket, key));
    if (seen === undefined) continue;
    objects.set(path, seen);
    if (buckets !== undefined && listed.size > 0)
      assert.is(listed.has(path), seen !== null, `${path} is listed when it is there`);
  }
  return { buckets: buckets ?? [], objects };
}

async function describe(store: Store, bucket: string, key: string): Promise<string | null> {
  try {
    const info = await store.head(bucket, key);
    const bytes = Buffer.from(await store.getBytes(bucket, key));
    const middle = Math.floor(bytes.length / 2);
    const range = { startBytes: middle, endBytes: Math.min(bytes.length, middle + 1_000) };
    if (bytes.length > 0) {
      await using reader = await store.get(bucket, key, { range });
      const part = await reader.bytes();
      assert.ok(bytes.subarray(range.startBytes, range.endBytes).equals(part), 'a range fits');
    }
    return `${JSON.stringify(info)} ${bytes.toString('latin1')}`;
  } catch (error) {
    if (isLogStoreError(error, 'NO_SUCH_KEY', 'NO_SUCH_BUCKET')) return null;
    throw error;
  }
}
