import {
  type BucketCannedACL,
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketAclCommand,
  GetBucketOwnershipControlsCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  type Grant,
  ListObjectsV2Command,
  type ObjectCannedACL,
  type ObjectOwnership,
  PutBucketAclCommand,
  PutBucketOwnershipControlsCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type People, type Person, peoplePlace } from '../e2e/people.js';
import { codeOf, failureOf } from '../e2e/s3-place.js';

const acls = suite('access control lists');

let at: People;
let ann: Person;
let ben: Person;
acls.before(async () => {
  at = await peoplePlace();
  ann = await at.person('ann');
  ben = await at.person('ben');
});
acls.after(() => at.close());

let count = 0;
async function aBucket(
  over: { ownership?: ObjectOwnership; acl?: BucketCannedACL } = {},
): Promise<string> {
  const Bucket = `acl-${++count}`;
  const { ownership: ObjectOwnership = 'ObjectWriter', acl: ACL } = over;
  await ann.client.send(new CreateBucketCommand({ Bucket, ObjectOwnership, ACL }));
  return Bucket;
}

type Signer = Pick<Person, 'client'>;
const put = ({ client }: Signer, Bucket: string, Key: string, ACL?: ObjectCannedACL) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: 'body', ACL }));
const get = ({ client }: Signer, Bucket: string, Key: string) =>
  client.send(new GetObjectCommand({ Bucket, Key }));
const list = ({ client }: Signer, Bucket: string) =>
  client.send(new ListObjectsV2Command({ Bucket }));
const remove = ({ client }: Signer, Bucket: string, Key: string) =>
  client.send(new DeleteObjectCommand({ Bucket, Key }));
const unsigned = (method: string, target: string) => at.sendUnsigned({ method, target });

const everybody = 'http://acs.amazonaws.com/groups/global/AllUsers';
const everyKey = 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers';

/** Grants as `name: PERMISSION`, sorted. */
function shown(grants: Grant[] | undefined): string[] {
  return (grants ?? [])
    .map(({ Grantee, Permission }) => {
      return `${Grantee?.DisplayName ?? Grantee?.URI?.split('/').at(-1)}: ${Permission}`;
    })
    .sort();
}
const bucketGrants = async (Bucket: string) => {
  const { Grants, Owner } = await ann.client.send(new GetBucketAclCommand({ Bucket }));
  assert.equal(Owner, { ID: ann.id, DisplayName: 'ann' });
  return shown(Grants);
};
const objectGrants = async ({ client }: Signer, Bucket: string, Key: string) =>
  shown((await client.send(new GetObjectAclCommand({ Bucket, Key }))).Grants);

