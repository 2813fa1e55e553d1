import { getU32, setU32 } from './byte-order.js';
import { checksumRange } from './checksum.js';

/**
 * What small files and heads of files have in common: `8 characters | u32 version | ... | u32
 * checksum of all before it`, of one size.
 */
export interface CheckedForm {
  readonly magic: string;
  readonly version: number;
  readonly sizeBytes: number;
}

const versionAt = 8;
const checksumBytes = 4;

/** Fills in what all such forms have, in bytes that hold the rest. */
export function closeForm({ magic, version, sizeBytes }: CheckedForm, bytes: Uint8Array): void {
  for (let at = 0; at < magic.length; at++) bytes[at] = magic.charCodeAt(at);
  setU32(bytes, versionAt, version);
  const end = sizeBytes - checksumBytes;
  setU32(bytes, end, checksumRange(bytes, 0, end, 0));
}

/** Whether these are whole, of this version, and nothing else. */
export function isForm({ magic, version, sizeBytes }: CheckedForm, bytes: Uint8Array): boolean {
  if (bytes.length !== sizeBytes) return false;
  for (let at = 0; at < magic.length; at++) if (bytes[at] !== magic.charCodeAt(at)) return false;
  const end = sizeBytes - checksumBytes;
  if (getU32(bytes, end) !== checksumRange(bytes, 0, end, 0)) return false;
  return getU32(bytes, versionAt) === version;
}
