import { LogStoreError } from '../base/errors.js';
import { admitCreateBucket, admitDeleteBucket } from '../catalog/buckets.js';
import type { Bucket, Catalog } from '../catalog/catalog.js';
import { bucketOf } from '../catalog/objects.js';
import { PendingCommit } from '../catalog/pending.js';
import type { Committer } from './committer.js';
import type { BucketInfo } from './types.js';

/** How often the deletion of a bucket makes way for others who write to it. */
const deleteAttemptsMax = 100;

/** The verbs of buckets. */
export class Buckets {
  constructor(
    private readonly catalog: Catalog,
    private readonly committer: Committer,
  ) {}

  create(name: string): Promise<BucketInfo> {
    return this.committer.admit(() => {
      const mutation = admitCreateBucket(this.catalog, name);
      if (mutation instanceof PendingCommit) return mutation;
      return this.committer.commit(
        this.committer.nowUnixMs(),
        [mutation],
        ({ timeUnixMs: createdUnixMs }): BucketInfo => ({ name, createdUnixMs }),
      );
    });
  }

  async delete(name: string): Promise<void> {
    for (let attempts = 0; attempts < deleteAttemptsMax; attempts++) {
      if (await this.#deleteOrMakeWay(name)) return;
    }
    throw new LogStoreError('BUSY', 'others keep writing to the bucket');
  }

  /** @returns false if that was but the removal of its expired objects */
  #deleteOrMakeWay(name: string): Promise<boolean> {
    return this.committer.admit(() => {
      const nowMs = this.committer.nowUnixMs();
      const mutations = admitDeleteBucket(this.catalog, name, nowMs);
      if (mutations instanceof PendingCommit) return mutations.settled.then(() => false);
      const isDeleted = mutations.at(-1)?.is === 'deleteBucket';
      return this.committer.commit(nowMs, mutations, () => isDeleted);
    });
  }

  head(name: string): BucketInfo {
    return infoOf(bucketOf(this.catalog, name));
  }

  list(): BucketInfo[] {
    this.catalog.lost.checkAll();
    const names = [...this.catalog.state.buckets.values()].map(infoOf);
    return names.sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

function infoOf({ name, timeUnixMs }: Bucket): BucketInfo {
  return { name, createdUnixMs: timeUnixMs };
}
