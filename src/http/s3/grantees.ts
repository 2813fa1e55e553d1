import type { Grantee, Group } from '../../auth/acl.js';
import type { UserDirectory } from '../../auth/user-directory.js';
import { S3Error } from './s3-error.js';

/** The groups of S3, by the addresses that stand for them. */
export const groupAddresses: ReadonlyMap<string, Group> = new Map([
  ['http://acs.amazonaws.com/groups/global/AllUsers', 'AllUsers'],
  ['http://acs.amazonaws.com/groups/global/AuthenticatedUsers', 'AuthenticatedUsers'],
  ['http://acs.amazonaws.com/groups/s3/LogDelivery', 'LogDelivery'],
]);

/** How a request names a grantee. */
export type NamedGrantee =
  | { readonly by: 'id'; readonly value: string }
  | { readonly by: 'emailAddress'; readonly value: string }
  | { readonly by: 'uri'; readonly value: string };

/** @throws S3Error `InvalidArgument`, `UnresolvableGrantByEmailAddress` */
export function granteeOf(named: NamedGrantee, directory: UserDirectory): Grantee {
  switch (named.by) {
    case 'id': {
      const id = directory.ownerIdOf(named.value);
      if (id === undefined) throw new S3Error('InvalidArgument', 'Invalid id');
      return { is: 'owner', id };
    }
    case 'emailAddress': {
      const id = directory.ownerIdOfEmail(named.value);
      if (id === undefined) throw new S3Error('UnresolvableGrantByEmailAddress');
      return { is: 'owner', id };
    }
    case 'uri': {
      const group = groupAddresses.get(named.value);
      if (group === undefined) throw new S3Error('InvalidArgument', 'Invalid group uri');
      return { is: 'group', group };
    }
  }
}

export function addressOfGroup(group: Group): string {
  for (const [address, each] of groupAddresses) if (each === group) return address;
  return group;
}
