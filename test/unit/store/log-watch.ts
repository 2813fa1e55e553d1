import type { Host } from '../../../src/base/host.js';
import { type Commit, decodeCommitMeta } from '../../../src/format/commit.js';
import { openLog } from '../../../src/log/open-log.js';

/** Every commit that the log of a closed store holds, with its record's number. */
export async function commitsOf(host: Host): Promise<(Commit & { sequence: number })[]> {
  const commits: (Commit & { sequence: number })[] = [];
  await using _log = await openLog(
    host,
    { mode: 'read' },
    {
      commit: (sequence, meta) => commits.push({ ...decodeCommitMeta(meta.slice()), sequence }),
      lost: (sequence) => {
        throw new Error(`record ${sequence} is lost`);
      },
    },
  );
  return commits;
}
