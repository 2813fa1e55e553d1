import { LogStoreError } from '../base/errors.js';
import type { Host } from '../base/host.js';
import { limits } from '../base/limits.js';
import { changeRecord } from '../format/change-record.js';
import { versionKey } from '../format/key-encoding.js';
import type { LedgerAnchor } from '../format/ledger-anchor.js';
import type { ChangeEntry } from '../format/ledger-record.js';
import { planCompaction, type SegmentLife } from '../log/compaction-plan.js';
import type { Compactor } from '../log/compactor.js';
import { ObjectMap } from '../merkle/object-map.js';
import { writeAnchor } from './anchor-file.js';
import { findEpoch } from './epoch.js';
import { epochDirectory, hostBelow } from './ledger-files.js';
import { LedgerLog } from './ledger-log.js';
import { applyChange } from './map-changes.js';
import { nodeSha256 } from './node-hash.js';
import { checkMap } from './restore-map.js';

export interface PruneOptions {
  /** Change records of blocks below this height go. */
  readonly before: number;
  /** Blocks done, of all, twice over. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

export interface PruneReport {
  /** Of the last block whose change records are gone. */
  readonly height: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

const syncBytes = 64 * 1024 ** 2;

/**
 * Drops the change records of all blocks below a height, but for those that made what the map held
 * there: they are written once more, behind an anchor. Blocks stay. The caller holds the store's
 * lock. Cut short, it is done again from the beginning, or has happened.
 * @throws LogStoreError `NO_LEDGER`, `LEDGER_BROKEN`; `INVALID_ARGUMENT`; `RECORD_CORRUPT` where a
 *   block states another map: then nothing is dropped
 */
export async function pruneLedger(host: Host, options: PruneOptions): Promise<PruneReport> {
  const epoch = await findEpoch(host.disk);
  if (epoch === undefined) throw new LogStoreError('NO_LEDGER', 'this store has no ledger');
  const below = hostBelow(host, epochDirectory(epoch.number));
  await endSegment(below);
  await using ledger = await LedgerLog.open(below, { mode: 'write' }, epoch.origin);
  if (ledger.broken !== undefined)
    throw new LogStoreError('LEDGER_BROKEN', `the ledger is broken: ${ledger.broken}`);
  const height = options.before - 1;
  const isThere = height < ledger.size && height > (ledger.anchor?.height ?? -1);
  if (!isThere) {
    const from = (ledger.anchor?.height ?? -1) + 2;
    const message = `there are blocks ${from} to ${ledger.size} before which to prune`;
    throw new LogStoreError('INVALID_ARGUMENT', message);
  }
  const dropped = await droppedNumbers(ledger, height);
  const map = await mapAt(ledger, height, options);
  const entries = await rewriteEntries(ledger, height, map, options);
  await ledger.prove();
  const root = ledger.tree.rootAt(height + 1);
  const anchor: LedgerAnchor = { origin: epoch.origin, height, root, entries };
  await writeAnchor(below.disk, anchor);
  ledger.anchor = anchor;
  return { height, ...(await rewriteSegments(ledger.compactor, dropped)) };
}

/** What is written next begins a new segment, if there is much before it: that can be rewritten. */
async function endSegment(host: Host): Promise<void> {
  await using ledger = await LedgerLog.open(host, {
    mode: 'write',
    segmentBytes: limits.segmentBytesMin,
  });
  if (ledger.broken === undefined) await ledger.appendUnnamed(new Uint8Array(1));
}

/** Change records in order, from the anchor before and the blocks up to a height. */
async function* entriesUpTo(
  ledger: LedgerLog,
  height: number,
  done: (height: number) => void,
): AsyncGenerator<ChangeEntry> {
  yield* ledger.anchored();
  for (let at = (ledger.anchor?.height ?? -1) + 1; at <= height; at++) {
    yield* await ledger.changes(await ledger.block(at));
    done(at);
  }
}

async function mapAt(
  ledger: LedgerLog,
  height: number,
  { progress }: PruneOptions,
): Promise<ObjectMap> {
  const map = new ObjectMap(nodeSha256);
  const done = (at: number) => progress?.(at + 1, 2 * (height + 1));
  for await (const { text } of entriesUpTo(ledger, height, done))
    applyChange(map, changeRecord.decode(text));
  for (const _ of map.rehash());
  checkMap(map, await ledger.block(height));
  return map;
}

/** @returns where they stand now, as the anchor has it */
async function rewriteEntries(
  ledger: LedgerLog,
  height: number,
  map: ObjectMap,
  { progress }: PruneOptions,
): Promise<LedgerAnchor['entries']> {
  const places: [sequence: number, version: number][] = [];
  let waiting: ChangeEntry[] = [];
  const flush = async () => {
    const [first] = waiting;
    if (first === undefined) return;
    const { version } = changeRecord.decode(first.text);
    places.push([await ledger.appendEntries(waiting), version]);
    waiting = [];
  };
  const done = (at: number) => progress?.(height + at + 2, 2 * (height + 1));
  let sizeBytes = 0;
  for await (const entry of entriesUpTo(ledger, height, done)) {
    if (!isAlive(map, entry)) continue;
    waiting.push(entry);
    sizeBytes += entry.text.length;
    if (sizeBytes < limits.dataRecordBytesMax / 4) continue; // in UTF-8 up to three times as long
    await flush();
    sizeBytes = 0;
  }
  await flush();
  return places;
}

/** Whether it made the first record, or the last, of something that the map holds. */
function isAlive(map: ObjectMap, { text }: ChangeEntry): boolean {
  const { version: change, object, added } = changeRecord.decode(text);
  const [[bucket, key] = ['', '']] = object;
  const [version] = added[0] ?? [];
  if (version === undefined) return false;
  const inMap = versionKey(bucket, key, version);
  if (map.recordHash(inMap) === undefined) return false;
  return change === version || map.restated(inMap)?.change === change;
}

/** The numbers of records that nobody needs any more, once the anchor stands. */
async function droppedNumbers(
  ledger: LedgerLog,
  height: number,
): Promise<(sequence: number) => boolean> {
  const firsts: number[] = [];
  const ends: number[] = [];
  for (let at = 0; at <= height; at++) {
    const { changes } = await ledger.block(at);
    if (changes.count === 0) continue;
    firsts.push(changes.first);
    ends.push(changes.first + changes.count);
  }
  const anchored = new Set(ledger.anchor?.entries.map(([sequence]) => sequence));
  return (sequence) => {
    let [low, high] = [0, firsts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((firsts[middle] ?? 0) <= sequence) low = middle + 1;
      else high = middle;
    }
    return sequence < (ends[low - 1] ?? 0) || anchored.has(sequence);
  };
}

async function rewriteSegments(
  compactor: Compactor,
  isDropped: (sequence: number) => boolean,
): Promise<Pick<PruneReport, 'bytesBefore' | 'bytesAfter'>> {
  const between = async () => undefined;
  await compactor.sources(between); // by then every segment that has ended has its footer
  await compactor.loadTables();
  const lives: SegmentLife[] = [];
  let [bytesBefore, bytesAfter] = [0, 0];
  for (const { fileId, first, end } of compactor.segments()) {
    const measured = await compactor.measure(fileId, (number) => !isDropped(number), between);
    bytesBefore += measured.sizeBytes;
    bytesAfter += measured.liveBytes;
    if (end !== 0) lives.push({ fileId, ...measured, numberCount: end - first });
    else bytesAfter += measured.sizeBytes - measured.liveBytes;
  }
  const groups = planCompaction(lives, {
    ...{ deadRatioMin: 0, deadRatioLeft: 0, workBytes: Infinity, youngCount: 0, all: true },
    ...{ segmentBytes: limits.segmentBytesDefault, roomBytes: await compactor.roomBytes() },
  });
  const judge = {
    keepsData: (sequence: number) => !isDropped(sequence),
    verdict: () => 'keep' as const,
    isAllDead: () => false,
    ...{ syncBytes, removalDroppedMax: 0 },
  };
  for (const group of groups) {
    const fileIds = group.map(({ fileId }) => fileId);
    await compactor.rewrite(fileIds, judge, between, between);
    await compactor.settled();
  }
  return { bytesBefore, bytesAfter };
}
