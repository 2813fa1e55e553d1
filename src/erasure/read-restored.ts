import { invariant } from '../base/invariant.js';
import { extent } from '../format/parity.js';
import type { Codec } from './codec.js';
import type { BlockAddress } from './damage.js';
import type { ParityGroup } from './parity-group.js';
import { restoreBlocks, rowOf } from './restore-blocks.js';
import type { Stripe } from './stripe.js';

export interface RestoredBytes {
  readonly bytes: Uint8Array;
  /** The blocks of data among them that are damaged on disk, and want repair. */
  readonly damaged: readonly BlockAddress[];
}

/**
 * Bytes of a segment as they must be, whatever its blocks have become: each block that they touch
 * is checked, and rebuilt if it is damaged. Writes nothing.
 * @param stripe lent for the call; rows of at least a block
 * @param start offset in the segment; the range lies in what the group covers
 * @throws DamageBeyondParity
 */
export async function readRestored(
  group: ParityGroup,
  codec: Codec,
  stripe: Stripe,
  start: number,
  lengthBytes: number,
): Promise<RestoredBytes> {
  const { blockBytes, sliceBytes, coveredBytes } = group.facts;
  const end = start + lengthBytes;
  invariant(start >= 0 && lengthBytes >= 0 && end <= coveredBytes, 'parity covers the range');
  const bytes = new Uint8Array(lengthBytes);
  const damaged: BlockAddress[] = [];
  for (let at = start; at < end; ) {
    const shard = Math.floor(at / sliceBytes);
    const inSlice = at - extent(group.facts, shard).offset;
    const block = Math.floor(inSlice / blockBytes);
    const row = rowOf(stripe.rows, shard).subarray(0, blockBytes);
    if (!(await group.read(shard, block, row))) {
      await restoreBlocks(group, codec, stripe, block);
      damaged.push({ shard, block });
    }
    const inBlock = inSlice - block * blockBytes;
    const take = Math.min(blockBytes - inBlock, end - at);
    bytes.set(row.subarray(inBlock, inBlock + take), at - start);
    at += take;
  }
  return { bytes, damaged };
}
