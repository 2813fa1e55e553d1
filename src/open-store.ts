import { isLogStoreError } from './base/errors.js';
import type { Disk } from './base/host.js';
import { limits } from './base/limits.js';
import { nodeHost } from './host/node-host.js';
import { findEpoch } from './ledger/epoch.js';
import { type LedgerSettings, threadedLedger } from './ledger-options.js';
import { openStoreOn } from './store/store.js';
import type { EventTarget } from './store/store-options.js';
import type { Store } from './store/types.js';
import type { Note } from './store/upkeep.js';
import { requireStore, storeDirectory } from './store-directory.js';
import { openStoreKeys, storeKeysPath } from './store-keys.js';

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
  /**
   * `auto`, the default, gives back the space of what is dead in the background; `manual` waits for
   * `Store.compact`.
   */
  readonly compaction?: 'auto' | 'manual' | undefined;
  /** Multipart uploads that were begun so long ago are aborted; 0, the default, keeps them. */
  readonly abortUploadsAfterMs?: number | undefined;
  /** `auto`, the default, makes parity of each segment that has ended; `off` makes none. */
  readonly parity?: 'auto' | 'off' | undefined;
  /** Each segment is read and checked once in this time, by default 14 days; 0 is never. */
  readonly scrubPeriodMs?: number | undefined;
  /** Told of damage that was found and healed or not, and of passes of the scrub. */
  readonly tell?: ((note: Note) => void) | undefined;
  /** Who may be told of what happens in buckets, by the name that notifications have for them. */
  readonly events?:
    | { readonly targets: readonly EventTarget[]; readonly region: string }
    | undefined;
  /** The keys of what is encrypted by the store; `DIR-keys.json`, made when first needed. */
  readonly encryptionKeyFile?: string | undefined;
  /** Writes are refused when less than this would stay free on the volume. */
  readonly reserveBytes?: number | undefined;
  /**
   * `off`: nothing is sealed, and nothing can be proved. By default a store that has a ledger is
   * opened with it, and any other without.
   */
  readonly ledger?: 'on' | 'off' | LedgerSettings | undefined;
}

/**
 * Opens the store in a directory of a local file system for this process alone, or makes one there.
 * @throws LogStoreError `LOCKED`, naming the process that has it open; `NOT_A_STORE` for a
 *   directory with other things in it; `STORE_DAMAGED`; `UNSUPPORTED_VERSION`;
 *   `UNSUPPORTED_FILE_SYSTEM`; `IO`
 */
export async function openStore(open: OpenStoreOptions): Promise<Store> {
  const { dir, create, scrubPeriodMs = limits.scrubPeriodMsDefault, ...given } = open;
  const { encryptionKeyFile, ...options } = given;
  const host = nodeHost(dir);
  if (create === false) await requireStore(host.disk, dir);
  else await storeDirectory(host.disk, dir);
  const { ledger = await ledgerThere(host.disk), ...others } = options;
  const parity = options.parity === 'off' ? 'off' : 'thread';
  const holder = `process ${process.pid}`;
  const { compaction = 'auto' } = options;
  const keys = await openStoreKeys(storeKeysPath(dir, encryptionKeyFile), host.random);
  const opened = { ...others, compaction, parity, scrubPeriodMs, holder, keys } as const;
  if (ledger === 'off') return openStoreOn(host, opened);
  const threaded = threadedLedger(dir, ledger === 'on' ? {} : ledger);
  return openStoreOn(host, { ...opened, ledger: threaded });
}

/** What was begun goes on: whatever is written without it waits for the next who seals. */
async function ledgerThere(disk: Disk): Promise<'on' | 'off'> {
  try {
    return (await findEpoch(disk)) === undefined ? 'off' : 'on';
  } catch (error) {
    if (isLogStoreError(error, 'RECORD_CORRUPT')) return 'on'; // it says so itself
    throw error;
  }
}
