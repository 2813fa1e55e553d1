import { LogStoreError } from '../base/errors.js';
import { limits } from '../base/limits.js';

const bucketPattern = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const ipv4Pattern = /^\d+\.\d+\.\d+\.\d+$/;
const reservedPrefixes = ['xn--', 'sthree-', 'amzn-s3-demo-'];
const reservedSuffixes = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'];

/**
 * S3's rules for general-purpose buckets. What they leave (no `_`, no 00) is what paths of the
 * native API and the index's keys count on.
 * @throws LogStoreError `INVALID_BUCKET_NAME`
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export function checkBucketName(bucket: string): void {
  if (
    typeof bucket !== 'string' ||
    !bucketPattern.test(bucket) ||
    /[.][.-]|-[.]/.test(bucket) || // each label is that of a host name
    ipv4Pattern.test(bucket) ||
    reservedPrefixes.some((prefix) => bucket.startsWith(prefix)) ||
    reservedSuffixes.some((suffix) => bucket.endsWith(suffix))
  ) {
    throw new LogStoreError('INVALID_BUCKET_NAME', `not a bucket name: ${JSON.stringify(bucket)}`);
  }
}

/**
 * 1 to 1,024 bytes of UTF-8. Text that is not well-formed is found where the key is encoded.
 * @throws LogStoreError `KEY_TOO_LONG`; `INVALID_ARGUMENT` for an empty key
 */
export function checkKey(key: string): void {
  if (typeof key !== 'string' || key.length === 0) {
    throw new LogStoreError('INVALID_ARGUMENT', 'a key has at least one character');
  }
  if (3 * key.length <= limits.keyBytesMax) return;
  if (Buffer.byteLength(key) > limits.keyBytesMax) {
    throw new LogStoreError('KEY_TOO_LONG', `a key has at most ${limits.keyBytesMax} bytes`);
  }
}

/** @throws LogStoreError `INVALID_ARGUMENT` */
export function checkPartNumber(partNumber: number): void {
  if (Number.isSafeInteger(partNumber) && partNumber >= 1 && partNumber <= limits.partCountMax) {
    return;
  }
  const range = `1 to ${limits.partCountMax}`;
  throw new LogStoreError('INVALID_ARGUMENT', `a part number is one of ${range}`);
}
