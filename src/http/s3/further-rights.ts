import { copySource } from './copy-source.js';
import type { Exchange } from './exchange.js';
import { headerOf } from './header.js';
import type { RequestAccess, Wanted } from './request-access.js';
import { type Right, rightOf, rightTo } from './rights.js';

const writes = new Set(['PutObject', 'PostObject', 'CopyObject', 'CreateMultipartUpload']);
const copies = new Set(['CopyObject', 'UploadPartCopy']);
const lockPrefix = 'x-amz-object-lock-';

interface Need {
  readonly right: Right;
  readonly wanted: Wanted;
}

/**
 * What some operations need beside their own right: a copy reads its source, with its tags,
 * attributes tell what reading tells, and what an object begins with is set as if it were set
 * later.
 * @returns undefined where it needs nothing; rejects with S3Error `AccessDenied`
 */
export function requireFurther(operation: string, exchange: Exchange): Promise<void> | undefined {
  const needs = needsOf(operation, exchange);
  if (needs.length === 0) return undefined;
  const done = requireEach(exchange.access, needs);
  return operation === 'CopyObject' ? done.then(() => requireCopiedTags(exchange)) : done;
}

/** One after another: of two that are refused nobody would wait for the slower one. */
async function requireEach(access: RequestAccess, needs: readonly Need[]): Promise<void> {
  for (const { right, wanted } of needs) await access.require(right, wanted);
}

/** Tags that come along with a copy are read, and set, as any others. */
async function requireCopiedTags({ access, headers, bucket, key }: Exchange): Promise<void> {
  if (headerOf(headers, 'x-amz-tagging-directive') === 'REPLACE') return;
  const source = copySource({ headers });
  if (Object.keys(await access.tagsOf(source)).length === 0) return;
  await access.require(rightOf('GetObjectTagging'), source);
  await access.require(rightTo('PutObjectTagging'), { bucket, key });
}

function needsOf(operation: string, { headers, query, bucket, key }: Exchange): Need[] {
  const needs: Need[] = [];
  if (copies.has(operation))
    needs.push({ right: rightOf('GetObject'), wanted: copySource({ headers }) });
  if (operation === 'GetObjectAttributes') {
    const versionId = query.get('versionId');
    needs.push({ right: rightOf('GetObject'), wanted: { bucket, key, versionId } });
  }
  if (writes.has(operation)) {
    const has = (name: string) => (headerOf(headers, name) ?? '') !== '';
    const wanted = { bucket, key };
    if (has('x-amz-tagging')) needs.push({ right: rightTo('PutObjectTagging'), wanted });
    if (has(`${lockPrefix}mode`) || has(`${lockPrefix}retain-until-date`))
      needs.push({ right: rightTo('PutObjectRetention'), wanted });
    if (has(`${lockPrefix}legal-hold`))
      needs.push({ right: rightTo('PutObjectLegalHold'), wanted });
  }
  return needs;
}
