import { getU64, setU64 } from '../format/byte-order.js';
import { closeForm, isForm } from '../format/checked-form.js';
import { equalHashes, type TreeHead } from '../merkle/rfc6962.js';

/** A slot lies in a sector of its own: a torn write spares the other one. */
export const slotOffsets = [0, 4096] as const;
export const slotBytes = 128;

/** The greatest tree that a log was ever made to sign (SPEC.md, Rollback guard). */
export interface HighWater extends TreeHead {
  /** 1-based; each mark is one more than the mark before. Its slot is `number mod 2`. */
  readonly number: number;
  readonly originHash: Uint8Array;
}

const form = { magic: 'LOGSTHWM', version: 1, sizeBytes: slotBytes } as const;
const at = { number: 16, size: 24, root: 32, originHash: 64 } as const;

export function encodeSlot(mark: HighWater): Uint8Array {
  const slot = new Uint8Array(slotBytes);
  setU64(slot, at.number, mark.number);
  setU64(slot, at.size, mark.size);
  slot.set(mark.root, at.root);
  slot.set(mark.originHash, at.originHash);
  closeForm(form, slot);
  return slot;
}

function decodeSlot(slot: Uint8Array): HighWater | undefined {
  if (!isForm(form, slot)) return;
  const root = slot.slice(at.root, at.root + 32);
  const originHash = slot.slice(at.originHash, at.originHash + 32);
  return { number: getU64(slot, at.number), size: getU64(slot, at.size), root, originHash };
}

/** The mark that counts, from the bytes of both slots; undefined if both are gone. */
export function decodeHighWater(slots: readonly Uint8Array[]): HighWater | undefined {
  const marks = slots.flatMap((slot) => decodeSlot(slot) ?? []);
  return marks.reduce<HighWater | undefined>(
    (newest, mark) => (newest === undefined || mark.number > newest.number ? mark : newest),
    undefined,
  );
}

export type Permission =
  | { readonly maySign: true }
  | { readonly maySign: false; readonly because: string };

/** Whether a log whose mark this is may sign `head`; what it signed before it may sign again. */
export function maySign(
  mark: HighWater | undefined,
  originHash: Uint8Array,
  head: TreeHead,
): Permission {
  if (mark === undefined) {
    // Only the very first block may come without a mark.
    if (head.size <= 1) return { maySign: true };
    return { maySign: false, because: 'blocks exist and the high-water mark is gone' };
  }
  if (!equalHashes(mark.originHash, originHash)) {
    return { maySign: false, because: 'the high-water mark is of another log' };
  }
  if (head.size < mark.size) {
    return { maySign: false, because: `the log has ${head.size} blocks, ${mark.size} were signed` };
  }
  if (head.size === mark.size && !equalHashes(head.root, mark.root)) {
    return { maySign: false, because: `another root was signed for ${head.size} blocks` };
  }
  return { maySign: true };
}
