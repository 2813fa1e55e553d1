import { LogStoreError } from '../base/errors.js';
import { type Change, changeRecord } from '../format/change-record.js';
import { versionKey } from '../format/key-encoding.js';
import { ObjectMap } from '../merkle/object-map.js';
import { equalHashes } from '../merkle/rfc6962.js';
import type { LedgerLog } from './ledger-log.js';
import { nodeSha256 } from './node-hash.js';

/** Gives others a turn, now and then. */
export type Between = () => Promise<void>;

/** The map as the last block states it, from all change records. @throws LogStoreError */
export async function restoreMap(ledger: LedgerLog, between: Between): Promise<ObjectMap> {
  const map = new ObjectMap(nodeSha256);
  for (let height = 0; height < ledger.size; height++) {
    for (const { text } of await ledger.changes(await ledger.block(height))) {
      applyChange(map, changeRecord.decode(text));
      await between();
    }
  }
  for (const _ of map.rehash()) await between();
  const stated = ledger.last?.block.map ?? [0, nodeSha256()];
  if (map.count === stated[0] && equalHashes(map.root(), stated[1])) return map;
  const at = `block ${ledger.size - 1}`;
  throw new LogStoreError('RECORD_CORRUPT', `${at} states another map than its changes lead to`);
}

/** What a change record says, done to a map. */
export function applyChange(map: ObjectMap, { object, removed, added }: Change): void {
  const [[bucket, key] = ['', '']] = object;
  for (const [version] of removed) map.remove(versionKey(bucket, key, version));
  for (const [version, recordHash] of added) map.set(versionKey(bucket, key, version), recordHash);
}
