import { limits } from '../base/limits.js';
import { placeSeed } from './batch.js';
import { align, getU32, getU64, setU32, setU64 } from './byte-order.js';
import { checksumRange } from './checksum.js';

/** SPEC.md §3.3. */
export const recordKinds = { data: 1, commit: 2, stub: 3 } as const;
export type RecordKind = keyof typeof recordKinds;

/** Flag of a commit: an inline body follows its meta. */
export const inlineBodyFlag = 1;
/** The flags that this version knows, by kind. */
export const knownFlags = { data: 0, commit: inlineBodyFlag, stub: 0 } as const;

export interface RecordHeader {
  readonly checksum: number;
  readonly payloadChecksum: number;
  readonly payloadBytes: number;
  /** As stored, with its flags; `recordKind` tells whether this version knows them. */
  readonly kind: number;
  readonly flags: number;
  readonly sequence: number;
}

export const recordHeaderBytes = 32;
export const recordAlignment = 8;
export const subjectBytes = 8;

const at = {
  ...{ checksum: 0, payloadChecksum: 4, payloadBytes: 8, kind: 12, flags: 13, reserved: 14 },
  ...{ sequence: 16, subject: 24 },
} as const;

/** Bytes that a record takes in its batch. */
export function recordBytes(payloadBytes: number): number {
  return align(recordHeaderBytes + payloadBytes, recordAlignment);
}

/**
 * Writes a header into `into` at `start`; `offset` is its place in the segment.
 * @returns its checksum field
 */
export function encodeRecordHeader(
  into: Uint8Array,
  start: number,
  header: Omit<RecordHeader, 'checksum'> & { readonly subject: Uint8Array },
  seed: number,
  offset: number,
): number {
  setU32(into, start + at.payloadChecksum, header.payloadChecksum);
  setU32(into, start + at.payloadBytes, header.payloadBytes);
  into[start + at.kind] = header.kind;
  into[start + at.flags] = header.flags;
  into[start + at.reserved] = 0;
  into[start + at.reserved + 1] = 0;
  setU64(into, start + at.sequence, header.sequence);
  for (let index = 0; index < subjectBytes; index++) {
    into[start + at.subject + index] = header.subject[index] ?? 0;
  }
  const own = headerChecksum(into, start, seed, offset);
  setU32(into, start + at.checksum, own);
  return own;
}

/** @returns undefined where no header of this segment and place stands */
export function decodeRecordHeader(
  bytes: Uint8Array,
  start: number,
  seed: number,
  offset: number,
): RecordHeader | undefined {
  if (start + recordHeaderBytes > bytes.length) return undefined;
  const payloadBytes = getU32(bytes, start + at.payloadBytes);
  if (payloadBytes > limits.recordPayloadBytesMax || bytes[start + at.kind] === 0) return undefined;
  const stored = getU32(bytes, start + at.checksum);
  if (stored !== headerChecksum(bytes, start, seed, offset)) return undefined;
  return {
    checksum: stored,
    payloadChecksum: getU32(bytes, start + at.payloadChecksum),
    payloadBytes,
    kind: bytes[start + at.kind] ?? 0,
    flags: bytes[start + at.flags] ?? 0,
    sequence: getU64(bytes, start + at.sequence),
  };
}

/** The subject of the header at `start`, copied. */
export function subjectOf(bytes: Uint8Array, start: number): Uint8Array {
  return bytes.slice(start + at.subject, start + at.subject + subjectBytes);
}

/** Undefined for a kind, or flags of it, that are of a later version: nobody may go on over it. */
export function recordKind({
  kind: stored,
  flags,
}: Pick<RecordHeader, 'kind' | 'flags'>): RecordKind | undefined {
  let kind: RecordKind | undefined;
  if (stored === recordKinds.data) kind = 'data';
  if (stored === recordKinds.commit) kind = 'commit';
  if (stored === recordKinds.stub) kind = 'stub';
  return kind !== undefined && (flags & ~knownFlags[kind]) === 0 ? kind : undefined;
}

function headerChecksum(bytes: Uint8Array, start: number, seed: number, offset: number): number {
  const end = start + recordHeaderBytes;
  return checksumRange(bytes, start + at.payloadChecksum, end, placeSeed(seed, offset));
}
