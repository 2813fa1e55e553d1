import { errnoOf, LogStoreError } from '../base/errors.js';
import type { Disk } from '../base/host.js';
import { logDirectory, parseLogName, segmentPath, temporarySuffix } from '../format/file-names.js';
import type { ManifestState } from '../format/manifest-frame.js';
import { readSegmentHeaders } from './segment-file.js';
import { SegmentScan } from './segment-scan.js';

/**
 * Removes what the manifest does not name, where it is known to hold nothing that counts
 * (SPEC.md §5), after the manifest's copies were made equal.
 * @throws LogStoreError `STORE_DAMAGED` for a segment that may hold something
 */
export async function removeOrphans(disk: Disk, state: ManifestState): Promise<void> {
  for (const directory of ['', logDirectory]) {
    for (const name of await listOrEmpty(disk, directory)) {
      if (!name.endsWith(temporarySuffix)) continue;
      await disk.unlink(directory === '' ? name : `${directory}/${name}`);
    }
  }
  const named = new Map(state.files.map((file) => [file.fileId, file]));
  const protectedIds = new Set(state.parityGroups.map(({ fileId }) => fileId));
  const names = await listOrEmpty(disk, logDirectory);
  // What is missing may stand in a file that is not named: then nothing is removed.
  for (const { fileId } of state.files) {
    if (!names.some((name) => segmentPath(fileId) === `${logDirectory}/${name}`)) return;
  }
  for (const name of names) {
    const parsed = parseLogName(name);
    if (parsed === undefined) continue;
    const file = named.get(parsed.fileId);
    const path = `${logDirectory}/${name}`;
    if (parsed.is === 'footer') {
      // A footer that the manifest does not state is one whose writing was cut short.
      if (file?.footer === undefined) await disk.unlink(path);
    } else if (parsed.is === 'parity') {
      if (!protectedIds.has(parsed.fileId)) await disk.unlink(path);
    } else if (file === undefined) {
      await refuseUnlessSpare(disk, path, state);
      await disk.unlink(path);
    }
  }
}

/** A file is spare without a whole batch, or when named files cover the numbers from its first. */
async function refuseUnlessSpare(disk: Disk, path: string, state: ManifestState): Promise<void> {
  const file = await disk.open(path, 'read');
  try {
    const header = (await readSegmentHeaders(file)).find((copy) => copy !== undefined);
    if (header === undefined) return;
    const batch = await new SegmentScan(file, header).lastBatch();
    const firstNamed = state.files[0]?.first ?? Infinity;
    if (batch === undefined) return;
    const own = header.storeId.every((byte, index) => byte === state.storeId[index]);
    // The last named range is open, so it covers everything from the first one on. Ids are given
    // in turn: a later one than the next tells of a manifest that has lost its end. A rewrite that
    // was given up may have a later one, and holds nothing that the files named have not.
    const isKnown = header.fileId <= state.fileIdNext || header.generation > 0;
    if (own && header.first >= firstNamed && isKnown) return;
  } finally {
    await file.close();
  }
  throw new LogStoreError(
    'STORE_DAMAGED',
    `${path} holds records and the manifest does not know it: it may belong to another store. ` +
      'Move it out of the directory to start without it',
  );
}

/**
 * Whether the directory holds records although no manifest names them: then it is no place to
 * begin a new store.
 */
export async function findUnnamedRecords(disk: Disk): Promise<string | undefined> {
  for (const name of await listOrEmpty(disk, logDirectory)) {
    const parsed = parseLogName(name);
    if (parsed?.is !== 'segment') continue;
    const path = segmentPath(parsed.fileId);
    const file = await disk.open(path, 'read');
    try {
      const header = (await readSegmentHeaders(file)).find((copy) => copy !== undefined);
      if (header === undefined) continue;
      if ((await new SegmentScan(file, header).lastBatch()) !== undefined) return path;
    } finally {
      await file.close();
    }
  }
  return undefined;
}

/** Removes the remains of a creation that was cut short. */
export async function removeUnnamed(disk: Disk): Promise<void> {
  for (const name of await listOrEmpty(disk, logDirectory)) {
    if (parseLogName(name) !== undefined || name.endsWith(temporarySuffix)) {
      await disk.unlink(`${logDirectory}/${name}`);
    }
  }
}

/** Names in a directory; none if it is missing. */
export async function listOrEmpty(disk: Disk, path: string): Promise<string[]> {
  try {
    return await disk.list(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Checks that the ranges tile the number line and that only the last one is open.
 * @throws LogStoreError `STORE_DAMAGED`
 */
export function checkRanges(state: ManifestState): void {
  let next = 1;
  for (const [index, file] of state.files.entries()) {
    const last = index === state.files.length - 1;
    const open = file.end === 0;
    if (file.first === next && open === last && (open || file.position !== undefined)) {
      next = file.end;
      continue;
    }
    throw new LogStoreError(
      'STORE_DAMAGED',
      `the manifest's ranges do not join at file ${file.fileId}, record ${next}`,
    );
  }
  if (state.files.length === 0) {
    throw new LogStoreError('STORE_DAMAGED', 'the manifest names no segment');
  }
}
