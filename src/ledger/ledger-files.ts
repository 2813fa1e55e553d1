import type { Disk, DiskFile, Host } from '../base/host.js';
import { temporarySuffix } from '../format/file-names.js';

/** SPEC.md, The ledger on disk. One directory an epoch, numbered from 1; the last one counts. */
export const ledgerDirectory = 'ledger';
export const highWaterFile = `${ledgerDirectory}/high-water`;

export function epochDirectory(epoch: number): string {
  return `${ledgerDirectory}/${epoch}`;
}

/** In an epoch's directory: who this log is, what is published, and a cache of its map. */
export const originFile = 'origin';
export const tilesDirectory = 'tiles';
/** In it, by the height at which a key began, the proof of the set that named it first. */
export const keptKeysDirectory = 'keys';
/** In it, twice, up to which height change records were pruned. */
export const anchorFiles = ['anchor.a', 'anchor.b'] as const;
export const mapSnapshotFile = 'map.snapshot';

/**
 * The tree below one directory of a host's. Its lock is nobody's: whoever writes there holds the
 * lock of the store around it.
 */
export function hostBelow({ clock, random, disk }: Host, directory: string): Host {
  const inside = (path: string) => (path === '' ? directory : `${directory}/${path}`);
  const below: Disk = {
    open: (path, mode) => disk.open(inside(path), mode),
    list: (path) => disk.list(inside(path)),
    sizeBytes: (path) => disk.sizeBytes(inside(path)),
    makeDirectory: (path) => disk.makeDirectory(inside(path)),
    rename: (from, to) => disk.rename(inside(from), inside(to)),
    unlink: (path) => disk.unlink(inside(path)),
    syncDirectory: (path) => disk.syncDirectory(inside(path)),
    space: () => disk.space(),
    lock: async () => ({ release: async () => undefined }),
  };
  return { clock, random, disk: below };
}

/** The whole file; undefined if there is none. */
export async function readWhole(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  if ((await disk.sizeBytes(path)) === undefined) return undefined;
  const file = await disk.open(path, 'read');
  try {
    const bytes = new Uint8Array(await file.sizeBytes());
    return bytes.subarray(0, await file.read(bytes, 0));
  } finally {
    await file.close();
  }
}

/** Whole under its name or not at all; `durable` also across a power cut. */
export async function writeWhole(
  disk: Disk,
  path: string,
  bytes: Uint8Array,
  durable: boolean,
): Promise<void> {
  const temporary = path + temporarySuffix;
  if ((await disk.sizeBytes(temporary)) !== undefined) await disk.unlink(temporary);
  const file: DiskFile = await disk.open(temporary, 'create');
  try {
    await file.write(0, [bytes]);
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, path);
  const end = path.lastIndexOf('/');
  if (durable) await disk.syncDirectory(end < 0 ? '' : path.slice(0, end));
}
