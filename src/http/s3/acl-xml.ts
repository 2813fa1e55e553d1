import { type Acl, type Grant, grantCountMax, permissions } from '../../auth/acl.js';
import type { UserDirectory } from '../../auth/user-directory.js';
import { addressOfGroup, granteeOf, type NamedGrantee } from './grantees.js';
import { writeOwner } from './owner.js';
import { S3Error } from './s3-error.js';
import { s3Document } from './xml.js';
import { childText, readXml, type XmlElement } from './xml-read.js';

const instanceNamespace = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';

/** The `AccessControlPolicy` that shows a list; groups stand first, as suites of tests expect. */
export function writeAcl({ ownerId, grants }: Acl, directory: UserDirectory): string {
  const xml = s3Document('AccessControlPolicy');
  writeOwner(xml, 'Owner', directory.shown(ownerId));
  xml.open('AccessControlList');
  const ofGroups = grants.filter(({ grantee }) => grantee.is === 'group');
  const ofOwners = grants.filter(({ grantee }) => grantee.is === 'owner');
  for (const { grantee, permission } of [...ofGroups, ...ofOwners]) {
    xml.open('Grant');
    if (grantee.is === 'group') {
      xml.open('Grantee', `${instanceNamespace} xsi:type="Group"`);
      xml.element('URI', addressOfGroup(grantee.group)).close('Grantee');
    } else {
      const { id, displayName } = directory.shown(grantee.id);
      xml.open('Grantee', `${instanceNamespace} xsi:type="CanonicalUser"`);
      xml
        .element('ID', id)
        .element('DisplayName', displayName || undefined)
        .close('Grantee');
    }
    xml.element('Permission', permission).close('Grant');
  }
  return xml.close('AccessControlList').close('AccessControlPolicy').toString();
}

/**
 * Reads the `AccessControlPolicy` of a request.
 * @param ownerId whose the thing is: a list cannot give it to somebody else
 * @throws S3Error `MalformedACLError`, `AccessDenied`, `InvalidArgument`,
 *   `UnresolvableGrantByEmailAddress`
 */
export function readAcl(body: Uint8Array, ownerId: string, directory: UserDirectory): Acl {
  const policy = readXml(body, 'AccessControlPolicy');
  const owner = only(policy, 'Owner');
  const list = only(policy, 'AccessControlList');
  if (list === undefined) throw malformedAcl();
  const shownId = owner === undefined ? undefined : childText(owner, 'ID')?.trim();
  if (shownId !== undefined && shownId !== directory.shownId(ownerId))
    throw new S3Error('AccessDenied');
  if (list.children.length > grantCountMax) throw malformedAcl();
  return { ownerId, grants: list.children.map((grant) => readGrant(grant, directory)) };
}

function readGrant(element: XmlElement, directory: UserDirectory): Grant {
  const word = childText(element, 'Permission')?.trim();
  const permission = permissions.find((each) => each === word);
  const grantee = only(element, 'Grantee');
  if (element.name !== 'Grant' || permission === undefined || grantee === undefined)
    throw malformedAcl();
  return { permission, grantee: granteeOf(named(grantee), directory) };
}

/** Its type is an attribute, and follows from what stands there. */
function named(grantee: XmlElement): NamedGrantee {
  const id = childText(grantee, 'ID')?.trim();
  if (id !== undefined) return { by: 'id', value: id };
  const email = childText(grantee, 'EmailAddress')?.trim();
  if (email !== undefined) return { by: 'emailAddress', value: email };
  const uri = childText(grantee, 'URI')?.trim();
  if (uri !== undefined) return { by: 'uri', value: uri };
  throw malformedAcl();
}

function only({ children }: XmlElement, name: string): XmlElement | undefined {
  const found = children.filter((child) => child.name === name);
  if (found.length > 1) throw malformedAcl();
  return found[0];
}

function malformedAcl(): S3Error {
  return new S3Error('MalformedACLError');
}
