import { errnoOf } from '../base/errors.js';
import type { Disk, DiskFile } from '../base/host.js';
import { invariant } from '../base/invariant.js';
import { checksum } from '../format/checksum.js';
import {
  blockCountOf,
  decodeHeader,
  decodeTable,
  encodeHeader,
  encodeTable,
  type SnapshotHeader,
  type SnapshotPosition,
  sectionBytesOf,
  snapshotBlockBytes,
  snapshotHeaderBytesMax,
  snapshotVersion,
  tableBytesOf,
  tableOffsetOf,
} from '../format/index-snapshot.js';
import { ObjectIndex } from './object-index.js';

/** Of one read or write: large enough that calls cost nothing, small beside the arrays. */
const pieceBytesMax = 4 * snapshotBlockBytes;
/** One is being checked while the others are on their way. */
const readsInFlight = 3;

export interface SnapshotContent {
  position: SnapshotPosition;
  indexes: Readonly<Record<string, ObjectIndex>>;
  /** The caller's own bytes, opaque here. */
  extra: Uint8Array;
}

export type SnapshotRead =
  | ({ is: 'snapshot'; isCurrent: boolean } & SnapshotContent)
  | { is: 'missing' }
  | { is: 'invalid'; reason: string };

/** A run of bytes of one array, where it lies in the file and which block it begins. */
interface Piece {
  bytes: Uint8Array;
  offset: number;
  firstBlock: number;
}

/**
 * Writes the indexes' arrays as they lie in memory, to a temporary name, which then takes the
 * place of `path`. None of the indexes may change until this settles. What it throws is the disk's
 * failure: the file at `path` is then the old one, or the whole new one.
 */
export async function writeSnapshot(
  disk: Disk,
  path: string,
  { position, indexes, extra }: SnapshotContent,
): Promise<void> {
  const entries = Object.entries(indexes);
  const changeCounts = entries.map(([, index]) => index.changeCount);
  const header: SnapshotHeader = {
    position,
    indexes: entries.map(([name, index]) => ({ name, shape: index.shape })),
    extraBytes: extra.length,
  };
  const temporary = `${path}.tmp`;
  if ((await disk.sizeBytes(temporary)) !== undefined) await disk.unlink(temporary); // a crash's
  const file = await disk.open(temporary, 'create');
  try {
    await writeAll(file, header, partsOf(entries, extra));
    await file.sync();
  } catch (error) {
    // On a full disk its space is needed by others. What fails here adds nothing to `error`, and a
    // file left behind goes with the next write.
    await Promise.allSettled([file.close()]);
    await Promise.allSettled([disk.unlink(temporary)]);
    throw error;
  }
  await file.close();
  const unchanged = entries.every(([, index], i) => index.changeCount === changeCounts[i]);
  invariant(unchanged, 'an index changed while its snapshot was written');
  await disk.rename(temporary, path);
  await disk.syncDirectory(directoryOf(path));
}

/**
 * Reads a snapshot straight into the arrays of new indexes. Whatever is wrong with the file is an
 * answer, not an error: a snapshot is a cache, and the log can rebuild what it held. Nothing is
 * allocated that the file's own size does not bear out.
 */
export async function readSnapshot(disk: Disk, path: string): Promise<SnapshotRead> {
  const fileBytes = await disk.sizeBytes(path);
  if (fileBytes === undefined) return { is: 'missing' };
  const file = await disk.open(path, 'read');
  try {
    return await readAll(file, fileBytes);
  } catch (error) {
    // A sector that cannot be read is damage like any other here.
    if (errnoOf(error) !== 'EIO') throw error;
    return { is: 'invalid', reason: 'the file cannot be read (EIO)' };
  } finally {
    await file.close();
  }
}

async function writeAll(
  file: DiskFile,
  header: SnapshotHeader,
  sections: readonly (readonly Uint8Array[])[],
): Promise<void> {
  const headerBytes = encodeHeader(header);
  await file.write(0, [headerBytes]);
  const checksums: number[] = [];
  for (const { bytes, offset } of piecesOf(header, headerBytes.length, sections)) {
    const written = file.write(offset, [bytes]);
    checksums.push(...blockChecksums(bytes)); // while the disk is at it
    await written;
  }
  const headerChecksum = checksum(headerBytes.subarray(0, -4));
  await file.write(tableOffsetOf(header), [encodeTable(headerChecksum, checksums)]);
}

