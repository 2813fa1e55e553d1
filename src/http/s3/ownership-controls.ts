import { ownershipOf } from '../../auth/bucket-rules.js';
import { readWholeBody } from './body.js';
import type { Exchange } from './exchange.js';
import { S3Error } from './s3-error.js';
import { s3Document } from './xml.js';
import { childText, malformed, readXml } from './xml-read.js';

const bodyBytesMax = 64 * 1024;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketOwnershipControls.html */
export async function getOwnershipControls({ store, bucket, answer }: Exchange): Promise<void> {
  const text = store.access.ofBucket(bucket).document('ownership-controls');
  if (text === undefined) throw new S3Error('OwnershipControlsNotFoundError');
  const xml = s3Document('OwnershipControls').open('Rule').element('ObjectOwnership', text);
  answer.sendXml(200, xml.close('Rule').close('OwnershipControls').toString());
}

/**
 * Grants to others come first off, then ACLs: turning them off must take nothing from anybody
 * unseen.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html
 */
export async function putOwnershipControls(exchange: Exchange): Promise<void> {
  const { store, bucket, access, answer } = exchange;
  const body = await readWholeBody(exchange, bodyBytesMax);
  const [rule, ...others] = readXml(body, 'OwnershipControls').children;
  if (rule?.name !== 'Rule' || others.length > 0) throw malformed();
  const ownership = ownershipOf(childText(rule, 'ObjectOwnership')?.trim());
  if (ownership === undefined) throw malformed();
  const { acl, ownerId } = access.guard(bucket);
  const toOthers = acl.grants.some(
    ({ grantee }) => grantee.is === 'group' || grantee.id !== ownerId,
  );
  if (ownership === 'BucketOwnerEnforced' && toOthers)
    throw new S3Error('InvalidBucketAclWithObjectOwnership');
  await store.setBucketConfiguration(bucket, 'ownership-controls', ownership);
  answer.sendEmpty(200);
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketOwnershipControls.html */
export async function deleteOwnershipControls({ store, bucket, answer }: Exchange): Promise<void> {
  await store.setBucketConfiguration(bucket, 'ownership-controls', null);
  answer.sendEmpty(204);
}
