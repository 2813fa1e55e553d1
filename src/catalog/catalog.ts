import { LogStoreError } from '../base/errors.js';
import { bucketPrefix } from '../format/key-encoding.js';
import type { LiveMarks } from './live-marks.js';
import { LostCommits } from './lost-commits.js';
import { Pending } from './pending.js';
import { RecentChanges } from './recent-changes.js';
import { type Bucket, type CatalogState, emptyState, type Versioning } from './state.js';

/**
 * All that answers questions about what the store holds: the durable state, what is pending on top
 * of it, what is not known for damage. Only the fold changes the state.
 */
export class Catalog {
  readonly pending = new Pending();
  readonly changes = new RecentChanges();
  readonly lost = new LostCommits();
  /** While compaction runs: told of every commit that takes its place in the log. */
  marks: LiveMarks | undefined;

  constructor(public state: CatalogState = emptyState()) {}
}

/** @throws LogStoreError `NO_SUCH_BUCKET`, `UNCERTAIN` */
export function bucketOf(catalog: Catalog, name: string): Bucket {
  const bucket = catalog.state.buckets.get(name);
  if (catalog.lost.any) catalog.lost.check(bucketPrefix(name), bucket?.sequence ?? 0);
  if (bucket === undefined) throw new LogStoreError('NO_SUCH_BUCKET', `no bucket ${name}`);
  return bucket;
}

export function versioningIn(catalog: Catalog, bucket: string): Versioning {
  return catalog.state.buckets.get(bucket)?.versioning ?? 'off';
}
