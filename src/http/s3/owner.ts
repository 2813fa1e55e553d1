import { decodeAcl } from '../../auth/acl.js';
import type { ShownOwner } from '../../auth/user-directory.js';
import { readObject } from './copy-source.js';
import type { Exchange } from './exchange.js';
import { headerOf } from './header.js';
import { S3Error } from './s3-error.js';
import type { XmlWriter } from './xml.js';

export function writeOwner(xml: XmlWriter, element: string, { id, displayName }: ShownOwner): void {
  xml.open(element);
  xml.element('ID', id).element('DisplayName', displayName || undefined);
  xml.close(element);
}

/** The owner of the request's bucket. @throws LogStoreError `NO_SUCH_BUCKET` */
export function bucketOwner({ edge, access, bucket }: Exchange): ShownOwner {
  return edge.users.directory.shown(access.guard(bucket).ownerId);
}

/**
 * Whose each of the listed versions is, in their order; undefined where damage hides it. Of buckets
 * without ACLs all is their owner's, and delete markers are in every bucket.
 */
export async function ownersOf(
  exchange: Exchange,
  listed: readonly { readonly key: string; readonly version: number }[],
): Promise<readonly (ShownOwner | undefined)[]> {
  const { edge, access, bucket } = exchange;
  const ofBucket = bucketOwner(exchange);
  if (access.guard(bucket).ownership === 'BucketOwnerEnforced') return listed.map(() => ofBucket);
  const acls = await edge.store.access.listedAcls(bucket, listed);
  return acls.map((acl) => {
    if (acl === null || acl === undefined) return acl === null ? ofBucket : undefined;
    return edge.users.directory.shown(decodeAcl(acl).ownerId);
  });
}

/** Who sends the request. */
export function senderAsOwner({ edge, identity }: Exchange): ShownOwner {
  return edge.users.directory.shown(identity.principal.ownerId);
}

/**
 * A client that names whose bucket it means to use is not to use another's.
 * @throws S3Error `AccessDenied`
 */
export function refuseOtherOwner(exchange: Exchange): void {
  const { headers, bucket } = exchange;
  const expected = headerOf(headers, 'x-amz-expected-bucket-owner');
  if (expected !== undefined) refuseUnless(exchange, bucket, expected);
  const ofSource = headerOf(headers, 'x-amz-source-expected-bucket-owner');
  if (ofSource !== undefined) refuseUnless(exchange, readObject(exchange).bucket, ofSource);
}

function refuseUnless({ edge, access }: Exchange, bucket: string, expected: string): void {
  if (edge.users.directory.shownId(access.guard(bucket).ownerId) === expected) return;
  throw new S3Error('AccessDenied');
}
