import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../src/base/host.js';
import { nodeHost } from '../../src/host/node-host.js';
import { openStoreOn } from '../../src/store/store.js';
import type { StoreOptions } from '../../src/store/store-options.js';
import type { Store } from '../../src/store/types.js';
import { SimulatedWorld } from '../sim/simulated-host.js';

/** Where a store lives, for tests that must run on every kind of host. */
export interface StorePlace {
  readonly host: Host;
  open(options?: StoreOptions): Promise<Store>;
}

/** Runs `work` in a new place, which is gone afterwards. */
export type InPlace = <T>(work: (place: StorePlace) => Promise<T>) => Promise<T>;

/** A directory of the real file system. */
export const onDisk: InPlace = async (work) => {
  const path = mkdtempSync(join(tmpdir(), 'logstore-store-'));
  const host = nodeHost(path);
  try {
    return await work({ host, open: (options) => openStoreOn(host, options) });
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
};

/** A machine in memory. */
export const inSimulation: InPlace = (work) => {
  const world = new SimulatedWorld(1);
  const open = (options?: StoreOptions) => openStoreOn(world, { ...options, hashThreadsMax: 0 });
  return world.run(work({ host: world, open }));
};
