import { isLogStoreError } from '../base/errors.js';
import type { Host } from '../base/host.js';
import { applyCommit } from '../catalog/fold.js';
import { emptyState } from '../catalog/state.js';
import { decodeCommitMeta } from '../format/commit.js';
import type { Finding } from '../log/audit.js';
import { openLog } from '../log/open-log.js';
import { type DamagedObject, ObjectsOnDamage } from './objects-on-damage.js';

/**
 * Folds the log from its beginning, beside whoever has it open, and finds the live objects that
 * stand on damaged records.
 * @returns undefined if the log does not open
 */
export async function foldDamage(
  host: Host,
  records: { lost: ReadonlySet<number>; rebuilt: ReadonlySet<number> },
  found: (finding: Finding) => void,
): Promise<{ lost: DamagedObject[]; rebuilt: DamagedObject[]; objectCount: number } | undefined> {
  const state = emptyState();
  const [lost, rebuilt] = [new ObjectsOnDamage(records.lost), new ObjectsOnDamage(records.rebuilt)];
  const commit = (sequence: number, meta: Uint8Array, flags: number) => {
    applyCommit(state, decodeCommitMeta(meta), sequence);
    lost.commit(sequence, meta, flags);
    rebuilt.commit(sequence, meta, flags);
  };
  try {
    await using log = await openLog(host, { mode: 'read' }, { commit, lost: () => undefined });
    if (log.state.is === 'read-only' && records.lost.size > 0) {
      const what = `no write is taken while this stands: ${log.state.reason}`;
      if (/commits cannot be read/.test(what)) found({ is: 'note', file: 'log', what });
    }
  } catch (error) {
    if (!isLogStoreError(error)) throw error;
    found({ is: 'damage', file: 'log', what: `the store does not open: ${error.message}` });
    return undefined;
  }
  const lostObjects = lost.live(state);
  const isLost = new Set(lostObjects.map(({ version }) => version));
  const others = rebuilt.live(state).filter(({ version }) => !isLost.has(version));
  return { lost: lostObjects, rebuilt: others, objectCount: state.objects.count };
}
