import {
  DeleteObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketAclCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { aBucket, ann, ben, closePlace, openPlace, put } from './grants-place.js';

const owners = suite('owners in listings');
owners.before(openPlace);
owners.after(closePlace);

type Listed = {
  Key?: string | undefined;
  Owner?: { DisplayName?: string | undefined } | undefined;
};
const shown = (listed: Listed[] | undefined) =>
  (listed ?? []).map(({ Key, Owner }) => `${Key}: ${Owner?.DisplayName}`);
const inV1 = async (Bucket: string) =>
  shown((await ann.client.send(new ListObjectsCommand({ Bucket }))).Contents);
const inV2 = async (Bucket: string, FetchOwner?: boolean) =>
  shown((await ann.client.send(new ListObjectsV2Command({ Bucket, FetchOwner }))).Contents);
const versionsOf = (Bucket: string) => ann.client.send(new ListObjectVersionsCommand({ Bucket }));

/** A bucket of ann's in which ben has put an object. */
async function shared(): Promise<string> {
  const Bucket = await aBucket({ acl: 'public-read-write' });
  await put(ann, Bucket, 'of-ann', 'public-read');
  await put(ben, Bucket, 'of-ben');
  await put(ann, Bucket, 'plain');
  return Bucket;
}

owners('each listing names the owner of each object', async () => {
  const Bucket = await shared();
  const all = ['of-ann: ann', 'of-ben: ben', 'plain: ann'];
  assert.equal(await inV1(Bucket), all);
  assert.equal(await inV2(Bucket, true), all);
  assert.equal(shown((await versionsOf(Bucket)).Versions), all);
  const without = ['of-ann: undefined', 'of-ben: undefined', 'plain: undefined'];
  for (const asked of [undefined, false]) assert.equal(await inV2(Bucket, asked), without);
});

owners('each version has an owner of its own, and a delete marker is the bucket’s', async () => {
  const Bucket = await aBucket({ acl: 'public-read-write' });
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await ann.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  await put(ann, Bucket, 'k');
  await put(ben, Bucket, 'k');
  await ben.client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
  const { Versions, DeleteMarkers } = await versionsOf(Bucket);
  assert.equal(shown(Versions), ['k: ben', 'k: ann']);
  assert.equal(shown(DeleteMarkers), ['k: ann']);
});

owners('where owners of buckets own all that is in them, listings say so', async () => {
  const Bucket = await shared();
  await ann.client.send(new PutBucketAclCommand({ Bucket, ACL: 'private' }));
  const ObjectOwnership = 'BucketOwnerEnforced' as const;
  const OwnershipControls = { Rules: [{ ObjectOwnership }] };
  await ann.client.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls }));
  const all = ['of-ann: ann', 'of-ben: ann', 'plain: ann'];
  assert.equal(await inV1(Bucket), all);
  assert.equal(await inV2(Bucket, true), all);
  assert.equal(shown((await versionsOf(Bucket)).Versions), all);
});

owners.run();
