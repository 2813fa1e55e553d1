import { checksum } from '../format/checksum.js';
import { decodeRecordHeader, recordHeaderBytes } from '../format/record.js';

/**
 * Looks for the one bit whose flip makes the header at the start of `bytes` that of record
 * `sequence`, with a payload that fits its checksum: so one rotten bit in a header neither hides a
 * record nor makes it unknown what it was. Two independent checksums and the number must agree,
 * so nothing false passes. The bytes on disk stay as they are.
 * @param bytes from the header on, as far as they were read
 * @returns a copy of header and payload with that bit flipped back
 */
export function mendRecordHeader(
  bytes: Uint8Array,
  seed: number,
  offset: number,
  until: number,
  sequence: number,
): Uint8Array | undefined {
  if (bytes.length < recordHeaderBytes) return undefined;
  const header = bytes.slice(0, recordHeaderBytes);
  for (let bit = 0; bit < 8 * recordHeaderBytes; bit++) {
    const at = bit >> 3;
    const flip = 1 << (bit & 7);
    header[at] = (header[at] ?? 0) ^ flip;
    const found = decodeRecordHeader(header, 0, seed, offset);
    header[at] = (header[at] ?? 0) ^ flip;
    if (found === undefined || found.sequence !== sequence) continue;
    const end = recordHeaderBytes + found.payloadBytes;
    if (offset + end > until || end > bytes.length) continue;
    if (checksum(bytes.subarray(recordHeaderBytes, end)) !== found.payloadChecksum) continue;
    const mended = bytes.slice(0, end);
    mended[at] = (mended[at] ?? 0) ^ flip;
    return mended;
  }
  return undefined;
}
