import { LogStoreError } from '../base/errors.js';
import { admitCreateBucket, admitDeleteBucket } from '../catalog/buckets.js';
import { bucketOf, type Catalog } from '../catalog/catalog.js';
import { admitConfiguration, fromCreation, lockFromCreation } from '../catalog/configurations.js';
import { PendingCommit } from '../catalog/pending.js';
import type { Bucket, Versioning } from '../catalog/state.js';
import type { ConfigurationName } from '../format/mutation.js';
import type { Committer } from './committer.js';
import type { BucketInfo } from './types.js';
import type { BucketConfiguration, CreateBucketOptions } from './version-types.js';

/** How often the deletion of a bucket makes way for others who write to it. */
const deleteAttemptsMax = 100;

/** The verbs of buckets. */
export class Buckets {
  constructor(
    private readonly catalog: Catalog,
    private readonly committer: Committer,
  ) {}

  create(name: string, options: CreateBucketOptions): Promise<BucketInfo> {
    const { objectLock = false, owner = null, configurations = {} } = options;
    return this.committer.admit(() => {
      const mutation = admitCreateBucket(this.catalog, name, owner);
      if (mutation instanceof PendingCommit) return mutation;
      const info = ({ timeUnixMs: createdUnixMs }: PendingCommit): BucketInfo => {
        return { name, createdUnixMs, owner };
      };
      const nowMs = this.committer.nowUnixMs();
      const build = (version: number) => [
        mutation,
        ...(objectLock ? lockFromCreation(name, version) : []),
        ...fromCreation(name, version, configurations),
      ];
      return this.committer.commitBuilt(nowMs, build(0).length, build, info);
    });
  }

  versioning(name: string): Versioning {
    return bucketOf(this.catalog, name).versioning;
  }

  configuration(name: string, of: ConfigurationName): BucketConfiguration | undefined {
    const found = bucketOf(this.catalog, name).configurations.get(of);
    if (found === undefined) return undefined;
    const { value, timeUnixMs } = found;
    const own = typeof value === 'string' ? value : value.slice();
    return { value: own, modifiedUnixMs: timeUnixMs };
  }

  configure(name: string, of: ConfigurationName, value: string | Uint8Array | null): Promise<void> {
    return this.committer.admit(() => {
      const mutation = admitConfiguration(this.catalog, name, of, value);
      if (mutation instanceof PendingCommit) return mutation;
      if (mutation === undefined) return Promise.resolve();
      return this.committer.commit(this.committer.nowUnixMs(), [mutation], () => undefined);
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

function infoOf({ name, timeUnixMs, owner }: Bucket): BucketInfo {
  return { name, createdUnixMs: timeUnixMs, owner };
}