acls('a new bucket takes no ACLs, and shows its owner alone', async () => {
  const Bucket = 'acl-none';
  await ann.client.send(new CreateBucketCommand({ Bucket }));
  const get = new GetBucketOwnershipControlsCommand({ Bucket });
  const { OwnershipControls } = await ann.client.send(get);
  assert.equal(OwnershipControls?.Rules, [{ ObjectOwnership: 'BucketOwnerEnforced' }]);
  assert.equal(await bucketGrants(Bucket), ['ann: FULL_CONTROL']);
  const notSupported = 'AccessControlListNotSupported';
  const set = new PutBucketAclCommand({ Bucket, ACL: 'public-read' });
  assert.is(await failureOf(ann.client.send(set)), notSupported);
  assert.is(await failureOf(put(ann, Bucket, 'k', 'public-read')), notSupported);
  await put(ann, Bucket, 'k', 'bucket-owner-full-control');
  await put(ann, Bucket, 'k', 'private');
  const onObject = new PutObjectAclCommand({ Bucket, Key: 'k', ACL: 'public-read' });
  assert.is(await failureOf(ann.client.send(onObject)), notSupported);
  assert.equal(await objectGrants(ann, Bucket, 'k'), ['ann: FULL_CONTROL']);
  const make = new CreateBucketCommand({ Bucket: 'acl-refused', ACL: 'public-read' });
  assert.is(await failureOf(ann.client.send(make)), 'InvalidBucketAclWithObjectOwnership');
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

acls('grants come in headers, by id, by address and by group', async () => {
  await at.native('PUT', '/users/ben', { email: 'ben@example.org' });
  const Bucket = await aBucket();
  const granted = new PutObjectCommand({
    ...{ Bucket, Key: 'k', Body: 'body', GrantFullControl: `id=${ann.id}` },
    GrantRead: `emailAddress="Ben@Example.org", uri="${everybody}"`,
    GrantReadACP: `uri=${everyKey}`,
  });
  await ann.client.send(granted);
  assert.equal(await objectGrants(ann, Bucket, 'k'), [
    ...['AllUsers: READ', 'AuthenticatedUsers: READ_ACP'],
    ...['ann: FULL_CONTROL', 'ben: READ'],
  ]);
  assert.equal((await objectGrants(ben, Bucket, 'k')).length, 4);
  assert.is((await unsigned('GET', `/${Bucket}/k`)).status, 200);
  assert.is((await unsigned('GET', `/${Bucket}/k?acl`)).status, 403);
  for (const [GrantRead, code] of [
    [`id=${'9'.repeat(64)}`, 'InvalidArgument'],
    ['emailAddress=nobody@example.org', 'UnresolvableGrantByEmailAddress'],
    ['uri=http://example.org/everybody', 'InvalidArgument'],
    ['ann', 'InvalidArgument'],
  ] as const) {
    const wrong = new PutObjectCommand({ Bucket, Key: 'k', GrantRead });
    assert.is(await failureOf(ann.client.send(wrong)), code, GrantRead);
  }
  const twice = new PutObjectCommand({
    ...{ Bucket, Key: 'k', ACL: 'private', GrantRead: `id=${ben.id}` },
  });
  assert.is(await failureOf(ann.client.send(twice)), 'InvalidRequest');
});

const toBen = (Permission: Grant['Permission']): Grant => ({
  Permission,
  Grantee: { Type: 'CanonicalUser', ID: ben.id },
});

async function setGrants(Bucket: string, Grants: Grant[], Key?: string): Promise<unknown> {
  const AccessControlPolicy = { Owner: { ID: ann.id }, Grants };
  if (Key === undefined)
    return await ann.client.send(new PutBucketAclCommand({ Bucket, AccessControlPolicy }));
  return await ann.client.send(new PutObjectAclCommand({ Bucket, Key, AccessControlPolicy }));
}

/** What each permission on a bucket, and on an object, lets ben do. */
const bucketDoings: Readonly<Record<string, (bucket: string) => Promise<unknown>>> = {
  READ: (Bucket) => list(ben, Bucket),
  WRITE: (Bucket) => put(ben, Bucket, 'new'),
  READ_ACP: (Bucket) => ben.client.send(new GetBucketAclCommand({ Bucket })),
  WRITE_ACP: (Bucket) =>
    ben.client.send(
      new PutBucketAclCommand({
        ...{ Bucket, AccessControlPolicy: { Owner: { ID: ann.id }, Grants: [toBen('WRITE_ACP')] } },
      }),
    ),
};
const objectDoings: typeof bucketDoings = {
  READ: (Bucket) => get(ben, Bucket, 'k'),
  READ_ACP: (Bucket) => ben.client.send(new GetObjectAclCommand({ Bucket, Key: 'k' })),
  WRITE_ACP: (Bucket) =>
    ben.client.send(new PutObjectAclCommand({ Bucket, Key: 'k', ACL: 'private' })),
};

for (const permission of ['READ', 'WRITE', 'READ_ACP', 'WRITE_ACP', 'FULL_CONTROL'] as const)
  acls(`a grant of ${permission} lets its grantee do that and nothing else`, async () => {
    for (const [doings, Key] of [
      [bucketDoings, undefined],
      [objectDoings, 'k'],
    ] as const) {
      const Bucket = await aBucket();
      await put(ann, Bucket, 'k');
      await setGrants(Bucket, [toBen(permission)], Key);
      for (const [needed, attempt] of Object.entries(doings)) {
        const may = permission === needed || permission === 'FULL_CONTROL';
        if (may) await attempt(Bucket);
        else assert.is(await failureOf(attempt(Bucket)), 'AccessDenied', `${Key} ${needed}`);
      }
    }
  });

acls('an owner who is granted nothing cannot write, and can still change that', async () => {
  const Bucket = await aBucket();
  await put(ann, Bucket, 'k');
  await setGrants(Bucket, []);
  assert.is(await failureOf(put(ann, Bucket, 'new')), 'AccessDenied');
  assert.is(await failureOf(list(ann, Bucket)), 'AccessDenied');
  await get(ann, Bucket, 'k');
  assert.equal(await bucketGrants(Bucket), []);
  await ann.client.send(new PutBucketAclCommand({ Bucket, ACL: 'private' }));
  await put(ann, Bucket, 'new');
  await setGrants(Bucket, [], 'k');
  assert.is(await failureOf(get(ann, Bucket, 'k')), 'AccessDenied');
  await ann.client.send(new PutObjectAclCommand({ Bucket, Key: 'k', ACL: 'private' }));
  await get(ann, Bucket, 'k');
});

const lists = (grants: string, owner = ann.id) =>
  `<AccessControlPolicy><Owner><ID>${owner}</ID></Owner>` +
  `<AccessControlList>${grants}</AccessControlList></AccessControlPolicy>`;
const grant = (grantee: string, permission = 'READ') =>
  `<Grant><Grantee>${grantee}</Grantee><Permission>${permission}</Permission></Grant>`;

acls('lists that are none are refused, and the old one stays', async () => {
  const Bucket = await aBucket();
  await put(ann, Bucket, 'k', 'public-read');
  const before = await objectGrants(ann, Bucket, 'k');
  const id = `<ID>${ben.id}</ID>`;
  const cases: readonly (readonly [body: string | undefined, code: string])[] = [
    [undefined, 'MissingSecurityHeader'],
    ['no XML', 'MalformedXML'],
    ['<AccessControlPolicy/>', 'MalformedACLError'],
    [lists(grant(id, 'ALL')), 'MalformedACLError'],
    [lists(grant('')), 'MalformedACLError'],
    [lists('<Grant/>'), 'MalformedACLError'],
    [lists(grant('<ID>nobody</ID>')), 'InvalidArgument'],
    [lists(grant('<EmailAddress>x@example.org</EmailAddress>')), 'UnresolvableGrantByEmailAddress'],
    [lists(grant('<URI>everybody</URI>')), 'InvalidArgument'],
    [lists(grant(id).repeat(101)), 'MalformedACLError'],
    [lists(grant(id), ben.id), 'AccessDenied'],
  ];
  for (const [body, code] of cases) {
    const sent = body === undefined ? {} : { body };
    for (const path of [`/${Bucket}`, `/${Bucket}/k`]) {
      const answer = await at.send({ method: 'PUT', target: `${path}?acl`, ...sent });
      assert.is(codeOf(answer), code, `${path} ${body}`);
    }
  }
  const target = `/${Bucket}?acl`;
  const canned = { method: 'PUT', target, headers: { 'x-amz-acl': 'public' } };
  assert.is(codeOf(await at.send(canned)), 'InvalidArgument');
  const both = { ...canned, headers: { 'x-amz-acl': 'private' }, body: lists('') };
  assert.is(codeOf(await at.send(both)), 'UnexpectedContent');
  assert.equal(await objectGrants(ann, Bucket, 'k'), before);
  for (const path of ['/no-such-bucket?acl', `/${Bucket}/nothing?acl`])
    assert.is((await at.send({ method: 'GET', target: path })).status, 404);
});

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
