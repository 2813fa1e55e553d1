import { checksumBytes } from '../../digest/running-hash.js';
import type { ChecksumAlgorithm, ChecksumType } from '../../store/types.js';
import { S3Error } from './s3-error.js';

/** By names in lower case. */
export type ChecksumHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A checksum as a client sends it. */
export interface SentChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly value: Uint8Array;
}

/** What headers say about a body's digests. */
export interface ChecksumClaims {
  readonly md5: Uint8Array | undefined;
  readonly checksum: SentChecksum | undefined;
  /** Its value comes behind the body, in a trailer. */
  readonly trailer: ChecksumAlgorithm | undefined;
  /** The algorithm to compute and keep: of the checksum, or of the trailer. */
  readonly algorithm: ChecksumAlgorithm | undefined;
}

/** Of what comes without a checksum: S3 computes and keeps this one. */
export const defaultAlgorithm: ChecksumAlgorithm = 'CRC64NVME';

const algorithms = Object.keys(checksumBytes) as ChecksumAlgorithm[];
const prefix = 'x-amz-checksum-';
const headerNames = new Map<string, ChecksumAlgorithm>(
  algorithms.map((algorithm) => [`${prefix}${algorithm.toLowerCase()}`, algorithm]),
);

/**
 * Reads Content-MD5, x-amz-checksum-*, x-amz-trailer and x-amz-sdk-checksum-algorithm.
 * @throws S3Error `InvalidDigest`, `InvalidRequest`
 */
export function readChecksumClaims(headers: ChecksumHeaders): ChecksumClaims {
  const checksum = readChecksum(headers);
  const trailer = announcedTrailer(textOf(headers, 'x-amz-trailer'));
  if (checksum !== undefined && trailer !== undefined) throw severalChecksums();
  const algorithm = checksum?.algorithm ?? trailer;
  const named = textOf(headers, 'x-amz-sdk-checksum-algorithm');
  if (named !== undefined) {
    if (algorithm === undefined)
      throw new S3Error(
        'InvalidRequest',
        'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or ' +
          'x-amz-trailer headers were found.',
      );
    if (named.toUpperCase() !== algorithm)
      throw new S3Error(
        'InvalidRequest',
        'Value for x-amz-sdk-checksum-algorithm header is invalid.',
      );
  }
  return { md5: readMd5(textOf(headers, 'content-md5')), checksum, trailer, algorithm };
}

/**
 * The one x-amz-checksum-* header, if there is any.
 * @throws S3Error `InvalidRequest`
 */
export function readChecksum(headers: ChecksumHeaders): SentChecksum | undefined {
  let found: { readonly algorithm: ChecksumAlgorithm; readonly text: string } | undefined;
  for (const [name, algorithm] of headerNames) {
    const text = textOf(headers, name);
    if (text === undefined) continue;
    if (found !== undefined) throw severalChecksums();
    found = { algorithm, text };
  }
  if (found === undefined) return undefined;
  return { algorithm: found.algorithm, value: checksumValue(found.algorithm, found.text) };
}

const beside = new Set(['algorithm', 'mode', 'type'].map((word) => prefix + word));

/**
 * Refuses checksums of algorithms that are not computed here: they would pass unverified.
 * @throws S3Error `InvalidRequest`
 */
export function refuseUnknownChecksum(name: string): void {
  if (!name.startsWith(prefix) || headerNames.has(name) || beside.has(name)) return;
  throw new S3Error(
    'InvalidRequest',
    'The algorithm type you specified in x-amz-checksum- header is invalid.',
  );
}

/**
 * A checksum's raw value; `-N` behind it, as in checksums made of those of N parts, is dropped.
 * @throws S3Error `InvalidRequest`
 */
export function checksumValue(
  algorithm: ChecksumAlgorithm,
  text: string,
  place: 'header' | 'trailing header' = 'header',
): Uint8Array {
  const value = checksumBase64(algorithm, text.replace(/-\d{1,5}$/, ''));
  if (value !== undefined) return value;
  const name = `${prefix}${algorithm.toLowerCase()}`;
  throw new S3Error('InvalidRequest', `Value for ${name} ${place} is invalid.`);
}

/** A checksum's raw value, or undefined for what is none of its size. */
export function checksumBase64(algorithm: ChecksumAlgorithm, text: string): Uint8Array | undefined {
  return base64Bytes(text, checksumBytes[algorithm]);
}

/** The algorithm whose checksum a header or trailer of this name carries. */
export function checksumOfHeader(name: string): ChecksumAlgorithm | undefined {
  return headerNames.get(name);
}

/**
 * The value of x-amz-checksum-algorithm.
 * @throws S3Error `InvalidRequest`
 */
export function checksumAlgorithm(text: string | undefined): ChecksumAlgorithm | undefined {
  if (text === undefined) return undefined;
  const found = algorithms.find((algorithm) => algorithm === text.toUpperCase());
  if (found !== undefined) return found;
  throw new S3Error(
    'InvalidRequest',
    `Checksum algorithm provided is unsupported. Please try again with any of the valid types: ` +
      `[${algorithms.join(', ')}]`,
  );
}

/**
 * The value of x-amz-checksum-type.
 * @throws S3Error `InvalidRequest`
 */
export function checksumType(text: string | undefined): ChecksumType | undefined {
  const type = text?.toUpperCase();
  if (type === undefined || type === 'FULL_OBJECT' || type === 'COMPOSITE') return type;
  throw new S3Error('InvalidRequest', 'Value for x-amz-checksum-type header is invalid.');
}

/**
 * What a new multipart upload is to have: CRC64NVME is of the full object only, the SHAs are
 * composite only, and the others composite unless asked otherwise.
 * @throws S3Error `InvalidRequest`
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
export function uploadChecksum(
  headers: ChecksumHeaders,
): { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType } | undefined {
  const algorithm = checksumAlgorithm(textOf(headers, 'x-amz-checksum-algorithm'));
  const asked = checksumType(textOf(headers, 'x-amz-checksum-type'));
  if (algorithm === undefined) {
    if (asked === undefined) return undefined;
    throw new S3Error(
      'InvalidRequest',
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    );
  }
  const type = asked ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE');
  const possible =
    type === 'FULL_OBJECT' ? !algorithm.startsWith('SHA') : algorithm !== 'CRC64NVME';
  if (possible) return { algorithm, type };
  throw new S3Error(
    'InvalidRequest',
    `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} ` +
      'checksum algorithm.',
  );
}

function announcedTrailer(text: string | undefined): ChecksumAlgorithm | undefined {
  if (text === undefined) return undefined;
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  if (names.length > 1) throw severalChecksums();
  const algorithm = headerNames.get(names[0] ?? '');
  if (algorithm !== undefined) return algorithm;
  throw new S3Error(
    'InvalidRequest',
    'The value specified in the x-amz-trailer header is not supported',
  );
}

function severalChecksums(): S3Error {
  return new S3Error(
    'InvalidRequest',
    'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
  );
}

function readMd5(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  const value = base64Bytes(text, 16);
  if (value !== undefined) return value;
  throw new S3Error('InvalidDigest');
}

/** Exactly `lengthBytes` in canonical Base64, or undefined. */
function base64Bytes(text: string, lengthBytes: number): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === lengthBytes && bytes.toString('base64') === text ? bytes : undefined;
}

function textOf(headers: ChecksumHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' || value === undefined ? value : value.join(',');
}
