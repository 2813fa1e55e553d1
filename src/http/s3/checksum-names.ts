import type { ChecksumKind } from '../../base/checksum-algorithm.js';
import type { Checksum, ChecksumAlgorithm } from '../../store/types.js';
import type { FlatHeaders } from './answer.js';
import type { XmlWriter } from './xml.js';

/** Each algorithm as headers and as XML elements name it. */
const names: Readonly<Record<ChecksumAlgorithm, readonly [header: string, element: string]>> = {
  CRC32: ['x-amz-checksum-crc32', 'ChecksumCRC32'],
  CRC32C: ['x-amz-checksum-crc32c', 'ChecksumCRC32C'],
  CRC64NVME: ['x-amz-checksum-crc64nvme', 'ChecksumCRC64NVME'],
  SHA1: ['x-amz-checksum-sha1', 'ChecksumSHA1'],
  SHA256: ['x-amz-checksum-sha256', 'ChecksumSHA256'],
};

export const checksumElements: readonly (readonly [ChecksumAlgorithm, element: string])[] = [
  ['CRC32', names.CRC32[1]],
  ['CRC32C', names.CRC32C[1]],
  ['CRC64NVME', names.CRC64NVME[1]],
  ['SHA1', names.SHA1[1]],
  ['SHA256', names.SHA256[1]],
];

type Valued = Pick<Checksum, 'algorithm' | 'value'> & {
  readonly type?: Checksum['type'] | undefined;
};

/** A checksum made of those of `partCount` parts says so behind a dash. */
function valueText({ type, value }: Valued, partCount: number): string {
  const text = Buffer.from(value).toString('base64');
  return type === 'COMPOSITE' ? `${text}-${partCount}` : text;
}

export function pushChecksum(headers: FlatHeaders, checksum: Valued): void {
  headers.push(names[checksum.algorithm][0], valueText(checksum, 0));
}

export function pushChecksums(
  headers: FlatHeaders,
  checksums: readonly Checksum[],
  partCount: number,
): void {
  for (const checksum of checksums)
    headers.push(names[checksum.algorithm][0], valueText(checksum, partCount));
  const [first] = checksums;
  if (first !== undefined) headers.push('x-amz-checksum-type', first.type);
}

export function writeChecksum(xml: XmlWriter, checksum: Valued, partCount = 0): void {
  xml.element(names[checksum.algorithm][1], valueText(checksum, partCount));
  xml.element('ChecksumType', checksum.type);
}

/** What listings tell of a checksum. */
export function writeChecksumKind(xml: XmlWriter, kind: ChecksumKind | undefined): void {
  xml.element('ChecksumAlgorithm', kind?.algorithm).element('ChecksumType', kind?.type);
}
