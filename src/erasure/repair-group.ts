import { errnoOf, LogStoreError } from '../base/errors.js';
import type { Disk, DiskFile } from '../base/host.js';
import { parityPath, segmentPath } from '../format/file-names.js';
import { blocksPerSlice, equalBytes, extent, parityStart, storedBytes } from '../format/parity.js';
import { range } from './code.js';
import type { Codec } from './codec.js';
import { type BlockAddress, DamageBeyondParity } from './damage.js';
import { writeFronts } from './encode-parity.js';
import { GroupSums } from './group-sums.js';
import { holdsShard } from './parity-file.js';
import type { ParityGroup } from './parity-group.js';
import { PendingFiles } from './pending-files.js';
import { restoreBlocks, rowOf } from './restore-blocks.js';
import type { Stripe } from './stripe.js';

/** What is wrong with a group on disk. */
export interface GroupDamage {
  /** Blocks of data and of parity that parity makes good. */
  readonly healable: readonly BlockAddress[];
  /** Blocks that it does not. */
  readonly lost: readonly BlockAddress[];
  /** Parity files whose head or tables are damaged, or that are missing. */
  readonly fronts: readonly number[];
}

/** Reads all of a group, block by block, and tells what is damaged; writes nothing. */
export async function findDamage(
  group: ParityGroup,
  codec: Codec,
  stripe: Stripe,
): Promise<GroupDamage> {
  const healable: BlockAddress[] = [];
  const lost: BlockAddress[] = [];
  for (const block of range(0, blocksPerSlice(group.facts)))
    try {
      for (const shard of await restoreBlocks(group, codec, stripe, block))
        healable.push({ shard, block });
    } catch (error) {
      if (!(error instanceof DamageBeyondParity)) throw error;
      lost.push(...error.badBlocks);
    }
  return { healable, lost, fronts: [...group.unusableFronts.keys()] };
}

/**
 * Writes those files of a group anew that hold what `damage` names: each is whole under a temporary
 * name, read back and held against the hashes of the tables, before it takes the place of the
 * damaged one. Who has the damaged files open goes on reading them; the segment is to be opened
 * anew. Nothing is written while something is lost: a copy with the lost blocks in it would be less
 * than the original.
 * @throws DamageBeyondParity if there is more damage by now than parity makes good; LogStoreError
 *   `RECORD_CORRUPT` if what was rebuilt is not what was there once
 */
export async function repairGroup(
  disk: Disk,
  group: ParityGroup,
  codec: Codec,
  stripe: Stripe,
  damage: GroupDamage,
): Promise<{ readonly isSegmentNew: boolean }> {
  const { facts, identity } = group;
  const { dataCount, fileId } = facts;
  if (damage.lost.length > 0) throw new DamageBeyondParity(segmentPath(fileId), damage.lost);
  const isSegmentNew = damage.healable.some(({ shard }) => shard < dataCount);
  const indexes = range(0, facts.parityCount).filter(
    (index) =>
      damage.fronts.includes(index) ||
      damage.healable.some(({ shard }) => shard === dataCount + index),
  );
  await using pending = new PendingFiles(disk);
  const segment = isSegmentNew ? await pending.create(segmentPath(fileId)) : undefined;
  const parity = new Map<number, DiskFile>();
  for (const index of indexes) parity.set(index, await pending.create(parityPath(fileId, index)));

  const sums = new GroupSums(facts);
  for (const block of range(0, blocksPerSlice(facts))) {
    await restoreBlocks(group, codec, stripe, block);
    const start = block * facts.blockBytes;
    sums.update(stripe, start, facts.blockBytes);
    for (const shard of segment === undefined ? [] : range(0, dataCount)) {
      const bytes = rowOf(stripe.rows, shard).subarray(0, storedBytes(facts, shard, block));
      if (bytes.length === 0) continue;
      await segment?.write(extent(facts, shard).offset + start, [bytes]);
    }
    for (const [index, file] of parity) {
      const bytes = rowOf(stripe.rows, dataCount + index).subarray(0, facts.blockBytes);
      await file.write(parityStart(facts) + start, [bytes]);
    }
  }
  const { hashes } = sums.finish();
  if (!hashes.every((hash, shard) => equalBytes(hash, rowOf(group.tables.hashes, shard))))
    throw new LogStoreError(
      'RECORD_CORRUPT',
      `what parity gives of ${segmentPath(fileId)} is wrong`,
    );

  if (segment !== undefined) await finishSegment(group, segment);
  if (parity.size > 0)
    await writeFronts([...parity.values()], identity, facts, group.tables, indexes);
  await pending.commit();
  return { isSegmentNew };
}

/** Copies what lies behind the covered bytes, where it can be read: void or filler (SPEC.md §3). */
async function finishSegment(group: ParityGroup, copy: DiskFile): Promise<void> {
  const { coveredBytes, fileId } = group.facts;
  const sizeBytes = await group.segment.sizeBytes();
  const bytes = new Uint8Array(1024 ** 2);
  for (let at = coveredBytes; at < sizeBytes; at += bytes.length) {
    const step = bytes.subarray(0, Math.min(bytes.length, sizeBytes - at)).fill(0);
    try {
      await group.segment.read(step, at);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
    }
    await copy.write(at, [step]);
  }
  await copy.sync();
  for (const shard of range(0, group.facts.dataCount)) {
    const { offset } = extent(group.facts, shard);
    if (await holdsShard(copy, group.facts, group.tables, shard, offset)) continue;
    throw new LogStoreError('IO', `${segmentPath(fileId)} is not read back as it was written`);
  }
}
