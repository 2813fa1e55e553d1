import { getU64, setU64 } from './byte-order.js';
import { closeForm, isForm } from './checked-form.js';
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
const form = { magic: 'LOGSTSCR', version: formatVersion, sizeBytes: scrubStateBytes } as const;
const at = {
  ...{ storeId: 16, passCount: 32, passBegan: 40, sequenceNext: 48 },
  ...{ passEnded: 56, healedCount: 64 },
} as const;

export function encodeScrubState(state: ScrubState): Uint8Array {
  const bytes = new Uint8Array(scrubStateBytes);
  bytes.set(state.storeId, at.storeId);
  setU64(bytes, at.passCount, state.passCount);
  setU64(bytes, at.passBegan, state.passBeganUnixMs);
  setU64(bytes, at.sequenceNext, state.sequenceNext);
  setU64(bytes, at.passEnded, state.passEndedUnixMs);
  setU64(bytes, at.healedCount, state.healedCount);
  closeForm(form, bytes);
  return bytes;
}

/** @returns undefined for anything but a whole state of this format version */
export function decodeScrubState(bytes: Uint8Array): ScrubState | undefined {
  if (!isForm(form, bytes)) return undefined;
  return {
    storeId: bytes.slice(at.storeId, at.storeId + storeIdBytes),
    passCount: getU64(bytes, at.passCount),
    passBeganUnixMs: getU64(bytes, at.passBegan),
    sequenceNext: getU64(bytes, at.sequenceNext),
    passEndedUnixMs: getU64(bytes, at.passEnded),
    healedCount: getU64(bytes, at.healedCount),
  };
}
