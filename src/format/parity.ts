import { createHash } from 'node:crypto';
import { align, getU32, getU64, setU32, setU64 } from './byte-order.js';
import { checksumRange } from './checksum.js';
import { formatVersion, saltBytes, storeIdBytes } from './segment-header.js';

/** How the bytes of a group are cut (SPEC.md §13.2). Shards: k of data, m of parity. */
export interface ParityShape {
  readonly dataCount: number;
  readonly parityCount: number;
  /** What one checksum covers; the unit of damage and repair. */
  readonly blockBytes: number;
  /** Of each shard; a multiple of `blockBytes`. */
  readonly sliceBytes: number;
  /** Of the segment, from its beginning. */
  readonly coveredBytes: number;
}

/** What the manifest states of a group, and with it of what its files must hold. */
export interface ParityFacts extends ParityShape {
  readonly fileId: number;
  readonly tablesHash: Uint8Array;
}

/** The head of a parity file. */
export interface ParityHead extends ParityFacts {
  readonly storeId: Uint8Array;
  readonly generation: number;
  readonly salt: Uint8Array;
  /** Which of the group's parity files it is. */
  readonly index: number;
}

/** What stands in each parity file about all shards of the group. */
export interface ParityTables {
  /** A SHA-256 of each shard's bytes as stored: of data without what pads the last slices. */
  readonly hashes: readonly Uint8Array[];
  /** A checksum of each block as stored, all blocks of shard 0 first. */
  readonly checksums: Uint32Array;
}

export const parityHeadBytes = 128;
const hashBytes = 32;
const extentBytes = 24 + hashBytes;
/** Tables are filled up with zeros to a multiple of this. */
const tableUnitBytes = 512;
const blockBytesMin = 512;
const blockBytesMax = 65_536;
/** So that the last slice, filled up to whole blocks, adds a quarter at most. */
const blocksPerSliceMin = 4;

const magic = new TextEncoder().encode('LOGSTPAR');
const at = {
  ...{ magic: 0, formatVersion: 8, blockBytes: 12, storeId: 16, fileId: 32, generation: 40 },
  ...{ dataCount: 44, parityCount: 45, index: 46, salt: 48, sliceBytes: 64, coveredBytes: 72 },
  ...{ tablesHash: 80, checksum: 124 },
} as const;

/** The shape of a group whose 16 slices are the segment where it lies, with two of parity. */
export function parityShape(coveredBytes: number): ParityShape {
  const [dataCount, parityCount] = [16, 2];
  let blockBytes = blockBytesMax;
  while (blockBytes > blockBytesMin && blockBytes * dataCount * blocksPerSliceMin > coveredBytes)
    blockBytes /= 2;
  const sliceBytes = align(Math.ceil(coveredBytes / dataCount), blockBytes);
  return { dataCount, parityCount, blockBytes, sliceBytes, coveredBytes };
}

/** Where the parity begins in its file, behind head and tables. */
export function parityStart(shape: ParityShape): number {
  const shardCount = shape.dataCount + shape.parityCount;
  const blockCount = shardCount * blocksPerSlice(shape);
  const tableBytes = extentBytes * shape.dataCount + hashBytes * shape.parityCount + 4 * blockCount;
  return align(parityHeadBytes + tableBytes, tableUnitBytes);
}

export function parityFileBytes(shape: ParityShape): number {
  return parityStart(shape) + shape.sliceBytes;
}

export function blocksPerSlice({ sliceBytes, blockBytes }: ParityShape): number {
  return sliceBytes / blockBytes;
}

/** Where a data shard lies in the segment. */
export function extent(shape: ParityShape, shard: number): { offset: number; lengthBytes: number } {
  const offset = Math.min(shard * shape.sliceBytes, shape.coveredBytes);
  return { offset, lengthBytes: Math.min(shape.sliceBytes, shape.coveredBytes - offset) };
}

