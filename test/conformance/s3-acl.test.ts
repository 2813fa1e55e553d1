import {
  type BucketCannedACL,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetBucketAclCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyStatusCommand,
  GetObjectAclCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type ObjectCannedACL,
  PutBucketAclCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutObjectAclCommand,
  PutPublicAccessBlockCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failureOf } from '../e2e/s3-place.js';
import {
  aBucket,
  ann,
  at,
  ben,
  bucketGrants,
  closePlace,
  get,
  list,
  objectGrants,
  openPlace,
  put,
  remove,
  type Signer,
  unsigned,
} from './grants-place.js';

const acls = suite('access control lists');
acls.before(openPlace);
acls.after(closePlace);

acls('a new bucket takes no ACLs, and shows its owner alone', async () => {
  const Bucket = 'acl-none';
  await ann.client.send(new CreateBucketCommand({ Bucket }));
  const controls = new GetBucketOwnershipControlsCommand({ Bucket });
  const { OwnershipControls } = await ann.client.send(controls);
  assert.equal(OwnershipControls?.Rules, [{ ObjectOwnership: 'BucketOwnerEnforced' }]);
  assert.equal(await bucketGrants(Bucket), ['ann: FULL_CONTROL']);
  const notSupported = 'AccessControlListNotSupported';
  const set = new PutBucketAclCommand({ Bucket, ACL: 'public-read' });
  assert.is(await failureOf(ann.client.send(set)), notSupported);
  assert.is(await failureOf(put(ann, Bucket, 'k', 'public-read')), notSupported);
  await put(ann, Bucket, 'k', 'bucket-owner-full-control');
  await put(ann, Bucket, 'private', 'private');
  for (const ACL of ['public-read', 'private'] as const) {
    const onObject = new PutObjectAclCommand({ Bucket, Key: 'k', ACL });
    assert.is(await failureOf(ann.client.send(onObject)), notSupported);
  }
  const onBucket = new PutBucketAclCommand({ Bucket, ACL: 'private' });
  assert.is(await failureOf(ann.client.send(onBucket)), notSupported);
  assert.equal(await objectGrants(ann, Bucket, 'k'), ['ann: FULL_CONTROL']);
  const make = new CreateBucketCommand({ Bucket: 'acl-refused', ACL: 'public-read' });
  assert.is(await failureOf(ann.client.send(make)), 'InvalidBucketAclWithObjectOwnership');
});

