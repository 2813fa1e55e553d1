import { NotProven } from '../base/not-proven.js';
import * as form from './text-lines.js';

/**
 * ledger-anchor/v1 (SPEC.md, The ledger on disk): the change records up to a height are gone, but
 * for those that made what the map holds there. It says where these stand, and names the block.
 */
const anchorText = form.lineFormat('ledger-anchor/v1', {
  origin: form.word,
  height: form.count,
  /** Of the log of blocks up to it. */
  root: form.digest,
  /** A record of the ledger's log, and the version of the first change in it. */
  entries: form.many(form.tuple(form.count, form.count)),
});
export type LedgerAnchor = ReturnType<typeof anchorText.decode>;

/** @param hash SHA-256: damage in the file must not lead anywhere */
export function encodeAnchor(hash: (text: Uint8Array) => Uint8Array, anchor: LedgerAnchor): string {
  const text = anchorText.encode(anchor);
  return `${text}sum ${form.digest.write(hash(new TextEncoder().encode(text)))}\n`;
}

/** Undefined for what encodeAnchor() does not make. */
export function decodeAnchor(
  hash: (text: Uint8Array) => Uint8Array,
  text: string,
): LedgerAnchor | undefined {
  try {
    const anchor = anchorText.decode(text.slice(0, text.lastIndexOf('sum ')));
    return encodeAnchor(hash, anchor) === text ? anchor : undefined;
  } catch (error) {
    if (error instanceof NotProven) return undefined;
    throw error;
  }
}
