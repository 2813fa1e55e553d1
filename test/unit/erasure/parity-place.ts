import type { Disk } from '../../../src/base/host.js';
import { BlockChecksums } from '../../../src/erasure/block-checksums.js';
import type { Codec } from '../../../src/erasure/codec.js';
import { encodeParity, type SegmentIdentity } from '../../../src/erasure/encode-parity.js';
import { type GroupCoder, InlineGroupCoder } from '../../../src/erasure/group-coder.js';
import { openCodec } from '../../../src/erasure/open-codec.js';
import { ParityGroup } from '../../../src/erasure/parity-group.js';
import { readRestored } from '../../../src/erasure/read-restored.js';
import { findDamage, type GroupDamage, repairGroup } from '../../../src/erasure/repair-group.js';
import { newStripes, type Stripe } from '../../../src/erasure/stripe.js';
import { parityPath, segmentPath } from '../../../src/format/file-names.js';
import { type ParityFacts, parityShape } from '../../../src/format/parity.js';

export const codec: Codec = openCodec();
export const coder: GroupCoder = new InlineGroupCoder(codec);
const [readStripe] = newStripes({
  code: { dataCount: 16, parityCount: 2 },
  rowBytes: 65_536,
  stripeCount: 1,
});
if (readStripe === undefined) throw new Error('one stripe was asked for');
export const stripe: Stripe = readStripe;

export const fileId = 7;
export const paths = [segmentPath(fileId), parityPath(fileId, 0), parityPath(fileId, 1)] as const;

export function identityOf(id: number, generation = 0): SegmentIdentity {
  return {
    ...{ storeId: new Uint8Array(16).fill(0x51), fileId: id, generation },
    salt: new Uint8Array(16).fill(id),
  };
}

export function checksumsOf(segment: Uint8Array, coveredBytes: number): Uint32Array {
  const sums = new BlockChecksums(parityShape(coveredBytes));
  sums.update(segment);
  const found = sums.finish();
  if (found === undefined) throw new Error('the segment is as long as what is covered');
  return found;
}

/** Parity of the segment that stands on the disk with these bytes. */
export async function encode(
  disk: Disk,
  segment: Uint8Array,
  coveredBytes = segment.length,
  identity = identityOf(fileId),
  by = coder,
): Promise<ParityFacts> {
  const file = await disk.open(segmentPath(identity.fileId), 'read');
  try {
    const verified = checksumsOf(segment, coveredBytes);
    return await encodeParity(disk, file, identity, coveredBytes, verified, by);
  } finally {
    await file.close();
  }
}

/** Opens the group on the disk for the time of `work`. */
export async function withGroup<T>(
  disk: Disk,
  facts: ParityFacts,
  work: (group: ParityGroup) => Promise<T>,
): Promise<T> {
  const segment = await disk.open(segmentPath(facts.fileId), 'read');
  try {
    const group = await ParityGroup.open(disk, segment, identityOf(facts.fileId), facts);
    if (!(group instanceof ParityGroup)) throw new Error(group.unusable);
    await using open = group;
    return await work(open);
  } finally {
    await segment.close();
  }
}

export function readAll(disk: Disk, facts: ParityFacts): Promise<Uint8Array> {
  return withGroup(disk, facts, async (group) => {
    const { bytes } = await readRestored(group, codec, stripe, 0, facts.coveredBytes);
    return bytes;
  });
}

/** Finds all damage and repairs it. */
export function heal(disk: Disk, facts: ParityFacts): Promise<GroupDamage> {
  return withGroup(disk, facts, async (group) => {
    const damage = await findDamage(group, codec, stripe);
    if (damage.healable.length + damage.fronts.length > 0)
      await repairGroup(disk, group, codec, stripe, damage);
    return damage;
  });
}
