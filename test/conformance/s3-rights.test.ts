import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Operation, operations } from '../../src/http/s3/operations.js';
import { rightOf } from '../../src/http/s3/rights.js';
import { requestFor } from '../e2e/operation-requests.js';
import { type People, type Person, peoplePlace } from '../e2e/people.js';
import { type Answer, codeOf, type RawRequest } from '../e2e/s3-place.js';

/** Every operation by a user who has its right, who has all but that, and who has none. */
const rights = suite('the right that each operation takes');

let at: People;
let user: Person;
let stranger: Person;
let before: string;

async function contents(): Promise<string> {
  const targets = ['?list-type=2', '?uploads', '/kept', '?policy', '?acl', '?versions'];
  const answers = [];
  for (const target of targets) {
    answers.push(await at.send({ method: 'GET', target: `/roots${target}` }));
  }
  return answers
    .map(({ status, body }) => `${status} ${body}`)
    .join('\n')
    .replaceAll(/<(RequestId|HostId)>[^<]*/g, '');
}

rights.before(async () => {
  at = await peoplePlace();
  const none = { Statement: { Effect: 'Deny', Action: 's3:*', Resource: '*' } };
  await at.native('PUT', '/policies/one', none);
  user = await at.person('user', ['one']);
  stranger = await at.person('stranger');
  await at.send({ method: 'PUT', target: '/roots' });
  await at.send({ method: 'PUT', target: '/roots/kept', body: 'kept' });
  before = await contents();
});
rights.after(() => at.close());

function sendAs(person: Person, request: RawRequest): Promise<Answer> {
  const { accessKeyId, secretAccessKey: secret } = person;
  return at.send({ ...request, accessKeyId, secret });
}

async function setPolicy(...statements: readonly object[]): Promise<void> {
  const Statement = statements.map((each) => ({ Resource: '*', ...each }));
  const answer = await at.native('PUT', '/policies/one', { Version: '2012-10-17', Statement });
  assert.is(answer.status, 204, answer.body.toString());
}

function isDenied({ method }: Operation, answer: Answer, what: string): void {
  assert.is(answer.status, 403, `${what}: ${answer.body}`);
  if (method !== 'HEAD') assert.is(codeOf(answer), 'AccessDenied', what);
}

let bucketCount = 0;
async function aBucket(): Promise<string> {
  const bucket = `rights-${++bucketCount}`;
  await at.send({ method: 'PUT', target: `/${bucket}` });
  await at.send({ method: 'PUT', target: `/${bucket}/kept`, body: 'kept' });
  return bucket;
}

/** Deletes one key, so that the answer tells whether it may. */
const oneKey = '<Delete><Object><Key>kept</Key></Object></Delete>';

function request(operation: Operation, bucket: string): RawRequest {
  const plain = requestFor(operation, bucket);
  return operation.name === 'DeleteObjects' ? { ...plain, body: oneKey } : plain;
}

for (const operation of operations) {
  const { name, method, header, takesVersion } = operation;
  const { action, versionAction } = rightOf(name);

  rights(
    `${name} is denied to a user who has no right in the bucket, and changes nothing`,
    async () => {
      await setPolicy({ Effect: 'Allow', Action: 's3:*', Resource: 'arn:aws:s3:::other*' });
      for (const person of [user, stranger]) {
        if (person === stranger && /^(ListBuckets|CreateBucket)$/.test(name)) continue;
        const answer = await sendAs(person, request(operation, 'roots'));
        if (name === 'DeleteObjects') assert.match(answer.body.toString(), '<Code>AccessDenied<');
        else isDenied(operation, answer, name);
      }
      assert.is(await contents(), before);
    },
  );

  rights(`${name} takes s3:${action}, and nothing stands in for it`, async () => {
    const reads = header === 'x-amz-copy-source' || name === 'GetObjectAttributes';
    const alsoReads = reads ? ['s3:GetObject'] : [];
    const bucket = await aBucket();
    await setPolicy({ Effect: 'Allow', Action: [`s3:${action}`, ...alsoReads] });
    const allowed = await sendAs(user, request(operation, bucket));
    if (method === 'HEAD') assert.is.not(allowed.status, 403);
    assert.not.match(allowed.body.toString(), 'AccessDenied');
    const own = { Effect: 'Deny', Action: `s3:${action}` };
    await setPolicy({ Effect: 'Allow', Action: 's3:*' }, own);
    const denied = await sendAs(user, request(operation, await aBucket()));
    if (name === 'DeleteObjects') assert.match(denied.body.toString(), '<Code>AccessDenied<');
    else isDenied(operation, denied, name);
  });

  if (versionAction !== undefined && takesVersion)
    rights(`${name} of a version takes s3:${versionAction}`, async () => {
      const plain = requestFor(operation, await aBucket());
      const mark = plain.target.includes('?') ? '&' : '?';
      const ofVersion = { ...plain, target: `${plain.target}${mark}versionId=null` };
      const also = name === 'GetObjectAttributes' ? ['s3:GetObjectVersion'] : [];
      await setPolicy({ Effect: 'Allow', Action: [`s3:${action}`, ...also] });
      isDenied(operation, await sendAs(user, ofVersion), name);
      await setPolicy({ Effect: 'Allow', Action: [`s3:${versionAction}`, ...also] });
      const answer = await sendAs(user, ofVersion);
      assert.is.not(answer.status, 403, answer.body.toString());
    });
}

rights('tags that a copy brings along take the rights to read them and to set them', async () => {
  const bucket = await aBucket();
  const tagging = { 'x-amz-tagging': 'public=yes' };
  await at.send({ method: 'PUT', target: `/${bucket}/tagged`, headers: tagging });
  const copy = async (key: string, directive: string) => {
    const headers = {
      'x-amz-copy-source': `/${bucket}/${key}`,
      'x-amz-tagging-directive': directive,
    };
    return (await sendAs(user, { method: 'PUT', target: `/${bucket}/copy`, headers })).status;
  };
  const Action = ['s3:GetObject', 's3:PutObject'];
  for (const right of ['s3:GetObjectTagging', 's3:PutObjectTagging']) {
    await setPolicy({ Effect: 'Allow', Action });
    assert.is(await copy('tagged', 'COPY'), 403);
    assert.is(await copy('tagged', 'REPLACE'), 200);
    assert.is(await copy('kept', 'COPY'), 200);
    Action.push(right);
  }
  await setPolicy({ Effect: 'Allow', Action });
  assert.is(await copy('tagged', 'COPY'), 200);
});

rights.run();
