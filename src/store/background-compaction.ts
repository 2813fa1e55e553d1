import type { Host } from '../base/host.js';
import { limits } from '../base/limits.js';
import type { Log } from '../log/types.js';
import { Maintenance } from './maintenance.js';
import type { SpaceUse } from './space-use.js';
import type { StoreOptions } from './store-options.js';
import type { CompactionReport } from './types.js';

/** Compaction in the background, begun; whoever runs the store is told when it comes to nothing. */
export function backgroundCompaction(
  { clock }: Host,
  log: Log,
  { segmentBytes = limits.segmentBytesDefault, tell }: StoreOptions,
  store: { use(): SpaceUse; compact(): Promise<CompactionReport> },
): Maintenance {
  const maintenance = new Maintenance({
    ...{ clock, segmentBytes, use: () => store.use() },
    compact: () => store.compact(),
    failed: (error) =>
      tell?.({
        ...{ level: 'warn', message: 'compaction came to nothing; it is tried again' },
        facts: { err: error },
      }),
  });
  log.whenSpaceIsLow(() => maintenance.makesRoom());
  maintenance.start();
  return maintenance;
}
