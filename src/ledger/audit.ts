import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Disk } from '../base/host.js';
import { type Check, NotProven } from '../base/not-proven.js';
import { type Change, changeRecord } from '../format/change-record.js';
import { keyPrefix, versionKey } from '../format/key-encoding.js';
import type { LedgerBlock } from '../format/ledger-block.js';
import { treeHash } from '../merkle/growing-tree.js';
import { ObjectMap } from '../merkle/object-map.js';
import { equalHashes } from '../merkle/rfc6962.js';
import { type Checkpoint, decodeCheckpoint, signersOf } from './checkpoint.js';
import { isHandedOn } from './key-rotation.js';
import { type KeySet, keySet, keysAt } from './keys.js';
import { readWhole, tilesDirectory } from './ledger-files.js';
import type { LedgerLog } from './ledger-log.js';
import { applyChange } from './map-changes.js';
import { nodeSha256 } from './node-hash.js';
import { decodeNote } from './note.js';
import { checkpointFile, renderTile } from './publisher.js';
import { type Tile, tilePath, tilesBetween, tileWidth } from './tiles.js';
import type { Between } from './turns.js';

/** Bytes that are no UTF-8 become a text that is no note. */
const decoder = new TextDecoder();

/** A ledger that can be replayed, wherever its blocks (B) and its changes (E) come from. */
export interface Replayable<B extends AuditedBlock, E extends AuditedChange> {
  readonly size: number;
  /** Why there are no more blocks. */
  readonly broken: string | undefined;
  block(height: number): Promise<B>;
  keys(block: B): Promise<string>;
  changes(block: B): Promise<readonly E[]>;
}

interface AuditedBlock {
  readonly block: LedgerBlock;
}

interface AuditedChange {
  /** change/v1 */
  readonly text: string;
}

export interface AuditSteps<E> {
  /** After each block: how many are done. */
  block?(height: number): void;
  /** Each change in order, once it was found to be right. */
  change?(change: Change, entry: E): void;
  readonly between: Between;
  /** The map at the height up to which changes were pruned: the audit starts from it. */
  readonly pruned?: { readonly map: ObjectMap; readonly height: number } | undefined;
}

/**
 * Replays every change from the first block on, and recomputes what each block states.
 * @returns the map of the last block, rehashed
 * @throws NotProven naming the first thing wrong; LogStoreError `RECORD_CORRUPT`, `IO`
 */
export async function auditBlocks<B extends AuditedBlock, E extends AuditedChange>(
  ledger: Replayable<B, E>,
  steps: AuditSteps<E>,
): Promise<ObjectMap> {
  const map = steps.pruned?.map ?? new ObjectMap(nodeSha256);
  const { pruned } = steps;
  let keys: KeySet | undefined;
  for (let height = 0; height < ledger.size; height++) {
    const stored = await ledger.block(height);
    keys = await auditKeys(ledger, stored, keys);
    if (height <= (pruned?.height ?? -1)) {
      steps.block?.(height);
      continue;
    }
    const entries = await ledger.changes(stored);
    const texts = entries.map(({ text }) => utf8ToBytes(text));
    const [count, root] = stored.block.delta;
    const isDelta = count === texts.length && equalHashes(root, treeHash(nodeSha256, texts));
    must('delta', isDelta, stored, 'its change records are not those that it states');
    let last: Change | undefined;
    for (const entry of entries) {
      const change = changeRecord.decode(entry.text);
      auditOrder(last, change, stored);
      last = change;
      auditChange(map, change, stored);
      applyChange(map, change);
      steps.change?.(change, entry);
      await steps.between();
    }
    for (const _ of map.rehash()) await steps.between();
    const [keyCount, mapRoot] = stored.block.map;
    const isMap = map.count === keyCount && equalHashes(map.root(), mapRoot);
    must('map', isMap, stored, 'it states another map than its changes lead to');
    steps.block?.(height);
  }
  must('block', ledger.broken === undefined, undefined, ledger.broken ?? '');
  return map;
}

/** @returns the set that the block names */
async function auditKeys<B extends AuditedBlock, E extends AuditedChange>(
  ledger: Replayable<B, E>,
  stored: B,
  before: KeySet | undefined,
): Promise<KeySet> {
  const text = await ledger.keys(stored);
  const isNamed = equalHashes(nodeSha256(utf8ToBytes(text)), stored.block.keys);
  must('keys', isNamed, stored, 'its key set is not the one that it names');
  const set = keySet.decode(text);
  const isNext = before === undefined || isHandedOn(before, set, stored.block.height);
  must('keys', isNext, stored, 'its key set does not follow from the one before');
  return set;
}

