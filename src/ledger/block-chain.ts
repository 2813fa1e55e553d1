import type { LedgerBlock } from '../format/ledger-block.js';
import { equalHashes, leafHash } from '../merkle/rfc6962.js';
import { nodeSha256 } from './node-hash.js';

const encoder = new TextEncoder();

/** A block and its text. */
export interface ChainedBlock {
  readonly text: string;
  readonly block: LedgerBlock;
}

/** Why a block cannot stand behind `last` at a height, in words; undefined if it can. */
export function misfitOf(
  block: LedgerBlock,
  last: ChainedBlock | undefined,
  height: number,
): string | undefined {
  const at = `block ${height}`;
  if (block.height !== height) return `${at}: block ${block.height} stands in its place`;
  if (last === undefined) return block.prev === undefined ? undefined : `${at} has a block before`;
  if (block.origin !== last.block.origin) return `${at} is of another log: ${block.origin}`;
  const leaf = leafHash(nodeSha256, encoder.encode(last.text));
  if (block.prev === undefined || !equalHashes(block.prev, leaf))
    return `${at} does not name the block before it`;
  if (block.versions[0] !== last.block.versions[1]) return `${at} leaves out versions`;
  return block.time < last.block.time
    ? `${at} has a time before that of the block before`
    : undefined;
}
