import { invariant } from '../base/invariant.js';
import { segmentPath } from '../format/file-names.js';
import { range } from './code.js';
import type { Codec } from './codec.js';
import { DamageBeyondParity } from './damage.js';
import type { ParityGroup } from './parity-group.js';
import type { Stripe } from './stripe.js';

/**
 * Fills a stripe with the blocks that stand in one place of all shards, as they must be: what is
 * damaged is rebuilt, and believed only when it fits its own checksum.
 * @param stripe of the group's code, with rows of at least a block
 * @returns the shards whose block is damaged on disk
 * @throws DamageBeyondParity
 */
export async function restoreBlocks(
  group: ParityGroup,
  codec: Codec,
  stripe: Stripe,
  block: number,
): Promise<number[]> {
  const { blockBytes, parityCount } = group.facts;
  const rows = stripe.rows.map((row) => row.subarray(0, blockBytes));
  const shards = range(0, group.shardCount);
  const read = (shard: number) => group.read(shard, block, rowOf(rows, shard));
  const areWhole = await Promise.all(shards.map(read));
  const damaged = shards.filter((shard) => !areWhole[shard]);
  const rebuilds = (missing: readonly number[]): boolean => {
    codec.reconstruct(stripe, missing, blockBytes);
    return missing.every((shard) => group.fits(shard, block, rowOf(rows, shard)));
  };
  if (damaged.length <= parityCount && rebuilds(damaged)) return damaged;
  // A block may be wrong and fit its checksum all the same: then what comes of it does not fit.
  // While there is a shard to spare, each of the others is left out in turn.
  if (damaged.length < parityCount)
    for (const suspect of shards) {
      if (damaged.includes(suspect)) continue;
      if (rebuilds([...damaged, suspect])) return [...damaged, suspect];
      await read(suspect);
    }
  const badBlocks = damaged.map((shard) => ({ shard, block }));
  throw new DamageBeyondParity(segmentPath(group.facts.fileId), badBlocks);
}

export function rowOf(rows: readonly Uint8Array[], shard: number): Uint8Array {
  const row = rows[shard];
  invariant(row !== undefined, 'a stripe has a row for each shard');
  return row;
}
