import { isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Disk } from '../base/host.js';
import { type Change, changeRecord } from '../format/change-record.js';
import type { ChangeEntry } from '../format/ledger-record.js';
import { ObjectMap } from '../merkle/object-map.js';
import { equalHashes } from '../merkle/rfc6962.js';
import type { LedgerLog, StoredBlock } from './ledger-log.js';
import { applyChange } from './map-changes.js';
import { type ReadMap, readMapSnapshot } from './map-snapshot.js';
import { nodeSha256 } from './node-hash.js';
import { SealedMaps, sealedMapsMax } from './sealed-maps.js';
import type { Between } from './turns.js';

/** The maps of the newest blocks, and how many changes were replayed to make them. */
export interface RestoredMaps {
  readonly maps: SealedMaps;
  readonly changeCount: number;
}

/**
 * The maps that the newest blocks state: from the snapshot if it fits, and the change records from
 * there on.
 * @throws LogStoreError `RECORD_CORRUPT` where a block states another map, or a record is damaged
 */
export async function restoreMaps(
  disk: Disk,
  ledger: LedgerLog,
  between: Between,
): Promise<RestoredMaps> {
  const found = await snapshotOf(disk, ledger, between);
  try {
    return await replay(ledger, found, between);
  } catch (error) {
    // A cache may be at fault: what counts is what the changes lead to.
    if (found === undefined || !isLogStoreError(error, 'RECORD_CORRUPT')) throw error;
    return await replay(ledger, undefined, between);
  }
}

/** The snapshot, if it is of a block of this ledger and whole. @throws LogStoreError */
export function snapshotOf(
  disk: Disk,
  ledger: LedgerLog,
  between: Between,
): Promise<ReadMap | undefined> {
  return readMapSnapshot(
    disk,
    async ({ height, count, root, blockLeaf }) => {
      // The changes that follow an older one may be gone.
      if (height >= ledger.size || height < (ledger.anchor?.height ?? 0)) return false;
      if (!equalHashes(blockLeaf, ledger.tree.hashAt(0, height))) return false;
      const { map } = (await ledger.block(height)).block;
      return map[0] === count && equalHashes(map[1], root);
    },
    between,
  );
}

async function replay(
  ledger: LedgerLog,
  found: ReadMap | undefined,
  between: Between,
): Promise<RestoredMaps> {
  const begun = found ?? (await anchoredMap(ledger, between));
  const maps = new SealedMaps(begun?.map);
  let changeCount = 0;
  const isNew = begun !== undefined && begun.height >= ledger.size - sealedMapsMax;
  if (isNew) maps.seal(begun.height, 0);
  for (let height = (begun?.height ?? -1) + 1; height < ledger.size; height++) {
    const stored = await ledger.block(height);
    for (const { text } of await ledger.changes(stored)) {
      applyChange(maps.map, changeRecord.decode(text));
      changeCount++;
      await between();
    }
    if (height < ledger.size - sealedMapsMax) continue;
    for (const _ of maps.map.rehash()) await between();
    checkMap(maps.map, stored);
    maps.seal(height, changeCount);
  }
  return { maps, changeCount };
}

/** The map at the height up to which changes were pruned; undefined where none were. */
export async function anchoredMap(
  ledger: LedgerLog,
  between: Between,
  entry: (change: Change, entry: ChangeEntry) => void = () => undefined,
): Promise<ReadMap | undefined> {
  const { anchor } = ledger;
  if (anchor === undefined) return undefined;
  const map = new ObjectMap(nodeSha256);
  for await (const anchored of ledger.anchored()) {
    const change = changeRecord.decode(anchored.text);
    applyChange(map, change);
    entry(change, anchored);
    await between();
  }
  for (const _ of map.rehash()) await between();
  checkMap(map, await ledger.block(anchor.height));
  return { map, height: anchor.height };
}

/** Whether the map is what a block says. @throws LogStoreError `RECORD_CORRUPT` */
export function checkMap(map: ObjectMap, { height, block }: StoredBlock): void {
  const [count, root] = block.map;
  if (map.count === count && equalHashes(map.root(), root)) return;
  const message = `block ${height} states another map than its changes lead to`;
  throw new LogStoreError('RECORD_CORRUPT', message);
}
