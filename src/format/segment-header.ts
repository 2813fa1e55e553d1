import { LogStoreError } from '../base/errors.js';
import { align, getU32, getU64, setU32, setU64 } from './byte-order.js';
import { checksumRange } from './checksum.js';

/** SPEC.md §3.1. */
export interface SegmentHeader {
  readonly formatVersion: number;
  readonly boundaryBytes: number;
  readonly storeId: Uint8Array;
  readonly fileId: number;
  readonly generation: number;
  readonly first: number;
  readonly salt: Uint8Array;
  readonly createdUnixMs: number;
  readonly batchFirst: number;
  readonly batchBeforeChecksum: number;
}

export const formatVersion = 1;
export const segmentHeaderBytes = 128;
/** Where the two copies of the header stand. */
export const segmentHeaderOffsets = [0, 4096] as const;
/** Where the first batch stands. */
export const batchesStart = 8192;
export const saltBytes = 16;
export const storeIdBytes = 16;

const magic = new TextEncoder().encode('LOGSTSEG');
const at = {
  ...{ magic: 0, formatVersion: 8, boundary: 12, storeId: 16, fileId: 32, generation: 40 },
  ...{ first: 48, salt: 56, created: 72, batchFirst: 80, batchBefore: 88, checksum: 124 },
} as const;

/** Both copies with their filler: the first 8,192 bytes of a segment file. */
export function encodeSegmentStart(header: SegmentHeader): Uint8Array {
  const start = new Uint8Array(batchesStart);
  for (const offset of segmentHeaderOffsets) {
    const copy = start.subarray(offset, offset + segmentHeaderBytes);
    copy.set(magic, at.magic);
    setU32(copy, at.formatVersion, header.formatVersion);
    setU32(copy, at.boundary, header.boundaryBytes);
    copy.set(header.storeId, at.storeId);
    setU64(copy, at.fileId, header.fileId);
    setU32(copy, at.generation, header.generation);
    setU64(copy, at.first, header.first);
    copy.set(header.salt, at.salt);
    setU64(copy, at.created, header.createdUnixMs);
    setU64(copy, at.batchFirst, header.batchFirst);
    setU32(copy, at.batchBefore, header.batchBeforeChecksum);
    setU32(copy, at.checksum, checksumRange(copy, 0, at.checksum, 0));
  }
  return start;
}

/**
 * One copy; undefined if it is not whole. The caller checks store and file.
 * @throws LogStoreError `UNSUPPORTED_VERSION` for a whole one of a later version
 */
export function decodeSegmentHeader(copy: Uint8Array): SegmentHeader | undefined {
  if (copy.length < segmentHeaderBytes) return undefined;
  if (magic.some((byte, index) => copy[at.magic + index] !== byte)) return undefined;
  if (getU32(copy, at.checksum) !== checksumRange(copy, 0, at.checksum, 0)) return undefined;
  const version = getU32(copy, at.formatVersion);
  if (version !== formatVersion) {
    const message = `a segment of format version ${version}; this is ${formatVersion}`;
    throw new LogStoreError('UNSUPPORTED_VERSION', message);
  }
  return {
    formatVersion,
    boundaryBytes: boundaryBytesOf(getU32(copy, at.boundary)),
    storeId: copy.slice(at.storeId, at.storeId + storeIdBytes),
    fileId: getU64(copy, at.fileId),
    generation: getU32(copy, at.generation),
    first: getU64(copy, at.first),
    salt: copy.slice(at.salt, at.salt + saltBytes),
    createdUnixMs: getU64(copy, at.created),
    batchFirst: getU64(copy, at.batchFirst),
    batchBeforeChecksum: getU32(copy, at.batchBefore),
  };
}

/**
 * What batches are aligned to: readers go from one multiple to the next, so nothing else may pass.
 * @throws LogStoreError `UNSUPPORTED_VERSION`
 */
export function boundaryBytesOf(stored: number): 512 | 4096 {
  if (stored === 512 || stored === 4096) return stored;
  throw new LogStoreError('UNSUPPORTED_VERSION', `a boundary of ${stored} bytes`);
}

/** The place of the next batch behind one that ends at `offset`. */
export function nextBatchOffset(offset: number, boundaryBytes: number): number {
  return align(offset, boundaryBytes);
}
