import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { openStoreOn } from '../../src/store/store.js';
import type { StoreOptions } from '../../src/store/store-options.js';
import type { Store } from '../../src/store/types.js';
import { SeededRandom } from './seeded-random.js';
import { SimulatedWorld } from './simulated-host.js';

/** Small segments, whose blocks are of 512 bytes; parity is made on this thread. */
export const protectedOptions: StoreOptions = {
  ...{ segmentBytes: 20_000, parity: 'inline', hashThreadsMax: 0, cacheBytes: 0 },
};
export const bucket = 'bucket';
const objectCount = 24;

export type Bodies = ReadonlyMap<string, Buffer>;

/**
 * A closed store whose segments have parity, but for the last one. What is asked of its disk is
 * counted from 1.
 */
export async function aProtectedStore(): Promise<{ world: SimulatedWorld; bodies: Bodies }> {
  const { world, bodies } = await anUnprotectedStore();
  await world.run(withStore(world, (store) => store.scrub()));
  return { world: world.crash(1, 'kill'), bodies };
}

export async function anUnprotectedStore(): Promise<{ world: SimulatedWorld; bodies: Bodies }> {
  const world = new SimulatedWorld(7);
  const random = new SeededRandom(11);
  const bodies = new Map<string, Buffer>();
  const fill = async (store: Store) => {
    await store.createBucket(bucket);
    for (let index = 0; index < objectCount; index++) {
      const body = Buffer.from(random.bytes(random.between(200, 4_000)));
      await store.put(bucket, `key/${index}`, body);
      bodies.set(`key/${index}`, body);
    }
    await store.put(bucket, 'deleted', random.bytes(100));
    await store.delete(bucket, 'deleted');
  };
  await world.run(withStore(world, fill, { parity: 'off' }));
  return { world: world.crash(1, 'kill'), bodies };
}

export async function withStore<T>(
  world: SimulatedWorld,
  work: (store: Store) => Promise<T>,
  options: StoreOptions = {},
): Promise<T> {
  await using store = await openStoreOn(world, { ...protectedOptions, ...options });
  return await work(store);
}

/**
 * Reads every object, whole and in ranges: what is answered is what was put.
 * @returns the keys of objects that were refused
 */
export async function readThrough(store: Store, bodies: Bodies): Promise<Set<string>> {
  const refused = new Set<string>();
  for (const [key, body] of bodies) {
    const middle = Math.floor(body.length / 2);
    for (const range of [undefined, { startBytes: middle, endBytes: middle + 1 }]) {
      try {
        await using reader = await store.get(bucket, key, { range });
        const { startBytes, endBytes } = range ?? { startBytes: 0, endBytes: body.length };
        const found = await reader.bytes();
        assert.ok(body.subarray(startBytes, endBytes).equals(found), `${key} is what was put`);
      } catch (error) {
        if (!isLogStoreError(error, 'RECORD_CORRUPT', 'IO', 'STORE_DAMAGED')) throw error;
        refused.add(key);
      }
    }
  }
  return refused;
}

/** The bytes of all files of the log, by path. */
export function logFiles({ disk }: SimulatedWorld): Map<string, Buffer> {
  const paths = disk.testPaths().filter((path) => path.startsWith('log/'));
  return new Map(paths.map((path) => [path, Buffer.from(disk.testBytesOf(path))]));
}

/** Flips a bit of each of `blocks` blocks of 512 bytes, from the one that `offset` lies in on. */
export function spoil(world: SimulatedWorld, path: string, offset: number, blocks = 1): void {
  const first = offset - (offset % 512);
  for (let block = 0; block < blocks; block++) {
    world.disk.testFlip(path, block === 0 ? offset : first + block * 512, block % 8);
  }
}