/** By version; the deletion of a bucket makes several changes, in the order of their keys. */
function auditOrder(last: Change | undefined, change: Change, stored: AuditedBlock): void {
  const [first, next] = stored.block.versions;
  const { version } = change;
  const isBehind =
    last === undefined ||
    version > last.version ||
    (version === last.version && Buffer.compare(prefixOf(last), prefixOf(change)) < 0);
  const isInOrder = version >= first && version < next && isBehind;
  must('record', isInOrder, stored, `version ${version} does not stand in order in it`);
}

function prefixOf({ object: [[bucket, key] = ['', '']] }: Change): Uint8Array {
  return keyPrefix(bucket, key);
}

/** A change takes out what is there, and puts in what is not. */
function auditChange(map: ObjectMap, change: Change, stored: AuditedBlock): void {
  const [[bucket, key] = ['', '']] = change.object;
  const at = `change ${change.version}`;
  must('record', change.object.length === 1, stored, `${at} has no name`);
  must('record', change.added.length <= 1, stored, `${at} adds more than one version`);
  const removed = new Set<number>();
  for (const [version, recordHash] of change.removed) {
    const there = map.recordHash(versionKey(bucket, key, version));
    const isThere = there !== undefined && equalHashes(there, recordHash) && !removed.has(version);
    must('record', isThere, stored, `${at} removes version ${version}, which is not there`);
    removed.add(version);
  }
  for (const [version] of change.added) {
    const isNew = map.recordHash(versionKey(bucket, key, version)) === undefined;
    must('record', isNew || removed.has(version), stored, `${at} adds what is there already`);
  }
}

/** What lies below `tiles/`, all of which follows from the blocks and their key. */
export interface Published {
  /** Of blocks that are there, and signed; undefined where there is none on the disk. */
  readonly checkpoint: Checkpoint | undefined;
  /** Files that are missing or are not what the blocks make: a power cut may leave any such. */
  readonly rebuildable: readonly string[];
}

/**
 * Holds what is published against the blocks: the checkpoint, its signature, and every tile.
 * @param bytes of the checkpoint's file, from before the ledger was opened: it may go on meanwhile
 * @throws NotProven where it says something else than the blocks, and not only less
 */
export async function auditPublished(
  disk: Disk,
  ledger: LedgerLog,
  bytes: Uint8Array | undefined,
): Promise<Published> {
  if (bytes === undefined) return { checkpoint: undefined, rebuildable: [] };
  const read = readable(() => {
    const note = decodeNote(decoder.decode(bytes));
    return { note, checkpoint: decodeCheckpoint(note.text) };
  });
  if (read === undefined) return { checkpoint: undefined, rebuildable: [checkpointFile] };
  const { note, checkpoint } = read;
  const { origin, size, root } = checkpoint;
  const last = ledger.last;
  must('log', size >= 1 && size <= ledger.size, undefined, cut(size, ledger.size));
  must('log', origin === last?.block.origin, undefined, 'the checkpoint is of another log');
  const isRoot = equalHashes(root, ledger.tree.rootAt(size));
  const otherRoot = `the checkpoint of ${size} blocks has another root than they have`;
  must('log', isRoot, undefined, otherRoot);
  const set = keySet.decode(await ledger.keys(await ledger.block(size - 1)));
  const signers = readable(() => signersOf(note, keysAt(set, size - 1))) ?? [];
  const rebuildable = signers.length > 0 ? [] : [checkpointFile];
  for (const tile of tilesBetween(0, size)) {
    const path = `${tilesDirectory}/${tilePath(tile)}`;
    const stored = await readWhole(disk, path);
    const isSame = stored !== undefined && equalHashes(stored, await renderTile(ledger, tile));
    if (!isSame && !(await isOvertaken(disk, tile))) rebuildable.push(path);
  }
  return { checkpoint: signers.length > 0 ? checkpoint : undefined, rebuildable };
}

/** Partial tiles go when the log has grown to a full one. */
async function isOvertaken(disk: Disk, tile: Tile): Promise<boolean> {
  if (tile.width === tileWidth) return false;
  const full = `${tilesDirectory}/${tilePath({ ...tile, width: tileWidth })}`;
  return (await disk.sizeBytes(full)) !== undefined;
}

/** Undefined for what is not in the form of a note, or not signed by whom it names. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotProven) return undefined;
    throw error;
  }
}

function cut(size: number, there: number): string {
  return `the checkpoint covers ${size} blocks, and there are ${there}: the end was cut off`;
}

function must(
  check: Check,
  holds: boolean,
  at: AuditedBlock | undefined,
  otherwise: string,
): asserts holds {
  const place = at === undefined ? '' : `block ${at.block.height}: `;
  if (!holds) throw new NotProven(check, `${place}${otherwise}`);
}
