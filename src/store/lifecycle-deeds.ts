import type { Catalog } from '../catalog/catalog.js';
import { versionIdOf } from '../catalog/versions.js';
import { type Mutation, objectFlags } from '../format/mutation.js';

/** Something that the lifecycle of a bucket has done, for whoever keeps a log of it. */
export interface LifecycleDeed {
  readonly bucket: string;
  readonly key: string;
  /** A version is gone, a delete marker was made, or an upload was aborted. */
  readonly did: 'removed' | 'marked' | 'aborted';
  /** Of the version that is gone, where the bucket has any. */
  readonly versionId: string | undefined;
}

/** What the mutations of a lifecycle do, in their order. */
export function lifecycleDeeds(
  { state }: Catalog,
  mutations: readonly Mutation[],
): readonly LifecycleDeed[] {
  return mutations.flatMap((mutation) => {
    if (mutation.is === 'putObject') return [deedOf(mutation, 'marked')];
    if (mutation.is === 'abortUpload') return [deedOf(mutation, 'aborted')];
    if (mutation.is !== 'deleteObject') return [];
    const { bucket, ends } = mutation;
    if ((state.buckets.get(bucket)?.versioning ?? 'off') === 'off')
      return [deedOf(mutation, 'removed')];
    const deeds: LifecycleDeed[] = [];
    for (let at = 2; at < ends.length; at += 3) {
      const versionId = versionIdOf(ends[at] ?? 0, objectFlags.versioned);
      deeds.push(deedOf(mutation, 'removed', versionId));
    }
    return deeds;
  });
}

function deedOf(
  { bucket, key }: { readonly bucket: string; readonly key: string },
  did: LifecycleDeed['did'],
  versionId?: string,
): LifecycleDeed {
  return { bucket, key, did, versionId };
}
