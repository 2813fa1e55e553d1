import { getU32, getU64, setU32, setU64 } from './byte-order.js';
import { checksum, checksumRange } from './checksum.js';

/** SPEC.md §3.2, without the fields that follow from its place. */
export interface BatchHeader {
  readonly number: number;
  readonly checksumBefore: number;
  readonly recordCount: number;
  readonly recordsBytes: number;
  readonly recordsChecksum: number;
  readonly sequenceFirst: number;
  readonly timeUnixMs: number;
}

export const batchHeaderBytes = 64;

const magic = 0x4842534c;
const at = {
  ...{ magic: 0, checksum: 4, number: 8, before: 16, count: 20, bytes: 24, records: 28 },
  ...{ sequence: 32, time: 40 },
} as const;

/** What every header's checksum in a segment starts from: the checksum of its salt. */
export function saltSeed(salt: Uint8Array): number {
  return checksum(salt);
}

const place = new Uint8Array(8);

/** The checksum of salt and place, to be continued over a header's own bytes. */
export function placeSeed(seed: number, offset: number): number {
  setU64(place, 0, offset);
  return checksumRange(place, 0, 8, seed);
}

/** Writes a header into `into` at `start`; `offset` is its place in the segment. */
export function encodeBatchHeader(
  into: Uint8Array,
  start: number,
  header: BatchHeader,
  seed: number,
  offset: number,
): number {
  into.fill(0, start, start + batchHeaderBytes);
  setU32(into, start + at.magic, magic);
  setU64(into, start + at.number, header.number);
  setU32(into, start + at.before, header.checksumBefore);
  setU32(into, start + at.count, header.recordCount);
  setU32(into, start + at.bytes, header.recordsBytes);
  setU32(into, start + at.records, header.recordsChecksum);
  setU64(into, start + at.sequence, header.sequenceFirst);
  setU64(into, start + at.time, header.timeUnixMs);
  const own = headerChecksum(into, start, seed, offset);
  setU32(into, start + at.checksum, own);
  return own;
}

/** @returns the header and its checksum field, or undefined if none stands there */
export function decodeBatchHeader(
  bytes: Uint8Array,
  start: number,
  seed: number,
  offset: number,
): (BatchHeader & { readonly checksum: number }) | undefined {
  if (start + batchHeaderBytes > bytes.length) return undefined;
  if (getU32(bytes, start + at.magic) !== magic) return undefined;
  const stored = getU32(bytes, start + at.checksum);
  if (stored !== headerChecksum(bytes, start, seed, offset)) return undefined;
  return {
    checksum: stored,
    number: getU64(bytes, start + at.number),
    checksumBefore: getU32(bytes, start + at.before),
    recordCount: getU32(bytes, start + at.count),
    recordsBytes: getU32(bytes, start + at.bytes),
    recordsChecksum: getU32(bytes, start + at.records),
    sequenceFirst: getU64(bytes, start + at.sequence),
    timeUnixMs: getU64(bytes, start + at.time),
  };
}

function headerChecksum(bytes: Uint8Array, start: number, seed: number, offset: number): number {
  const end = start + batchHeaderBytes;
  return checksumRange(bytes, start + at.number, end, placeSeed(seed, offset));
}