acls('where there are no ACLs others cannot keep what they put there to themselves', async () => {
  const Bucket = await aBucket({ ownership: 'BucketOwnerEnforced' });
  const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`];
  const Statement = { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource };
  const Policy = JSON.stringify({ Statement });
  await ann.client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  await put(ben, Bucket, 'k', 'bucket-owner-full-control');
  const [CopySource, ACL] = [`${Bucket}/k`, 'private' as const];
  for (const attempt of [
    () => put(ben, Bucket, 'kept', ACL),
    () => ben.client.send(new CopyObjectCommand({ Bucket, Key: 'kept', CopySource, ACL })),
    () => ben.client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'kept', ACL })),
    () => ben.client.send(new PutObjectAclCommand({ Bucket, Key: 'k', ACL })),
    () => ben.client.send(new PutBucketAclCommand({ Bucket, ACL })),
  ])
    assert.is(await failureOf(attempt()), 'AccessControlListNotSupported');
  const { Uploads } = await ann.client.send(new ListMultipartUploadsCommand({ Bucket }));
  assert.is(Uploads, undefined);
  assert.is(await failureOf(get(ann, Bucket, 'kept')), 'NoSuchKey');
});

const bucketAcls: readonly (readonly [BucketCannedACL, readonly string[]])[] = [
  ['private', []],
  ['public-read', ['AllUsers: READ']],
  ['public-read-write', ['AllUsers: READ', 'AllUsers: WRITE']],
  ['authenticated-read', ['AuthenticatedUsers: READ']],
];

for (const [ACL, others] of bucketAcls)
  acls(`the bucket ACL ${ACL} lets others list and write as it says, and no more`, async () => {
    const Bucket = await aBucket();
    await put(ann, Bucket, 'k');
    await ann.client.send(new PutBucketAclCommand({ Bucket, ACL }));
    assert.equal(await bucketGrants(Bucket), [...others, 'ann: FULL_CONTROL'].sort());
    const open = ACL === 'public-read' || ACL === 'public-read-write';
    const listed = await unsigned('GET', `/${Bucket}`);
    assert.is(listed.status, open ? 200 : 403);
    const benLists = open || ACL === 'authenticated-read';
    if (benLists) await list(ben, Bucket);
    else assert.is(await failureOf(list(ben, Bucket)), 'AccessDenied');
    if (ACL === 'public-read-write') {
      await put(ben, Bucket, 'of-ben');
      await remove(ben, Bucket, 'of-ben');
      assert.is((await unsigned('DELETE', `/${Bucket}/nothing`)).status, 204);
    } else assert.is(await failureOf(put(ben, Bucket, 'of-ben')), 'AccessDenied');
    // A bucket's list says nothing of what is in its objects.
    assert.is(await failureOf(get(ben, Bucket, 'k')), 'AccessDenied');
    assert.is((await unsigned('GET', `/${Bucket}/k`)).status, 403);
    const acl = new GetBucketAclCommand({ Bucket });
    assert.is(await failureOf(ben.client.send(acl)), 'AccessDenied');
  });

const objectAcls: readonly (readonly [ObjectCannedACL, ben: boolean, all: boolean])[] = [
  ['private', false, false],
  ['public-read', true, true],
  ['public-read-write', true, true],
  ['authenticated-read', true, false],
  ['bucket-owner-read', false, false],
];

for (const [ACL, benReads, allRead] of objectAcls)
  acls(`the object ACL ${ACL} lets others read as it says, however it is set`, async () => {
    const Bucket = await aBucket();
    await put(ann, Bucket, 'put', ACL);
    await put(ann, Bucket, 'set');
    await ann.client.send(new PutObjectAclCommand({ Bucket, Key: 'set', ACL }));
    const CopySource = `${Bucket}/put`;
    await ann.client.send(new CopyObjectCommand({ Bucket, Key: 'copied', CopySource, ACL }));
    for (const key of ['put', 'set', 'copied']) {
      assert.is((await unsigned('GET', `/${Bucket}/${key}`)).status, allRead ? 200 : 403);
      assert.is((await unsigned('HEAD', `/${Bucket}/${key}`)).status, allRead ? 200 : 403);
      if (benReads) await get(ben, Bucket, key);
      else assert.is(await failureOf(get(ben, Bucket, key)), 'AccessDenied');
      assert.is(await failureOf(put(ben, Bucket, key)), 'AccessDenied');
      assert.is((await unsigned('PUT', `/${Bucket}/${key}`)).status, 403);
    }
    await ann.client.send(new CopyObjectCommand({ Bucket, Key: 'bare', CopySource }));
    assert.equal(await objectGrants(ann, Bucket, 'bare'), ['ann: FULL_CONTROL']);
  });

acls(
  'who puts an object owns it, and may keep it from the bucket’s owner, or give it',
  async () => {
    const Bucket = await aBucket({ acl: 'public-read-write' });
    await put(ben, Bucket, 'kept');
    assert.is(await failureOf(get(ann, Bucket, 'kept')), 'AccessDenied');
    assert.equal(await objectGrants(ben, Bucket, 'kept'), ['ben: FULL_CONTROL']);
    await put(ben, Bucket, 'shared', 'bucket-owner-read');
    assert.equal(await objectGrants(ben, Bucket, 'shared'), ['ann: READ', 'ben: FULL_CONTROL']);
    await get(ann, Bucket, 'shared');
    await put(ben, Bucket, 'given', 'bucket-owner-full-control');
    const both = ['ann: FULL_CONTROL', 'ben: FULL_CONTROL'];
    assert.equal(await objectGrants(ann, Bucket, 'given'), both);
    await remove(ann, Bucket, 'kept');
  },
);

acls(
  'BucketOwnerPreferred gives objects to the bucket’s owner where their writer says so',
  async () => {
    const Bucket = await aBucket({ acl: 'public-read-write', ownership: 'BucketOwnerPreferred' });
    await put(ben, Bucket, 'given', 'bucket-owner-full-control');
    const { Owner } = await ann.client.send(new GetObjectAclCommand({ Bucket, Key: 'given' }));
    assert.is(Owner?.ID, ann.id);
    await get(ann, Bucket, 'given');
    assert.is(await failureOf(get(ben, Bucket, 'given')), 'AccessDenied');
    await put(ben, Bucket, 'kept');
    assert.equal(await objectGrants(ben, Bucket, 'kept'), ['ben: FULL_CONTROL']);
  },
);
acls('each version has grants of its own', async () => {
  const Bucket = await aBucket();
  const versioning = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
  await at.send({ method: 'PUT', target: `/${Bucket}?versioning`, body: versioning });
  const first = (await put(ann, Bucket, 'k', 'public-read')).VersionId;
  const second = (await put(ann, Bucket, 'k')).VersionId;
  const reads = async (id: string | undefined) =>
    (await unsigned('GET', `/${Bucket}/k?versionId=${id}`)).status;
  assert.equal([await reads(first), await reads(second)], [200, 403]);
  const named = { Bucket, Key: 'k', VersionId: first };
  await ann.client.send(new PutObjectAclCommand({ ...named, ACL: 'private' }));
  assert.equal([await reads(first), await reads(second)], [403, 403]);
});

acls('an upload is shown as whose it is, and its object begins with its grants', async () => {
  const Bucket = await aBucket({ acl: 'public-read-write' });
  const begin = ({ client }: Signer, Key: string, ACL?: ObjectCannedACL) =>
    client.send(new CreateMultipartUploadCommand({ Bucket, Key, ACL }));
  const { UploadId } = await begin(ben, 'of-ben', 'public-read');
  await begin(ann, 'of-ann');
  const { Uploads } = await ann.client.send(new ListMultipartUploadsCommand({ Bucket }));
  assert.equal(
    Uploads?.map(({ Key, Initiator, Owner }) => [Key, Initiator?.ID, Owner?.DisplayName]),
    [
      ['of-ann', ann.id, 'ann'],
      ['of-ben', ben.id, 'ben'],
    ],
  );
  const upload = { Bucket, Key: 'of-ben', UploadId };
  const part = new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'body' });
  const { ETag } = await ben.client.send(part);
  const listed = await ben.client.send(new ListPartsCommand(upload));
  assert.is(listed.Owner?.ID, ben.id);
  const Parts = [{ PartNumber: 1, ETag }];
  await ben.client.send(
    new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }),
  );
  assert.equal(await objectGrants(ben, Bucket, 'of-ben'), ['AllUsers: READ', 'ben: FULL_CONTROL']);
});
acls(
  'a public access block refuses new public lists, and ignores those that are there',
  async () => {
    const Bucket = await aBucket({ acl: 'public-read' });
    await put(ann, Bucket, 'k', 'public-read');
    const block = (flags: object) =>
      ann.client.send(
        new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: flags }),
      );
    await block({ BlockPublicAcls: true });
    assert.is((await unsigned('GET', `/${Bucket}/k`)).status, 200);
    assert.is(await failureOf(put(ann, Bucket, 'k', 'public-read')), 'AccessDenied');
    const set = new PutBucketAclCommand({ Bucket, ACL: 'public-read-write' });
    assert.is(await failureOf(ann.client.send(set)), 'AccessDenied');
    await put(ann, Bucket, 'private');
    await block({ IgnorePublicAcls: true });
    for (const path of [`/${Bucket}/k`, `/${Bucket}`])
      assert.is((await unsigned('GET', path)).status, 403);
    assert.is(await failureOf(get(ben, Bucket, 'k')), 'AccessDenied');
    await get(ann, Bucket, 'k');
  },
);

acls('a bucket is not made again with other grants than it has', async () => {
  const Bucket = await aBucket({ acl: 'public-read' });
  const again = (ACL?: BucketCannedACL) =>
    ann.client.send(new CreateBucketCommand({ Bucket, ACL, ObjectOwnership: 'ObjectWriter' }));
  assert.is(await failureOf(again()), 'BucketAlreadyExists');
  await again('public-read');
  await ann.client.send(new PutBucketAclCommand({ Bucket, ACL: 'private' }));
  assert.is(await failureOf(again('public-read')), 'BucketAlreadyExists');
  await again();
});

acls('a bucket that everybody may list is public, policy or not', async () => {
  const Bucket = await aBucket({ acl: 'authenticated-read' });
  const isPublic = async () => {
    const status = new GetBucketPolicyStatusCommand({ Bucket });
    return (await ann.client.send(status)).PolicyStatus?.IsPublic;
  };
  assert.is(await isPublic(), true);
  await ann.client.send(new PutBucketAclCommand({ Bucket, ACL: 'private' }));
  assert.is(await isPublic(), false);
});

acls('ACLs are turned off only where none lets others in', async () => {
  const Bucket = await aBucket({ acl: 'public-read' });
  await put(ann, Bucket, 'k', 'public-read');
  const enforce = () =>
    ann.client.send(
      new PutBucketOwnershipControlsCommand({
        Bucket,
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      }),
    );
  assert.is(await failureOf(enforce()), 'InvalidBucketAclWithObjectOwnership');
  await ann.client.send(new PutBucketAclCommand({ Bucket, ACL: 'private' }));
  await enforce();
  assert.is((await unsigned('GET', `/${Bucket}/k`)).status, 403);
  assert.is(await failureOf(get(ben, Bucket, 'k')), 'AccessDenied');
  assert.equal(await objectGrants(ann, Bucket, 'k'), ['ann: FULL_CONTROL']);
});

acls.run();
