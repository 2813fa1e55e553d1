import { getU32, getU64, setU32, setU64 } from './byte-order.js';
import { checksumRange } from './checksum.js';
import { formatVersion, storeIdBytes } from './segment-header.js';

/** Where the scrub stands (SPEC.md §10): a cache. */
export interface ScrubState {
  readonly storeId: Uint8Array;
  /** Passes that went over all segments. */
  readonly passCount: number;
  readonly passBeganUnixMs: number;
  /** All segments whose range ends at or before this number were seen in this pass. */
  readonly sequenceNext: number;
  /** 0 before the first. */
  readonly passEndedUnixMs: number;
  /** Segments that were healed, ever. */
  readonly healedCount: number;
}

export const scrubStateBytes = 96;
const magic = new TextEncoder().encode('LOGSTSCR');
const at = {
  ...{ magic: 0, formatVersion: 8, storeId: 16, passCount: 32, passBegan: 40, sequenceNext: 48 },
  ...{ passEnded: 56, healedCount: 64, checksum: 92 },
} as const;

export function encodeScrubState(state: ScrubState): Uint8Array {
  const bytes = new Uint8Array(scrubStateBytes);
  bytes.set(magic, at.magic);
  setU32(bytes, at.formatVersion, formatVersion);
  bytes.set(state.storeId, at.storeId);
  setU64(bytes, at.passCount, state.passCount);
  setU64(bytes, at.passBegan, state.passBeganUnixMs);
  setU64(bytes, at.sequenceNext, state.sequenceNext);
  setU64(bytes, at.passEnded, state.passEndedUnixMs);
  setU64(bytes, at.healedCount, state.healedCount);
  setU32(bytes, at.checksum, checksumRange(bytes, 0, at.checksum, 0));
  return bytes;
}

/** @returns undefined for anything but a whole state of this format version */
export function decodeScrubState(bytes: Uint8Array): ScrubState | undefined {
  if (bytes.length !== scrubStateBytes) return undefined;
  if (magic.some((byte, index) => bytes[at.magic + index] !== byte)) return undefined;
  if (getU32(bytes, at.checksum) !== checksumRange(bytes, 0, at.checksum, 0)) return undefined;
  if (getU32(bytes, at.formatVersion) !== formatVersion) return undefined;
  return {
    storeId: bytes.slice(at.storeId, at.storeId + storeIdBytes),
    passCount: getU64(bytes, at.passCount),
    passBeganUnixMs: getU64(bytes, at.passBegan),
    sequenceNext: getU64(bytes, at.sequenceNext),
    passEndedUnixMs: getU64(bytes, at.passEnded),
    healedCount: getU64(bytes, at.healedCount),
  };
}
