import {
  CopyObjectCommand,
  GetBucketAclCommand,
  GetObjectAclCommand,
  type Grant,
  PutBucketAclCommand,
  PutObjectAclCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf, failureOf } from '../e2e/s3-place.js';
import {
  aBucket,
  ann,
  at,
  ben,
  bucketGrants,
  closePlace,
  everybody,
  everyKey,
  get,
  list,
  objectGrants,
  openPlace,
  put,
  remove,
  unsigned,
} from './grants-place.js';

const grants = suite('grants, one by one');
grants.before(openPlace);
grants.after(closePlace);

grants('grants come in headers, by id, by address and by group', async () => {
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
  grants(`a grant of ${permission} lets its grantee do that and nothing else`, async () => {
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

grants('who may write can delete a key, but no version of it for good', async () => {
  const Bucket = await aBucket({ acl: 'public-read-write' });
  const versioning = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
  await at.send({ method: 'PUT', target: `/${Bucket}?versioning`, body: versioning });
  const { VersionId } = await put(ann, Bucket, 'k');
  await remove(ben, Bucket, 'k');
  const target = `/${Bucket}/k?versionId=${VersionId}`;
  const { accessKeyId, secretAccessKey: secret } = ben;
  const signed = await at.send({ method: 'DELETE', target, accessKeyId, secret });
  assert.is(codeOf(signed), 'AccessDenied');
  assert.is((await at.sendUnsigned({ method: 'DELETE', target })).status, 403);
});

grants('an owner who is granted nothing cannot write, and can still change that', async () => {
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

grants('a copy that may neither read nor tag is refused, and the server goes on', async () => {
  const Bucket = await aBucket({ acl: 'public-read-write' });
  await put(ann, Bucket, 'k');
  const copy = new CopyObjectCommand({
    ...{ Bucket, Key: 'copy', CopySource: `${Bucket}/k` },
    ...{ TaggingDirective: 'REPLACE', Tagging: 'a=b' },
  });
  assert.is(await failureOf(ben.client.send(copy)), 'AccessDenied');
  await get(ann, Bucket, 'k');
});

const lists = (of: string, owner = ann.id) =>
  `<AccessControlPolicy><Owner><ID>${owner}</ID></Owner>` +
  `<AccessControlList>${of}</AccessControlList></AccessControlPolicy>`;
const grant = (grantee: string, permission = 'READ') =>
  `<Grant><Grantee>${grantee}</Grantee><Permission>${permission}</Permission></Grant>`;

grants('lists that are none are refused, and the old one stays', async () => {
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

grants.run();
