import { errnoOf, LogStoreError } from '../base/errors.js';
import type { Disk, DiskFile } from '../base/host.js';
import { getU32 } from '../format/byte-order.js';
import { temporarySuffix } from '../format/file-names.js';
import {
  decodeMapFrame,
  decodeMapSnapshotHeader,
  encodeMapSnapshotHeader,
  MapFrame,
  type MapSnapshotHeader,
  mapFrameBytesMax,
  mapFrameHeadBytes,
  mapSnapshotHeaderBytes,
} from '../format/map-snapshot.js';
import { isLowOnSpace } from '../log/space-guard.js';
import type { MapView } from '../merkle/map-view.js';
import { ObjectMap } from '../merkle/object-map.js';
import { equalHashes } from '../merkle/rfc6962.js';
import { mapSnapshotFile } from './ledger-files.js';
import { nodeSha256 } from './node-hash.js';
import type { Between } from './turns.js';

/** What one sync makes durable: those of the store's writers wait behind it. */
const syncBytes = 4 * 1024 ** 2;

/**
 * Writes the map of a block, with the hashes of its nodes, so that opening hashes nothing
 * (SPEC.md §14.15). The view must stay as it is meanwhile.
 * @param blockLeaf leaf hash of the block at `height`
 * @throws LogStoreError `NO_SPACE` where that would take the room of what is more than a cache
 */
export async function writeMapSnapshot(
  disk: Disk,
  view: MapView,
  { height, blockLeaf }: Pick<MapSnapshotHeader, 'height' | 'blockLeaf'>,
  between: Between,
): Promise<void> {
  const temporary = mapSnapshotFile + temporarySuffix;
  if ((await disk.sizeBytes(temporary)) !== undefined) await disk.unlink(temporary);
  const header = { height, count: view.count, root: view.root(), blockLeaf };
  const file = await disk.open(temporary, 'create');
  try {
    const yieldsRoom = async () => {
      if (await isLowOnSpace(disk))
        throw new LogStoreError('NO_SPACE', 'there is no room for a snapshot of the map');
    };
    await writeAll(file, header, view, { between, synced: yieldsRoom });
    await disk.rename(temporary, mapSnapshotFile);
  } catch (error) {
    // It may have filled the disk, and it is large. Where it cannot go now, the next one takes it.
    await disk.unlink(temporary).catch(() => undefined);
    throw error;
  }
  await disk.syncDirectory('');
}

/** Closes the file, whatever happens. */
async function writeAll(
  file: DiskFile,
  header: MapSnapshotHeader,
  view: MapView,
  steps: WritingSteps,
): Promise<void> {
  try {
    await file.write(0, [encodeMapSnapshotHeader(header)]);
    await writeEntries(file, view, steps);
    await file.sync();
  } finally {
    await file.close();
  }
}

interface WritingSteps {
  readonly between: Between;
  /** After each part that was synced: may end it. */
  readonly synced: () => Promise<void>;
}

async function writeEntries(
  file: DiskFile,
  view: MapView,
  { between, synced }: WritingSteps,
): Promise<void> {
  const frame = new MapFrame();
  let offset = mapSnapshotHeaderBytes;
  let syncedBytes = 0;
  const write = async () => {
    const bytes = frame.take();
    await file.write(offset, [bytes]);
    offset += bytes.length;
    if (offset - syncedBytes < syncBytes) return;
    await file.sync();
    syncedBytes = offset;
    await synced();
  };
  for (const entry of view.inOrder()) {
    if (!frame.add(entry)) {
      await write();
      frame.add(entry);
      await between();
    }
  }
  if (view.count > 0) await write();
}

/** A map that was read back, and the height of the block that states it. */
export interface ReadMap {
  readonly map: ObjectMap;
  readonly height: number;
}

/**
 * The map of a snapshot, if `isOfThis` holds of its header and every byte of it is whole; its root
 * is then the one that the header states. Undefined otherwise: it is a cache.
 */
export async function readMapSnapshot(
  disk: Disk,
  isOfThis: (header: MapSnapshotHeader) => Promise<boolean>,
  between: Between,
): Promise<ReadMap | undefined> {
  try {
    if ((await disk.sizeBytes(mapSnapshotFile)) === undefined) return undefined;
    const file = await disk.open(mapSnapshotFile, 'read');
    try {
      const head = new Uint8Array(mapSnapshotHeaderBytes);
      const header = decodeMapSnapshotHeader(head.subarray(0, await file.read(head, 0)));
      if (header === undefined || !(await isOfThis(header))) return undefined;
      const map = await readEntries(file, header.count, between);
      const isWhole = map?.count === header.count && equalHashes(map.root(), header.root);
      return map !== undefined && isWhole ? { map, height: header.height } : undefined;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined; // the disk cannot read it: it is made again
  }
}

/**
 * Whether every hash of a map that was read back is what its leaves lead to: all of them are made
 * again, from nothing.
 */
export async function isSoundMap({ map }: ReadMap, between: Between): Promise<boolean> {
  const made = new ObjectMap(nodeSha256);
  for (const { key, recordHash } of map.now().inOrder()) {
    made.set(key, recordHash);
    await between();
  }
  for (const _ of made.rehash()) await between();
  const others = made.now().inOrder();
  for (const { between: hash } of map.now().inOrder()) {
    const other = others.next().value?.between;
    const isSame =
      hash === undefined || other === undefined ? hash === other : equalHashes(hash, other);
    if (!isSame) return false;
  }
  return true;
}

async function readEntries(
  file: DiskFile,
  count: number,
  between: Between,
): Promise<ObjectMap | undefined> {
  const { map, add } = ObjectMap.load(nodeSha256);
  const head = new Uint8Array(mapFrameHeadBytes);
  for (let offset = mapSnapshotHeaderBytes; map.count < count; ) {
    if ((await file.read(head, offset)) < mapFrameHeadBytes) return undefined;
    const sizeBytes = getU32(head, 0);
    if (sizeBytes === 0 || sizeBytes > mapFrameBytesMax) return undefined;
    const bytes = new Uint8Array(sizeBytes);
    if ((await file.read(bytes, offset + mapFrameHeadBytes)) < sizeBytes) return undefined;
    const entries = decodeMapFrame(bytes, getU32(head, 4));
    if (entries === undefined || !entries.every((entry) => add(entry))) return undefined;
    offset += mapFrameHeadBytes + sizeBytes;
    await between();
  }
  return map;
}
