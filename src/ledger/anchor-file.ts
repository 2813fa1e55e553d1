import type { Disk } from '../base/host.js';
import { decodeAnchor, encodeAnchor, type LedgerAnchor } from '../format/ledger-anchor.js';
import { anchorFiles, readWhole, writeWhole } from './ledger-files.js';
import { nodeSha256 } from './node-hash.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The one of both copies that is whole and stands highest; undefined where nothing was pruned. */
export async function readAnchor(disk: Disk): Promise<LedgerAnchor | undefined> {
  let found: LedgerAnchor | undefined;
  for (const path of anchorFiles) {
    const bytes = await readWhole(disk, path);
    const anchor = bytes && decodeAnchor(nodeSha256, decoder.decode(bytes));
    if (anchor !== undefined && anchor.height >= (found?.height ?? 0)) found = anchor;
  }
  return found;
}

/** Both copies are durable when it resolves. */
export async function writeAnchor(disk: Disk, anchor: LedgerAnchor): Promise<void> {
  const bytes = encoder.encode(encodeAnchor(nodeSha256, anchor));
  for (const path of anchorFiles) await writeWhole(disk, path, bytes, true);
}
