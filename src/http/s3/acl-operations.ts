import { type Acl, decodeAcl, encodeAcl, privateAcl } from '../../auth/acl.js';
import {
  aclOfHeaders,
  isOwnersAlone,
  type Owners,
  refusePublic,
  refuseWithoutAcls,
} from './acl-headers.js';
import { readAcl, writeAcl } from './acl-xml.js';
import { readWholeBody } from './body.js';
import { causeOf } from './event-cause.js';
import type { Exchange } from './exchange.js';
import { S3Error } from './s3-error.js';
import { pushVersionId, versionIdOf } from './versions.js';

const bodyBytesMax = 256 * 1024;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html */
export async function getBucketAcl({ access, bucket, edge, answer }: Exchange): Promise<void> {
  const { acl, ownerId, ownership } = access.guard(bucket);
  const shown = ownership === 'BucketOwnerEnforced' ? privateAcl(ownerId) : acl;
  answer.sendXml(200, writeAcl(shown, edge.users.directory));
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html */
export async function putBucketAcl(exchange: Exchange): Promise<void> {
  const { store, bucket, access, answer } = exchange;
  const { ownerId } = access.guard(bucket);
  const acl = await wantedAcl(exchange, { ownerId, bucketOwnerId: ownerId });
  await store.setBucketConfiguration(bucket, 'acl', encodeAcl(acl));
  answer.sendEmpty(200);
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html */
export async function getObjectAcl(exchange: Exchange): Promise<void> {
  const { edge, answer } = exchange;
  const { acl, versionId } = await standingAcl(exchange);
  answer.sendXml(200, writeAcl(acl, edge.users.directory), pushVersionId([], versionId));
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html */
export async function putObjectAcl(exchange: Exchange): Promise<void> {
  const { store, bucket, key, access, query, answer } = exchange;
  const { ownerId: bucketOwnerId } = access.guard(bucket);
  const { acl: standing } = await standingAcl(exchange);
  const acl = await wantedAcl(exchange, { ownerId: standing.ownerId, bucketOwnerId });
  const isPlain = acl.ownerId === bucketOwnerId && isOwnersAlone(acl, bucketOwnerId);
  const text = isPlain ? null : encodeAcl(acl);
  const named = { versionId: versionIdOf(query), cause: causeOf(exchange) };
  const { versionId } = await store.access.setObjectAcl(bucket, key, text, named);
  answer.sendEmpty(200, pushVersionId([], versionId));
}

/** Of the version that is meant. In buckets without ACLs it is its bucket's owner's alone. */
async function standingAcl(
  exchange: Exchange,
): Promise<{ acl: Acl; versionId: string | undefined }> {
  const { store, bucket, key, access, query } = exchange;
  const { ownerId, ownership } = access.guard(bucket);
  const named = { versionId: versionIdOf(query) };
  const { acl, versionId } = await store.access.objectAcl(bucket, key, named);
  const isPlain = acl === null || ownership === 'BucketOwnerEnforced';
  return { acl: isPlain ? privateAcl(ownerId) : decodeAcl(acl), versionId };
}

/**
 * The list that a request sets, by its headers or by its body.
 * @throws S3Error `AccessControlListNotSupported`, `AccessDenied`, `MissingSecurityHeader`, and for
 *   lists that are none
 */
async function wantedAcl(exchange: Exchange, owners: Owners): Promise<Acl> {
  const { headers, access, bucket, edge } = exchange;
  const { directory } = edge.users;
  const guard = access.guard(bucket);
  const body = await readWholeBody(exchange, bodyBytesMax);
  const byHeaders = aclOfHeaders(headers, owners, directory);
  if (byHeaders !== undefined && body.length > 0) throw new S3Error('UnexpectedContent');
  if (byHeaders === undefined && body.length === 0) throw new S3Error('MissingSecurityHeader');
  const acl = byHeaders ?? readAcl(body, owners.ownerId, directory);
  if (guard.ownership === 'BucketOwnerEnforced') refuseWithoutAcls(headers, acl, guard.ownerId);
  refusePublic(acl, guard);
  return acl;
}
