import { LogStoreError } from '../base/errors.js';

/** When a write may happen; checked against every write before it, acknowledged or not. */
export interface WriteCondition {
  /** Only if no such key exists. */
  readonly ifAbsent?: boolean | undefined;
  /** Only if the current version has this ETag (hex, without quotes); `*` is any version. */
  readonly ifMatch?: string | undefined;
}

/** When a read or a copy's source counts; dates have a resolution of one second, as HTTP's. */
export interface ReadCondition {
  readonly ifMatch?: readonly string[] | undefined;
  readonly ifNoneMatch?: readonly string[] | undefined;
  readonly ifModifiedSinceMs?: number | undefined;
  readonly ifUnmodifiedSinceMs?: number | undefined;
}

/** Hex of the 16 bytes, `-N` behind it for a multipart object of N parts. */
export function etagText(etag: Uint8Array, partCount: number): string {
  const { buffer, byteOffset, length } = etag;
  const hex = Buffer.from(buffer, byteOffset, length).toString('hex');
  return partCount > 0 ? `${hex}-${partCount}` : hex;
}

/**
 * What a write's condition says against the current version's ETag, undefined where there is none.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function refusalOf(
  condition: WriteCondition,
  etag: string | undefined,
): LogStoreError | undefined {
  const { ifAbsent, ifMatch } = condition;
  if (ifAbsent === true && etag !== undefined) {
    return new LogStoreError('PRECONDITION_FAILED', 'the key exists already');
  }
  if (ifMatch === undefined) return undefined;
  if (etag === undefined) return new LogStoreError('NO_SUCH_KEY', 'there is no such key to match');
  if (ifMatch === '*' || ifMatch === etag) return undefined;
  return new LogStoreError('PRECONDITION_FAILED', 'the current version has another ETag');
}

/**
 * Whether a copy may read this source. As S3 has it, a matching ETag outweighs the date beside it.
 * @throws LogStoreError `PRECONDITION_FAILED`
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export function checkSource(condition: ReadCondition, etag: string, modifiedUnixMs: number): void {
  const { ifMatch, ifNoneMatch, ifModifiedSinceMs, ifUnmodifiedSinceMs } = condition;
  const modifiedSecond = Math.floor(modifiedUnixMs / 1000);
  const secondOf = (ms: number): number => Math.floor(ms / 1000);
  const holds =
    ifMatch !== undefined
      ? matches(ifMatch, etag)
      : ifUnmodifiedSinceMs === undefined || modifiedSecond <= secondOf(ifUnmodifiedSinceMs);
  const isNew =
    ifNoneMatch !== undefined
      ? !matches(ifNoneMatch, etag)
      : ifModifiedSinceMs === undefined || modifiedSecond > secondOf(ifModifiedSinceMs);
  if (holds && isNew) return;
  throw new LogStoreError('PRECONDITION_FAILED', "the source does not meet the copy's conditions");
}

function matches(etags: readonly string[], etag: string): boolean {
  return etags.includes('*') || etags.includes(etag);
}
