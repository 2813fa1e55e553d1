import { hash } from 'node:crypto';
import { S3Error } from './s3-error.js';
import type { XmlWriter } from './xml.js';

const canonicalIds = new Map<string, string>();

/** The canonical user id of an access key: 64 hex digits that do not give the key away. */
export function canonicalId(accessKeyId: string): string {
  const known = canonicalIds.get(accessKeyId);
  if (known !== undefined) return known;
  const id = hash('sha256', `logstore canonical user id\0${accessKeyId}`);
  canonicalIds.set(accessKeyId, id); // as many entries as there are access keys
  return id;
}

export function writeOwner(xml: XmlWriter, element: string, accessKeyId: string): void {
  xml.open(element);
  xml.element('ID', canonicalId(accessKeyId)).element('DisplayName', accessKeyId);
  xml.close(element);
}

/**
 * A client that names whose bucket it means to write to is not to write to another's.
 * @throws S3Error `AccessDenied`
 */
export function refuseOtherOwner(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  ownerId: string,
): void {
  for (const name of ['x-amz-expected-bucket-owner', 'x-amz-source-expected-bucket-owner']) {
    const expected = headers[name];
    if (expected !== undefined && expected !== ownerId) throw new S3Error('AccessDenied');
  }
}
