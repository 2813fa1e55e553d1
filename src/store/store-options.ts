import type { KeyRing } from '../encryption/key-ring.js';
import type { SealerLink } from '../ledger/sealer-link.js';
import type { OpenLogOptions } from '../log/types.js';
import type { EventTarget } from './event-queue.js';
import type { LifecycleDeed } from './lifecycle-deeds.js';
import type { UpkeepOptions } from './upkeep.js';

export type { EventTarget } from './event-queue.js';

/** The store's ledger: none where it is left out. */
export interface LedgerOptions {
  /** Called once the store's lock is held; the store closes it. */
  readonly open: () => Promise<SealerLink>;
  /** Called instead, or after it failed, where nothing is to be sealed. */
  readonly giveUp?: (() => Promise<void>) | undefined;
  /** How long a change waits for its block, at most. */
  readonly intervalMs?: number | undefined;
}

/** Who is told of what happens to objects. */
export interface EventOptions {
  readonly targets: readonly EventTarget[];
  /** As messages name it. */
  readonly region: string;
}

export interface StoreOptions extends Omit<OpenLogOptions, 'mode' | 'snapshot' | 'use'> {
  /** `read` changes nothing and takes no lock. */
  readonly mode?: OpenLogOptions['mode'] | undefined;
  /** Memory for small records that were read before. */
  readonly cacheBytes?: number | undefined;
  /** `auto`: in the background, when enough is dead. `manual`, the default: when asked for. */
  readonly compaction?: 'auto' | 'manual' | undefined;
  /** Uploads that were begun so long ago are aborted; 0, the default, keeps them. */
  readonly abortUploadsAfterMs?: number | undefined;
  /** What counts as a day for lifecycles: 24 hours, unless something is to be tried out. */
  readonly lifecycleDayMs?: number | undefined;
  /** Told of what a lifecycle has done, once that is durable. */
  readonly lifecycleActed?: ((deeds: readonly LifecycleDeed[]) => void) | undefined;
  /** Threads that hash large bodies; 0 hashes on this one, so that simulated runs are alike. */
  readonly hashThreadsMax?: number | undefined;
  /** `at-open`: no body waits for one to start. `on-demand`, the default, takes less memory. */
  readonly hashThreadsStart?: 'at-open' | 'on-demand' | undefined;
  /** Where parity of segments is made; `off`, the default, makes none. */
  readonly parity?: UpkeepOptions['parity'] | undefined;
  /** How long one pass of the scrub over all segments may take; 0, the default, is never. */
  readonly scrubPeriodMs?: number | undefined;
  /** Told of what is for whoever runs the store. */
  readonly tell?: UpkeepOptions['tell'] | undefined;
  readonly ledger?: LedgerOptions | undefined;
  /** Who may be told of what happens in buckets. */
  readonly events?: EventOptions | undefined;
  /** The store's own keys; without, nothing is encrypted under them, and nothing such read. */
  readonly keys?: KeyRing | undefined;
}
