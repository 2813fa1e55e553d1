import type { IncomingHttpHeaders } from 'node:http';
import {
  type Acl,
  cannedAcl,
  encodeAcl,
  type Grant,
  grantCountMax,
  isPublicAcl,
  type Permission,
  privateAcl,
} from '../../auth/acl.js';
import type { BucketGuard } from '../../auth/bucket-guard.js';
import type { UserDirectory } from '../../auth/user-directory.js';
import type { Exchange } from './exchange.js';
import { granteeOf, type NamedGrantee } from './grantees.js';
import { headerOf } from './header.js';
import { invalidArgument, S3Error } from './s3-error.js';

const grantHeaders: readonly (readonly [header: string, permission: Permission])[] = [
  ['x-amz-grant-read', 'READ'],
  ['x-amz-grant-write', 'WRITE'],
  ['x-amz-grant-read-acp', 'READ_ACP'],
  ['x-amz-grant-write-acp', 'WRITE_ACP'],
  ['x-amz-grant-full-control', 'FULL_CONTROL'],
];

const giveAway = 'bucket-owner-full-control';

/** Whose something is, or will be, and whose the bucket is. */
export interface Owners {
  readonly ownerId: string;
  readonly bucketOwnerId: string;
}

/**
 * The list that the headers of a request ask for; undefined where they ask for none.
 * @throws S3Error `InvalidArgument`, `InvalidRequest`, `UnresolvableGrantByEmailAddress`
 */
export function aclOfHeaders(
  headers: IncomingHttpHeaders,
  { ownerId, bucketOwnerId }: Owners,
  directory: UserDirectory,
): Acl | undefined {
  const canned = headerOf(headers, 'x-amz-acl');
  if (canned === undefined || canned === '') {
    const grants = grantsOfHeaders(headers, directory);
    return grants === undefined ? undefined : { ownerId, grants };
  }
  if (grantHeaders.some(([header]) => headerOf(headers, header) !== undefined))
    throw new S3Error(
      'InvalidRequest',
      'Specifying both Canned ACLs and Header Grants is not allowed',
    );
  const acl = cannedAcl(canned, ownerId, bucketOwnerId);
  if (acl === undefined)
    throw invalidArgument(`There is no canned ACL '${canned}'`, 'x-amz-acl', canned);
  return acl;
}

function grantsOfHeaders(
  headers: IncomingHttpHeaders,
  directory: UserDirectory,
): Grant[] | undefined {
  const grants: Grant[] = [];
  let given = false;
  for (const [header, permission] of grantHeaders) {
    const text = headerOf(headers, header);
    if (text === undefined) continue;
    given = true;
    const named = grantees(text);
    if (grants.length + named.length > grantCountMax)
      throw new S3Error('InvalidArgument', 'Too many grants');
    for (const each of named) grants.push({ permission, grantee: granteeOf(each, directory) });
  }
  return given ? grants : undefined;
}

/** `id="...", uri="...", emailAddress="..."`, with or without the quotation marks. */
function grantees(text: string): NamedGrantee[] {
  return text.split(',').map((entry) => {
    const [, name = '', quoted, bare] = /^\s*(\w+)\s*=\s*(?:"([^"]*)"|(\S+))\s*$/.exec(entry) ?? [];
    const value = quoted ?? bare ?? '';
    const by = name.toLowerCase();
    if (by === 'id' || by === 'uri') return { by, value };
    if (by === 'emailaddress') return { by: 'emailAddress', value };
    throw new S3Error('InvalidArgument', 'Argument format not recognized');
  });
}

/**
 * The list that a new object begins with, as the store keeps it; undefined: its bucket's owner has
 * it alone.
 * @throws S3Error `AccessControlListNotSupported`, `AccessDenied`, and as `aclOfHeaders` does
 */
export function initialAcl(exchange: Exchange): string | undefined {
  const { headers, access, bucket, identity, edge } = exchange;
  const guard = access.guard(bucket);
  const { ownerId: bucketOwnerId, ownership } = guard;
  // What nobody in particular leaves in a bucket is its owner's.
  const writerId =
    identity.principal.is === 'anonymous' ? bucketOwnerId : identity.principal.ownerId;
  const isEnforced = ownership === 'BucketOwnerEnforced';
  const owners = { ownerId: isEnforced ? bucketOwnerId : writerId, bucketOwnerId };
  const asked = aclOfHeaders(headers, owners, edge.users.directory);
  if (isEnforced) {
    // To its owner `private` says nothing new, and older clients send it with all that they put.
    const isPlain = writerId === bucketOwnerId && headerOf(headers, 'x-amz-acl') === 'private';
    if (!isPlain) refuseWithoutAcls(headers, asked, bucketOwnerId);
    return undefined;
  }
  const givesAway = headerOf(headers, 'x-amz-acl') === giveAway;
  const acl =
    ownership === 'BucketOwnerPreferred' && givesAway
      ? privateAcl(bucketOwnerId)
      : (asked ?? privateAcl(writerId));
  refusePublic(acl, guard);
  const isPlain = acl.ownerId === bucketOwnerId && isOwnersAlone(acl, bucketOwnerId);
  return isPlain ? undefined : encodeAcl(acl);
}

/**
 * A bucket without ACLs takes those alone that leave everything to its owner: not even `private`,
 * which would leave it to whoever writes.
 * @throws S3Error `AccessControlListNotSupported`
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-ownership-error-responses.html
 */
export function refuseWithoutAcls(
  headers: IncomingHttpHeaders,
  asked: Acl | undefined,
  ownerId: string,
): void {
  if (asked === undefined) return;
  const canned = headerOf(headers, 'x-amz-acl') || giveAway;
  if (canned === giveAway && isOwnersAlone(asked, ownerId)) return;
  throw new S3Error('AccessControlListNotSupported');
}

/** Whether a list grants all to this owner, and nothing to anybody else. */
export function isOwnersAlone({ grants }: Acl, ownerId: string): boolean {
  return (
    grants.length > 0 &&
    grants.every(
      ({ grantee, permission }) =>
        grantee.is === 'owner' && grantee.id === ownerId && permission === 'FULL_CONTROL',
    )
  );
}

/** @throws S3Error `AccessDenied` where the bucket blocks public lists */
export function refusePublic(acl: Acl, { block }: Pick<BucketGuard, 'block'>): void {
  if (block.has('BlockPublicAcls') && isPublicAcl(acl))
    throw new S3Error('AccessDenied', 'Public ACLs are blocked by S3 Block Public Access.');
}
