import { openStoreOn, type StoreOptions } from '../../src/store/store.js';
import type { Store } from '../../src/store/types.js';
import type { SimulatedWorld } from './simulated-host.js';
import { aSmallStore, look, type Sight, smallStoreOptions } from './small-store.js';

/** Parity is made on this thread, so that each run is the same. */
export const protectedOptions: StoreOptions = {
  ...smallStoreOptions,
  ...{ parity: 'inline', hashThreadsMax: 0 },
};

/** A closed store of several segments; those that have ended have parity. Its calls count from 1. */
export async function aProtectedStore(): Promise<{ world: SimulatedWorld; sight: Sight }> {
  const world = await aSmallStore('closed');
  const sight = await world.run(
    withStore(world, async (store) => {
      await store.scrub();
      return look(store);
    }),
  );
  return { world: world.crash(1, 'kill'), sight };
}

export async function withStore<T>(
  world: SimulatedWorld,
  work: (store: Store) => Promise<T>,
  options: StoreOptions = {},
): Promise<T> {
  await using store = await openStoreOn(world, { ...protectedOptions, ...options });
  return await work(store);
}
