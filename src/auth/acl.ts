import { LogStoreError } from '../base/errors.js';
import { owns, type Principal } from './principal.js';

/** Access control lists: as they are kept (SPEC.md §4.1), and what they grant. */

export const permissions = ['READ', 'WRITE', 'READ_ACP', 'WRITE_ACP', 'FULL_CONTROL'] as const;
export type Permission = (typeof permissions)[number];

export const groups = ['AllUsers', 'AuthenticatedUsers', 'LogDelivery'] as const;
export type Group = (typeof groups)[number];

export type Grantee =
  /** By the owner's id; empty for root. */
  { readonly is: 'owner'; readonly id: string } | { readonly is: 'group'; readonly group: Group };

export interface Grant {
  readonly grantee: Grantee;
  readonly permission: Permission;
}

export interface Acl {
  /** Empty: root. */
  readonly ownerId: string;
  readonly grants: readonly Grant[];
}

/** S3's own limit. */
export const grantCountMax = 100;

export const cannedAcls = [
  ...['private', 'public-read', 'public-read-write', 'authenticated-read', 'aws-exec-read'],
  ...['bucket-owner-read', 'bucket-owner-full-control', 'log-delivery-write'],
] as const;

/**
 * @param bucketOwnerId of the bucket that an object is in; of a bucket its own owner's
 * @returns undefined for a name that is none of S3's
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
 */
export function cannedAcl(name: string, ownerId: string, bucketOwnerId: string): Acl | undefined {
  const own: Grant = { grantee: { is: 'owner', id: ownerId }, permission: 'FULL_CONTROL' };
  const grants = cannedGrants(name, bucketOwnerId);
  if (grants === undefined) return undefined;
  // Who has all of it already is granted nothing beside that.
  const others = grants.filter(({ grantee }) => grantee.is === 'group' || grantee.id !== ownerId);
  return { ownerId, grants: [own, ...others] };
}

function cannedGrants(name: string, bucketOwnerId: string): Grant[] | undefined {
  const toGroup = (group: Group, permission: Permission): Grant => {
    return { grantee: { is: 'group', group }, permission };
  };
  const toBucketOwner = (permission: Permission): Grant => {
    return { grantee: { is: 'owner', id: bucketOwnerId }, permission };
  };
  switch (name) {
    case 'private':
    case 'aws-exec-read': // what it lets in is Amazon's own
      return [];
    case 'public-read':
      return [toGroup('AllUsers', 'READ')];
    case 'public-read-write':
      return [toGroup('AllUsers', 'READ'), toGroup('AllUsers', 'WRITE')];
    case 'authenticated-read':
      return [toGroup('AuthenticatedUsers', 'READ')];
    case 'bucket-owner-read':
      return [toBucketOwner('READ')];
    case 'bucket-owner-full-control':
      return [toBucketOwner('FULL_CONTROL')];
    case 'log-delivery-write':
      return [toGroup('LogDelivery', 'WRITE'), toGroup('LogDelivery', 'READ_ACP')];
    default:
      return undefined;
  }
}

export function privateAcl(ownerId: string): Acl {
  const grantee = { is: 'owner', id: ownerId } as const;
  return { ownerId, grants: [{ grantee, permission: 'FULL_CONTROL' }] };
}

export function encodeAcl({ ownerId, grants }: Acl): string {
  const lines = grants.map(({ grantee, permission }) => {
    const to = grantee.is === 'owner' ? `id=${grantee.id}` : `group=${grantee.group}`;
    return `${permission} ${to}`;
  });
  return [ownerId, ...lines].map((line) => `${line}\n`).join('');
}

/** @throws LogStoreError `RECORD_CORRUPT` for what `encodeAcl` never made */
export function decodeAcl(text: string): Acl {
  const [ownerId = '', ...lines] = text.split('\n');
  if (lines.pop() !== '' || !/^([0-9a-f]{64})?$/.test(ownerId)) throw corrupt();
  return { ownerId, grants: lines.map(decodeGrant) };
}

function decodeGrant(line: string): Grant {
  const [, word, id, groupName] = /^(\w+) (?:id=([0-9a-f]*)|group=(\w+))$/.exec(line) ?? [];
  const permission = permissions.find((each) => each === word);
  const group = groups.find((each) => each === groupName);
  if (permission === undefined || (id === undefined) === (group === undefined)) throw corrupt();
  if (group !== undefined) return { permission, grantee: { is: 'group', group } };
  return { permission, grantee: { is: 'owner', id: id ?? '' } };
}

function corrupt(): LogStoreError {
  return new LogStoreError('RECORD_CORRUPT', 'a stored list of grants is none');
}

/**
 * Whether a list grants a permission.
 * @param ignorePublic leave out what is granted to everybody, as IgnorePublicAcls has it
 */
export function grantsTo(
  { grants }: Acl,
  principal: Principal,
  wanted: Permission,
  ignorePublic: boolean,
): boolean {
  return grants.some(({ grantee, permission }) => {
    if (permission !== wanted && permission !== 'FULL_CONTROL') return false;
    if (grantee.is === 'owner') return owns(principal, grantee.id);
    if (ignorePublic || grantee.group === 'LogDelivery') return false;
    return grantee.group === 'AllUsers' || principal.is !== 'anonymous';
  });
}

/** Whether it grants anything to everybody, or to everybody with a key. */
export function isPublicAcl({ grants }: Acl): boolean {
  return grants.some(({ grantee }) => grantee.is === 'group' && grantee.group !== 'LogDelivery');
}
