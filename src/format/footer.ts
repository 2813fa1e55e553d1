import { LogStoreError } from '../base/errors.js';
import { limits } from '../base/limits.js';
import { align, getU32, getU64, setU32, setU64 } from './byte-order.js';
import { checksum, checksumRange } from './checksum.js';
import { knownFlags } from './record.js';
import { formatVersion } from './segment-header.js';

/** In a footer's entry, above the record's own flags: the record is a removal stub. */
export const footerStubFlag = 256;
/** In a footer's table, generation > 0: the record at this place is a removal stub. */
export const footerStubUnit = 2 ** 31;

/** SPEC.md §6, the head of a footer file. */
export interface FooterHead {
  readonly storeId: Uint8Array;
  readonly fileId: number;
  readonly generation: number;
  readonly recordCount: number;
  readonly first: number;
  readonly end: number;
  readonly salt: Uint8Array;
  readonly commitsBytes: number;
  readonly commitCount: number;
  /** Where the last record ends in the segment. */
  readonly recordsEndOffset: number;
}

export const footerHeadBytes = 128;
export const footerBlockBytes = 65_536;
export const footerUnitBytes = 8;
export const footerEntryHeadBytes = 16;

const magic = new TextEncoder().encode('LOGSTFTR');
const at = {
  ...{ magic: 0, formatVersion: 8, blockBytes: 12, storeId: 16, fileId: 32, generation: 40 },
  ...{ recordCount: 44, first: 48, end: 56, salt: 64, commitsBytes: 80, commitCount: 88 },
  ...{ recordsEnd: 92, checksum: 124 },
} as const;

/** Sizes of a footer's areas, from its head alone. */
export function footerLayout(head: FooterHead): {
  tableEnd: number;
  commitsStart: number;
  blocksEnd: number;
  blockCount: number;
  sizeBytes: number;
} {
  const columns = head.generation > 0 ? 2 : 1;
  const tableEnd = footerHeadBytes + 4 * columns * head.recordCount;
  const commitsStart = align(tableEnd, footerUnitBytes);
  const blocksEnd = commitsStart + head.commitsBytes;
  const blockCount = Math.ceil(blocksEnd / footerBlockBytes);
  return {
    tableEnd,
    commitsStart,
    blocksEnd,
    blockCount,
    sizeBytes: blocksEnd + 4 * blockCount + 4,
  };
}

export function encodeFooterHead(head: FooterHead): Uint8Array {
  const bytes = new Uint8Array(footerHeadBytes);
  bytes.set(magic, at.magic);
  setU32(bytes, at.formatVersion, formatVersion);
  setU32(bytes, at.blockBytes, footerBlockBytes);
  bytes.set(head.storeId, at.storeId);
  setU64(bytes, at.fileId, head.fileId);
  setU32(bytes, at.generation, head.generation);
  setU32(bytes, at.recordCount, head.recordCount);
  setU64(bytes, at.first, head.first);
  setU64(bytes, at.end, head.end);
  bytes.set(head.salt, at.salt);
  setU64(bytes, at.commitsBytes, head.commitsBytes);
  setU32(bytes, at.commitCount, head.commitCount);
  setU32(bytes, at.recordsEnd, head.recordsEndOffset / footerUnitBytes);
  setU32(bytes, at.checksum, checksumRange(bytes, 0, at.checksum, 0));
  return bytes;
}

/** @returns undefined if the head is not whole, or of another format version */
export function decodeFooterHead(bytes: Uint8Array): FooterHead | undefined {
  if (bytes.length < footerHeadBytes) return undefined;
  if (magic.some((byte, index) => bytes[at.magic + index] !== byte)) return undefined;
  if (getU32(bytes, at.checksum) !== checksumRange(bytes, 0, at.checksum, 0)) return undefined;
  if (getU32(bytes, at.formatVersion) !== formatVersion) return undefined;
  if (getU32(bytes, at.blockBytes) !== footerBlockBytes) return undefined;
  return {
    storeId: bytes.slice(at.storeId, at.storeId + 16),
    fileId: getU64(bytes, at.fileId),
    generation: getU32(bytes, at.generation),
    recordCount: getU32(bytes, at.recordCount),
    first: getU64(bytes, at.first),
    end: getU64(bytes, at.end),
    salt: bytes.slice(at.salt, at.salt + 16),
    commitsBytes: getU64(bytes, at.commitsBytes),
    commitCount: getU32(bytes, at.commitCount),
    recordsEndOffset: getU32(bytes, at.recordsEnd) * footerUnitBytes,
  };
}

/** Bytes of one entry of the commits area, padding included. */
export function footerEntryBytes(metaBytes: number): number {
  return align(footerEntryHeadBytes + metaBytes, footerUnitBytes);
}

export function encodeFooterEntryHead(
  into: Uint8Array,
  start: number,
  entry: { sequence: number; metaBytes: number; flags: number },
): void {
  setU64(into, start, entry.sequence);
  setU32(into, start + 8, entry.metaBytes);
  setU32(into, start + 12, entry.flags);
}

/** @throws LogStoreError `RECORD_CORRUPT`, `UNSUPPORTED_VERSION` */
export function decodeFooterEntryHead(
  bytes: Uint8Array,
  start: number,
): { sequence: number; metaBytes: number; flags: number } {
  const metaBytes = getU32(bytes, start + 8);
  const flags = getU32(bytes, start + 12);
  if (start + footerEntryHeadBytes > bytes.length || metaBytes > limits.recordPayloadBytesMax) {
    throw new LogStoreError('RECORD_CORRUPT', 'an entry of a footer passes its bounds');
  }
  if ((flags & ~(knownFlags.commit | footerStubFlag)) !== 0) {
    throw new LogStoreError('UNSUPPORTED_VERSION', `a footer's commit with flags ${flags}`);
  }
  return { sequence: getU64(bytes, start), metaBytes, flags };
}

/** The checksum that stands last: over the checksums of the blocks. */
export function footerChecksum(blockChecksums: Uint8Array): number {
  return checksum(blockChecksums);
}
