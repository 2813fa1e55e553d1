import type { Host } from '../base/host.js';
import { applyCommit } from '../catalog/fold.js';
import { indexDigestOf } from '../catalog/index-digest.js';
import { emptyState } from '../catalog/state.js';
import { decodeCommitMeta } from '../format/commit.js';
import { footerStubFlag } from '../format/footer.js';
import type { Mutation } from '../format/mutation.js';
import { inlineBodyFlag } from '../format/record.js';
import { openLog } from '../log/open-log.js';

/** What one commit of the log did. */
export interface ReplayedCommit {
  readonly sequence: number;
  readonly timeUnixMs: number;
  readonly version: number;
  readonly inline: boolean;
  /** What compaction left of it: it removes, and creates nothing. */
  readonly isStub: boolean;
  readonly mutations: readonly Mutation[];
}

export interface ReplayReport {
  readonly commitCount: number;
  readonly recordCount: number;
  readonly objectCount: number;
  readonly bucketCount: number;
  readonly uploadCount: number;
  readonly lostRecords: readonly number[];
  readonly indexDigest: Uint8Array;
}

/**
 * Walks the log from its beginning, tells of each commit in `[from, to]`, and folds all of them
 * into an index of its own. Takes no lock and changes nothing.
 * @throws LogStoreError `NOT_A_STORE`, `STORE_DAMAGED`, `UNSUPPORTED_VERSION`
 */
export async function replayStore(
  host: Host,
  range: { from?: number | undefined; to?: number | undefined },
  visit: (commit: ReplayedCommit) => void,
): Promise<ReplayReport> {
  const state = emptyState();
  const lostRecords: number[] = [];
  const { from = 1, to = Infinity } = range;
  let commitCount = 0;
  await using log = await openLog(
    host,
    { mode: 'read' },
    {
      commit(sequence, meta, flags) {
        const commit = decodeCommitMeta(meta);
        applyCommit(state, commit, sequence);
        commitCount++;
        const inline = (flags & inlineBodyFlag) !== 0;
        const isStub = (flags & footerStubFlag) !== 0;
        if (sequence >= from && sequence <= to) visit({ ...commit, sequence, inline, isStub });
      },
      lost: (sequence) => lostRecords.push(sequence),
    },
  );
  return {
    ...{ commitCount, recordCount: log.sequenceNext - 1, lostRecords },
    ...{ objectCount: state.objects.count, bucketCount: state.buckets.size },
    ...{ uploadCount: state.uploads.count, indexDigest: indexDigestOf(state) },
  };
}
