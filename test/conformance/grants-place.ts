import {
  type BucketCannedACL,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketAclCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  type Grant,
  ListObjectsV2Command,
  type ObjectCannedACL,
  type ObjectOwnership,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import * as assert from 'uvu/assert';
import { type People, type Person, peoplePlace } from '../e2e/people.js';

/** A place with two users, and words for what they do; open between `openPlace` and `closePlace`. */
export let at: People;
export let ann: Person;
export let ben: Person;

export async function openPlace(): Promise<void> {
  at = await peoplePlace();
  ann = await at.person('ann');
  ben = await at.person('ben');
}

export async function closePlace(): Promise<void> {
  await at.close();
}

let count = 0;
export async function aBucket(
  over: { ownership?: ObjectOwnership; acl?: BucketCannedACL } = {},
): Promise<string> {
  const Bucket = `acl-${++count}`;
  const { ownership: ObjectOwnership = 'ObjectWriter', acl: ACL } = over;
  await ann.client.send(new CreateBucketCommand({ Bucket, ObjectOwnership, ACL }));
  return Bucket;
}

export type Signer = Pick<Person, 'client'>;
export const put = ({ client }: Signer, Bucket: string, Key: string, ACL?: ObjectCannedACL) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: 'body', ACL }));
export const get = ({ client }: Signer, Bucket: string, Key: string) =>
  client.send(new GetObjectCommand({ Bucket, Key }));
export const list = ({ client }: Signer, Bucket: string) =>
  client.send(new ListObjectsV2Command({ Bucket }));
export const remove = ({ client }: Signer, Bucket: string, Key: string) =>
  client.send(new DeleteObjectCommand({ Bucket, Key }));
export const unsigned = (method: string, target: string) => at.sendUnsigned({ method, target });

export const everybody = 'http://acs.amazonaws.com/groups/global/AllUsers';
export const everyKey = 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers';

/** Grants as `name: PERMISSION`, sorted. */
function shown(grants: Grant[] | undefined): string[] {
  return (grants ?? [])
    .map(({ Grantee, Permission }) => {
      return `${Grantee?.DisplayName ?? Grantee?.URI?.split('/').at(-1)}: ${Permission}`;
    })
    .sort();
}
export const bucketGrants = async (Bucket: string) => {
  const { Grants, Owner } = await ann.client.send(new GetBucketAclCommand({ Bucket }));
  assert.equal(Owner, { ID: ann.id, DisplayName: 'ann' });
  return shown(Grants);
};
export const objectGrants = async ({ client }: Signer, Bucket: string, Key: string) =>
  shown((await client.send(new GetObjectAclCommand({ Bucket, Key }))).Grants);
