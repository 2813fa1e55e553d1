import { copySource } from './copy-source.js';
import { type Exchange, headerOf } from './exchange.js';
import { rightOf } from './rights.js';

const writes = new Set(['PutObject', 'PostObject', 'CopyObject', 'CreateMultipartUpload']);
const copies = new Set(['CopyObject', 'UploadPartCopy']);
const lockPrefix = 'x-amz-object-lock-';

/**
 * What some operations need beside their own right: a copy reads its source, attributes tell what
 * reading tells, and what an object begins with is set as if it were set later.
 * @returns undefined where all of it is known to be allowed
 * @throws S3Error `AccessDenied`, as what comes back does
 */
export function requireFurther(
  operation: string,
  { access, headers, query, bucket, key }: Exchange,
): Promise<unknown> | undefined {
  const waited: (Promise<void> | undefined)[] = [];
  if (copies.has(operation)) {
    const source = copySource({ headers });
    waited.push(access.require(rightOf('GetObject'), source));
  }
  if (operation === 'GetObjectAttributes') {
    const versionId = query.get('versionId');
    waited.push(access.require(rightOf('GetObject'), { bucket, key, versionId }));
  }
  if (writes.has(operation)) {
    const has = (name: string) => (headerOf(headers, name) ?? '') !== '';
    const wanted = { bucket, key };
    if (has('x-amz-tagging')) waited.push(access.requireAction('PutObjectTagging', wanted));
    if (has(`${lockPrefix}mode`) || has(`${lockPrefix}retain-until-date`))
      waited.push(access.requireAction('PutObjectRetention', wanted));
    if (has(`${lockPrefix}legal-hold`))
      waited.push(access.requireAction('PutObjectLegalHold', wanted));
  }
  return waited.some((each) => each !== undefined) ? Promise.all(waited) : undefined;
}
