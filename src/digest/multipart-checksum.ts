import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ChecksumAlgorithm } from '../base/checksum-algorithm.js';
import { invariant } from '../base/invariant.js';
import { combineCrc32, combineCrc32c, combineCrc64Nvme } from './crc-combine.js';
import { crc32c } from './crc32c.js';
import { type Crc64, crc64Empty } from './crc64-nvme.js';
import { checksumBytes, crc32Bytes, crc64Bytes } from './running-hash.js';

/** The algorithms whose value for a whole body follows from those of its parts. */
export type FullObjectAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME';

/** The algorithms that S3 has a checksum of checksums for. */
export type CompositeAlgorithm = Exclude<ChecksumAlgorithm, 'CRC64NVME'>;

/**
 * The COMPOSITE checksum: `algorithm` over the parts' raw checksums, one after another. The `-N`
 * that S3 shows behind it is not part of the value.
 */
export function compositeChecksum(
  algorithm: CompositeAlgorithm,
  partChecksums: readonly Uint8Array[],
): Uint8Array {
  const all = Buffer.concat(partChecksums);
  invariant(
    all.length === partChecksums.length * checksumBytes[algorithm],
    'every part has a checksum of the whole algorithm',
  );
  if (algorithm === 'CRC32') return crc32Bytes(crc32(all));
  if (algorithm === 'CRC32C') return crc32Bytes(crc32c(all));
  return hash(algorithm === 'SHA1' ? 'sha1' : 'sha256', all, 'buffer');
}

/** The FULL_OBJECT checksum: what `algorithm` over all the parts' bytes in a row would give. */
export function fullObjectChecksum(
  algorithm: FullObjectAlgorithm,
  parts: readonly { readonly checksum: Uint8Array; readonly sizeBytes: number }[],
): Uint8Array {
  if (algorithm === 'CRC64NVME') {
    let crc = crc64Empty;
    for (const { checksum, sizeBytes } of parts)
      crc = combineCrc64Nvme(crc, readCrc64(checksum), sizeBytes);
    return crc64Bytes(crc);
  }
  const combine = algorithm === 'CRC32' ? combineCrc32 : combineCrc32c;
  let crc = 0;
  for (const { checksum, sizeBytes } of parts) crc = combine(crc, readCrc32(checksum), sizeBytes);
  return crc32Bytes(crc);
}

function readCrc32(bytes: Uint8Array): number {
  invariant(bytes.length === 4, 'a CRC-32 has four bytes');
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

function readCrc64(bytes: Uint8Array): Crc64 {
  invariant(bytes.length === 8, 'a CRC-64 has eight bytes');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { high: view.getUint32(0), low: view.getUint32(4) };
}