async function readAll(file: DiskFile, fileBytes: number): Promise<SnapshotRead> {
  const headBytes = new Uint8Array(Math.min(snapshotHeaderBytesMax, fileBytes));
  if ((await file.read(headBytes, 0)) < headBytes.length) return invalid('the file shrank');
  const decoded = decodeHeader(headBytes, fileBytes);
  if (decoded.is === 'invalid') return decoded;
  const { header, version, headerBytes, headerChecksum } = decoded;

  const tableBytes = new Uint8Array(tableBytesOf(header));
  const tableRead = await file.read(tableBytes, tableOffsetOf(header));
  if (tableRead < tableBytes.length) return invalid('the file shrank');
  const checksums = decodeTable(tableBytes, headerChecksum);
  if (checksums === undefined) return invalid('the table of checksums is damaged');

  const extra = new Uint8Array(header.extraBytes);
  const entries = header.indexes.map(
    ({ name, shape }) => [name, ObjectIndex.ofShape(shape)] as const,
  );
  const pieces = piecesOf(header, headerBytes, partsOf(entries, extra));
  const damage = await fill(file, pieces, checksums);
  if (damage !== undefined) return invalid(damage);
  const { position } = header;
  const isCurrent = version === snapshotVersion;
  return { is: 'snapshot', isCurrent, position, indexes: Object.fromEntries(entries), extra };
}

/** Reads all pieces, several at a time; returns what is wrong with the first bad one. */
async function fill(
  file: DiskFile,
  pieces: readonly Piece[],
  checksums: readonly number[],
): Promise<string | undefined> {
  let next = 0;
  let damage: string | undefined;
  const readSome = async (): Promise<void> => {
    while (damage === undefined) {
      const piece = pieces[next++];
      if (piece === undefined) return;
      const { bytes, offset, firstBlock } = piece;
      const count = await file.read(bytes, offset);
      const found = blockChecksums(bytes);
      const bad = found.findIndex((value, i) => value !== checksums[firstBlock + i]);
      if (count < bytes.length) damage ??= 'the file shrank';
      else if (bad >= 0) damage ??= `damaged at ${offset + bad * snapshotBlockBytes}`;
    }
  };
  const readers = await Promise.allSettled(Array.from({ length: readsInFlight }, readSome));
  for (const reader of readers) if (reader.status === 'rejected') throw reader.reason;
  return damage;
}

function blockChecksums(bytes: Uint8Array): number[] {
  const checksums: number[] = [];
  for (let from = 0; from < bytes.length; from += snapshotBlockBytes)
    checksums.push(checksum(bytes.subarray(from, from + snapshotBlockBytes)));
  return checksums;
}

/** The memory of every section in the order of the file. */
function partsOf(
  entries: readonly (readonly [string, ObjectIndex])[],
  extra: Uint8Array,
): Uint8Array[][] {
  return [...entries.flatMap(([, index]) => index.sections().map(({ parts }) => parts)), [extra]];
}

/** Cuts sections into pieces of whole blocks; all chunks of arrays but the last are such. */
function piecesOf(
  header: SnapshotHeader,
  headerBytes: number,
  sections: readonly (readonly Uint8Array[])[],
): Piece[] {
  const pieces: Piece[] = [];
  let offset = headerBytes;
  let firstBlock = 0;
  for (const [section, expectedBytes] of sectionBytesOf(header).entries()) {
    const begin = offset;
    for (const part of sections[section] ?? []) {
      invariant((offset - begin) % snapshotBlockBytes === 0, 'chunks of arrays are whole blocks');
      for (let from = 0; from < part.length; from += pieceBytesMax) {
        const bytes = part.subarray(from, from + pieceBytesMax);
        pieces.push({ bytes, offset: offset + from, firstBlock });
        firstBlock += blockCountOf(bytes.length);
      }
      offset += part.length;
    }
    invariant(offset - begin === expectedBytes, 'a section is as long as its index says');
  }
  return pieces;
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function invalid(reason: string): { is: 'invalid'; reason: string } {
  return { is: 'invalid', reason };
}
