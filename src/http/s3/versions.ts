import type { FlatHeaders } from './answer.js';
import type { Exchange } from './exchange.js';
import { headerOf } from './header.js';
import type { Query } from './query.js';
import { rightTo } from './rights.js';
import { invalidArgument } from './s3-error.js';

/**
 * The version that a request names.
 * @throws S3Error `InvalidArgument` for an empty id; what is no id the store refuses
 */
export function versionIdOf(query: Query): string | undefined {
  const versionId = query.get('versionId');
  if (versionId === '') {
    throw invalidArgument('Version id cannot be the empty string', 'versionId', '');
  }
  return versionId;
}

/** In a bucket that never had versions there is nothing to tell. */
export function pushVersionId(headers: FlatHeaders, versionId: string | undefined): FlatHeaders {
  if (versionId !== undefined) headers.push('x-amz-version-id', versionId);
  return headers;
}

/** Of what was just written S3 tells the id only where it is its own: never `null`. */
export function pushOwnVersionId(headers: FlatHeaders, versionId: string | undefined): FlatHeaders {
  return versionId === 'null' ? headers : pushVersionId(headers, versionId);
}

/** Whether the sender means to remove also what is retained under governance, and may. */
export async function bypassesGovernance(
  { headers, access, bucket }: Exchange,
  key: string,
): Promise<boolean> {
  if (headerOf(headers, 'x-amz-bypass-governance-retention')?.toLowerCase() !== 'true')
    return false;
  return await access.permits(rightTo('BypassGovernanceRetention'), { bucket, key });
}
