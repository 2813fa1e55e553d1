import { nodeHost } from './host/node-host.js';
import { openStoreOn } from './store/store.js';
import type { Store } from './store/types.js';
import { requireStore, storeDirectory } from './store-directory.js';

/** Sizes in bytes; what is left out is as `logstore serve` has it. */
export interface OpenStoreOptions {
  readonly dir: string;
  /** False: fail with `NOT_A_STORE` where no store is, instead of making one. */
  readonly create?: boolean | undefined;
  /** A segment file is ended when it would grow beyond this. */
  readonly segmentBytes?: number | undefined;
  /** 4096 for disks whose torn writes spoil the bytes beside them. */
  readonly boundaryBytes?: 512 | 4096 | undefined;
  /** Memory for small records that were read before. */
  readonly cacheBytes?: number | undefined;
  /** Writes are refused when less than this would stay free on the volume. */
  readonly reserveBytes?: number | undefined;
}

/**
 * Opens the store in a directory of a local file system for this process alone, or makes one there.
 * @throws LogStoreError `LOCKED`, naming the process that has it open; `NOT_A_STORE` for a
 *   directory with other things in it; `STORE_DAMAGED`; `UNSUPPORTED_VERSION`;
 *   `UNSUPPORTED_FILE_SYSTEM`; `IO`
 */
export async function openStore({ dir, create, ...options }: OpenStoreOptions): Promise<Store> {
  const host = nodeHost(dir);
  if (create === false) await requireStore(host.disk, dir);
  else await storeDirectory(host.disk, dir);
  return openStoreOn(host, { ...options, holder: `process ${process.pid}` });
}
