import { pageLimit } from '../catalog/listing.js';
import { checksumOf } from '../format/checksum-numbers.js';
import { type Commits, putPartAt } from './commits.js';
import type { Objects } from './objects.js';
import type { ObjectPart, ObjectPartsOptions, ObjectPartsPage } from './types.js';

/**
 * The parts of a multipart object, with the checksums that they came with; none of any other.
 * @throws LogStoreError as a read of its description does
 */
export async function objectParts(
  objects: Objects,
  commits: Commits,
  bucket: string,
  key: string,
  { versionId, afterPartNumber = 0, limit }: ObjectPartsOptions,
): Promise<ObjectPartsPage> {
  const most = pageLimit(limit);
  const pin = commits.pin();
  try {
    const { record } = await objects.find(bucket, key, versionId, pin);
    const parts: ObjectPart[] = [];
    for (let at = 0; at + 3 < record.parts.length; at += 4) {
      const [number = 0, sequence = 0, mutation = 0] = record.parts.slice(at, at + 3);
      if (number <= afterPartNumber) continue;
      if (parts.length === most) return { parts, truncated: true };
      const { part } = putPartAt(await commits.read(sequence, pin), sequence, mutation);
      const checksum = part.checksum === null ? undefined : checksumOf(part.checksum);
      parts.push({ number, sizeBytes: part.sizeBytes, checksum });
    }
    return { parts, truncated: false };
  } finally {
    pin.release();
  }
}