/** How many bytes of a block are stored: the last ones of data may be short or empty. */
export function storedBytes(shape: ParityShape, shard: number, block: number): number {
  if (shard >= shape.dataCount) return shape.blockBytes;
  const { lengthBytes } = extent(shape, shard);
  return Math.min(Math.max(lengthBytes - block * shape.blockBytes, 0), shape.blockBytes);
}

/** Everything in front of the parity: the tables, and the head with their hash. */
export function encodeParityFront(
  head: Omit<ParityHead, 'tablesHash'>,
  tables: ParityTables,
): { front: Uint8Array; tablesHash: Uint8Array } {
  const front = new Uint8Array(parityStart(head));
  let end = parityHeadBytes;
  for (const [shard, hash] of tables.hashes.entries()) {
    if (shard < head.dataCount) {
      const { offset, lengthBytes } = extent(head, shard);
      setU64(front, end, head.fileId);
      setU64(front, end + 8, offset);
      setU64(front, end + 16, lengthBytes);
      end += 24;
    }
    front.set(hash, end);
    end += hashBytes;
  }
  for (const [index, checksum] of tables.checksums.entries())
    setU32(front, end + 4 * index, checksum);

  const tablesHash = sha256(front.subarray(parityHeadBytes));
  front.set(magic, at.magic);
  setU32(front, at.formatVersion, formatVersion);
  setU32(front, at.blockBytes, head.blockBytes);
  front.set(head.storeId, at.storeId);
  setU64(front, at.fileId, head.fileId);
  setU32(front, at.generation, head.generation);
  front[at.dataCount] = head.dataCount;
  front[at.parityCount] = head.parityCount;
  front[at.index] = head.index;
  front.set(head.salt, at.salt);
  setU64(front, at.sliceBytes, head.sliceBytes);
  setU64(front, at.coveredBytes, head.coveredBytes);
  front.set(tablesHash, at.tablesHash);
  setU32(front, at.checksum, checksumRange(front, 0, at.checksum, 0));
  return { front, tablesHash };
}

/** @returns undefined if the head is not whole, or of another format version */
export function decodeParityHead(bytes: Uint8Array): ParityHead | undefined {
  if (bytes.length < parityHeadBytes) return undefined;
  if (magic.some((byte, index) => bytes[at.magic + index] !== byte)) return undefined;
  if (getU32(bytes, at.checksum) !== checksumRange(bytes, 0, at.checksum, 0)) return undefined;
  if (getU32(bytes, at.formatVersion) !== formatVersion) return undefined;
  return {
    dataCount: bytes[at.dataCount] ?? 0,
    parityCount: bytes[at.parityCount] ?? 0,
    index: bytes[at.index] ?? 0,
    blockBytes: getU32(bytes, at.blockBytes),
    sliceBytes: getU64(bytes, at.sliceBytes),
    coveredBytes: getU64(bytes, at.coveredBytes),
    storeId: bytes.slice(at.storeId, at.storeId + storeIdBytes),
    fileId: getU64(bytes, at.fileId),
    generation: getU32(bytes, at.generation),
    salt: bytes.slice(at.salt, at.salt + saltBytes),
    tablesHash: bytes.slice(at.tablesHash, at.tablesHash + hashBytes),
  };
}

/**
 * The tables of a file whose head is `head`.
 * @param front the file's bytes up to its parity
 * @returns undefined if they are not the ones whose hash the head states
 */
export function decodeParityTables(head: ParityFacts, front: Uint8Array): ParityTables | undefined {
  if (front.length !== parityStart(head)) return undefined;
  if (!equalBytes(sha256(front.subarray(parityHeadBytes)), head.tablesHash)) return undefined;
  const hashes: Uint8Array[] = [];
  let end = parityHeadBytes;
  for (let shard = 0; shard < head.dataCount + head.parityCount; shard++) {
    if (shard < head.dataCount) end += 24; // the extent follows from the shape
    hashes.push(front.slice(end, end + hashBytes));
    end += hashBytes;
  }
  const checksums = new Uint32Array(hashes.length * blocksPerSlice(head));
  for (let index = 0; index < checksums.length; index++)
    checksums[index] = getU32(front, end + 4 * index);
  return { hashes, checksums };
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}
