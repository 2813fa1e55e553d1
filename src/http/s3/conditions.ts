import type { ObjectInfo, ReadCondition, WriteCondition } from '../../store/types.js';
import { parseHttpDate } from './http-date.js';
import { S3Error } from './s3-error.js';

/** By names in lower case; of a repeated header its values joined by commas. */
export type ConditionHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The conditions of a GET or HEAD; undefined if there are none. */
export function readCondition(headers: ConditionHeaders): ReadCondition | undefined {
  return conditionNamed(headers, '');
}

/** The conditions on a copy's source; undefined if there are none. */
export function copySourceCondition(headers: ConditionHeaders): ReadCondition | undefined {
  return conditionNamed(headers, 'x-amz-copy-source-');
}

/**
 * Whether a read goes on, in the order of RFC 9110 §13.2.2: an ETag given makes the date of the
 * same sense count for nothing. `not-modified` is 304 on GET and HEAD, a failure elsewhere.
 */
export function readVerdict(
  condition: ReadCondition | undefined,
  { etag, modifiedUnixMs }: Pick<ObjectInfo, 'etag' | 'modifiedUnixMs'>,
): 'ok' | 'not-modified' | 'failed' {
  if (condition === undefined) return 'ok';
  const { ifMatch, ifNoneMatch, ifModifiedSinceMs, ifUnmodifiedSinceMs } = condition;
  const modifiedMs = modifiedUnixMs - (modifiedUnixMs % 1000); // as the client has been told
  const named = (etags: readonly string[]) => etags.includes(etag) || etags.includes('*');

  if (ifMatch !== undefined) {
    if (!named(ifMatch)) return 'failed';
  } else if (ifUnmodifiedSinceMs !== undefined && modifiedMs > ifUnmodifiedSinceMs) return 'failed';

  if (ifNoneMatch !== undefined) return named(ifNoneMatch) ? 'not-modified' : 'ok';
  if (ifModifiedSinceMs !== undefined && modifiedMs <= ifModifiedSinceMs) return 'not-modified';
  return 'ok';
}

/**
 * The conditions of a PUT, a Complete or a DELETE. Dates count for nothing there.
 * @throws S3Error `NotImplemented` where S3 has no such condition
 */
export function writeCondition(headers: ConditionHeaders): WriteCondition {
  const ifMatch = etagsOf(headers['if-match']);
  const ifNoneMatch = etagsOf(headers['if-none-match']);
  if (ifMatch === undefined && ifNoneMatch === undefined) return {};
  if (ifMatch !== undefined && ifNoneMatch !== undefined)
    throw new S3Error('NotImplemented', 'If-Match and If-None-Match do not go together.');
  if (ifMatch !== undefined) {
    const [etag, ...more] = ifMatch;
    if (etag === undefined || more.length > 0)
      throw new S3Error('NotImplemented', 'If-Match takes one ETag here.');
    return { ifMatch: etag };
  }
  if (ifNoneMatch?.join() !== '*')
    throw new S3Error('NotImplemented', 'If-None-Match takes only * here.');
  return { ifAbsent: true };
}

/** Only if the current version has this ETag, which may stand in quotes. */
export function etagCondition(etag: string): WriteCondition {
  return { ifMatch: bareEtag(etag) };
}

/** An ETag as the store has it: hexadecimal, without quotes. */
export function bareEtag(text: string): string {
  return text.trim().replace(/^(?:W\/)?"(.*)"$/, '$1');
}

function conditionNamed(headers: ConditionHeaders, prefix: string): ReadCondition | undefined {
  const ifMatch = etagsOf(headers[`${prefix}if-match`]);
  const ifNoneMatch = etagsOf(headers[`${prefix}if-none-match`]);
  const ifModifiedSinceMs = dateOf(headers[`${prefix}if-modified-since`]);
  const ifUnmodifiedSinceMs = dateOf(headers[`${prefix}if-unmodified-since`]);
  if (
    ifMatch === undefined &&
    ifNoneMatch === undefined &&
    ifModifiedSinceMs === undefined &&
    ifUnmodifiedSinceMs === undefined
  )
    return undefined;
  return { ifMatch, ifNoneMatch, ifModifiedSinceMs, ifUnmodifiedSinceMs };
}

/** Our ETags hold no commas, so a list splits at each. Weak ones count as strong, as in S3. */
function etagsOf(value: string | readonly string[] | undefined): string[] | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === 'string' ? value : value.join(',');
  return text.split(',').map(bareEtag);
}

/** What is no date is ignored, RFC 9110 §13.1.3. */
function dateOf(value: string | readonly string[] | undefined): number | undefined {
  return typeof value === 'string' ? parseHttpDate(value) : undefined;
}
