import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MadeUser, UserFacts } from '../../src/auth/users.js';
import { type People, type Person, peoplePlace } from '../e2e/people.js';
import { type Answer, codeOf, failureOf } from '../e2e/s3-place.js';

const users = suite('users and their keys');

let at: People;
users.before(async () => {
  at = await peoplePlace();
});
users.after(() => at.close());

const jsonOf = <T>({ body }: Answer) => JSON.parse(body.toString()) as T;
const errorOf = (answer: Answer) => jsonOf<{ code: string }>(answer).code;
const put = ({ client }: Pick<Person, 'client'>, Bucket: string, Key = 'k') =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: 'body' }));
const get = ({ client }: Pick<Person, 'client'>, Bucket: string, Key = 'k') =>
  client.send(new GetObjectCommand({ Bucket, Key }));
const make = ({ client }: Pick<Person, 'client'>, Bucket: string) =>
  client.send(new CreateBucketCommand({ Bucket }));
const bucketsOf = async ({ client }: Pick<Person, 'client'>) =>
  (await client.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name) ?? [];

users('a user without a policy may do nothing', async () => {
  const nobody = await at.person('nobody', []);
  await make(at, 'roots-own');
  await put(at, 'roots-own');
  assert.is(await failureOf(make(nobody, 'nobodys')), 'AccessDenied');
  assert.is(await failureOf(bucketsOf(nobody)), 'AccessDenied');
  assert.is(await failureOf(get(nobody, 'roots-own')), 'AccessDenied');
  assert.is(await failureOf(put(nobody, 'roots-own')), 'AccessDenied');
});

users('what a user makes is the user’s, and closed to all others but root', async () => {
  const [ann, ben] = [await at.person('ann'), await at.person('ben')];
  await make(ann, 'anns');
  await put(ann, 'anns');
  await make(ben, 'bens');
  assert.is(await failureOf(get(ben, 'anns')), 'AccessDenied');
  assert.is(await failureOf(put(ben, 'anns')), 'AccessDenied');
  assert.is(await failureOf(get(ann, 'bens')), 'AccessDenied');
  assert.is((await get(at, 'anns')).$metadata.httpStatusCode, 200);
  assert.equal(await bucketsOf(ann), ['anns']);
  assert.equal(await bucketsOf(ben), ['bens']);
  const all = await bucketsOf(at);
  assert.ok(all.includes('anns') && all.includes('bens'));
  assert.is(await failureOf(make(ben, 'anns')), 'BucketAlreadyExists');
  await make(ann, 'anns');
});

users('owners are shown by their ids and names', async () => {
  const dan = await at.person('dan');
  await make(dan, 'dans');
  await put(dan, 'dans');
  const Owner = { ID: dan.id, DisplayName: 'dan' };
  assert.equal((await dan.client.send(new ListBucketsCommand({}))).Owner, Owner);
  const list = new ListObjectsV2Command({ Bucket: 'dans', FetchOwner: true });
  assert.equal((await at.client.send(list)).Contents?.[0]?.Owner, Owner);
  const changed = await at.native('PUT', '/users/dan', { displayName: 'Dan D.' });
  assert.is(jsonOf<UserFacts>(changed).displayName, 'Dan D.');
  const { Contents } = await at.client.send(list);
  assert.equal(Contents?.[0]?.Owner, { ID: dan.id, DisplayName: 'Dan D.' });
});

users('ids, names and addresses can be chosen, and nobody else can have them', async () => {
  const chosen = {
    ...{ name: 'eve', id: 'e'.repeat(64), displayName: 'Eve', email: 'eve@example.org' },
    ...{ accessKeyId: 'EVEKEY', secretAccessKey: 'a-secret-of-eve', policies: [] },
  };
  const made = jsonOf<MadeUser>(await at.native('POST', '/users', chosen));
  const { accessKeyId, secretAccessKey } = chosen;
  assert.equal(made.credentials, { accessKeyId, secretAccessKey });
  assert.is(made.user.id, chosen.id);
  const others = [
    chosen,
    { name: 'root' },
    { name: 'eve2', id: chosen.id },
    { name: 'eve2', email: 'EVE@example.org' },
    { name: 'eve2', accessKeyId: 'EVEKEY' },
    { name: 'eve2', accessKeyId: 'TESTROOTKEY' },
  ];
  for (const other of others) {
    const answer = await at.native('POST', '/users', other);
    assert.is(answer.status, 409, JSON.stringify(other));
    assert.is(errorOf(answer), 'EntityAlreadyExists');
  }
});

users('a disabled user signs nothing until enabled again, and what is its own stays', async () => {
  const fay = await at.person('fay');
  await make(fay, 'fays');
  await at.native('PUT', '/users/fay', { enabled: false });
  assert.is(await failureOf(bucketsOf(fay)), 'InvalidAccessKeyId');
  await at.native('PUT', '/users/fay', { enabled: true });
  assert.equal(await bucketsOf(fay), ['fays']);
});

users(
  'a rotated key pair takes the place of the old one, or stands beside it for a while',
  async () => {
    const gus = await at.person('gus');
    await make(gus, 'guses');
    const rotate = async (keepOld: boolean) => {
      const answer = await at.native('POST', '/users/gus/rotate', { keepOld });
      const { credentials, user } = jsonOf<MadeUser>(answer);
      return { client: at.newClient({ credentials }), keyCount: user.keys.length };
    };
    const second = await rotate(true);
    assert.is(second.keyCount, 2);
    for (const one of [gus, second]) assert.equal(await bucketsOf(one), ['guses']);
    const third = await rotate(true);
    assert.is(third.keyCount, 2);
    assert.is(await failureOf(bucketsOf(gus)), 'InvalidAccessKeyId');
    for (const one of [second, third]) assert.equal(await bucketsOf(one), ['guses']);
    const fourth = await rotate(false);
    assert.is(fourth.keyCount, 1);
    for (const one of [second, third])
      assert.is(await failureOf(bucketsOf(one)), 'InvalidAccessKeyId');
    assert.equal(await bucketsOf(fourth), ['guses']);
  },
);

users('a user that is removed is gone, and its buckets are still there for root', async () => {
  const hal = await at.person('hal');
  await make(hal, 'hals');
  await put(hal, 'hals');
  assert.is((await at.native('DELETE', '/users/hal')).status, 204);
  assert.is(await failureOf(bucketsOf(hal)), 'InvalidAccessKeyId');
  assert.is((await get(at, 'hals')).$metadata.httpStatusCode, 200);
  const list = new ListObjectsV2Command({ Bucket: 'hals', FetchOwner: true });
  assert.is((await at.client.send(list)).Contents?.[0]?.Owner?.ID, hal.id);
  const again = await at.person('hal');
  assert.is(await failureOf(get(again, 'hals')), 'AccessDenied');
  assert.is((await at.native('DELETE', '/users/nobody-at-all')).status, 404);
});

const inTwo = {
  Version: '2012-10-17',
  Statement: [
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how policies write it
    { Effect: 'Allow', Action: 's3:*', Resource: 'arn:aws:s3:::team-${aws:username}-*' },
    { Effect: 'Deny', Action: 's3:DeleteObject', Resource: '*' },
  ],
};

users('a policy of the operator’s is for users who have it, from then on', async () => {
  const ida = await at.person('ida', []);
  assert.is((await at.native('PUT', '/policies/team', inTwo)).status, 204);
  assert.is(await failureOf(make(ida, 'team-ida-1')), 'AccessDenied');
  const attached = await at.native('PUT', '/users/ida/policies/team');
  assert.equal(jsonOf<UserFacts>(attached).policies, ['team']);
  await make(ida, 'team-ida-1');
  await put(ida, 'team-ida-1');
  assert.is(await failureOf(make(ida, 'team-ann-1')), 'AccessDenied');
  const target = '/team-ida-1/k';
  const remove = () =>
    at.send({
      ...{ method: 'DELETE', target },
      ...{ accessKeyId: ida.accessKeyId, secret: ida.secretAccessKey },
    });
  assert.is(codeOf(await remove()), 'AccessDenied'); // also to who owns it
  assert.is(errorOf(await at.native('DELETE', '/policies/team')), 'DeleteConflict');
  const [, ...rest] = inTwo.Statement;
  const less = { ...inTwo, Statement: [...rest, { ...inTwo.Statement[0], Action: 's3:Get*' }] };
  await at.native('PUT', '/policies/team', less);
  assert.is(await failureOf(make(ida, 'team-ida-2')), 'AccessDenied');
  await at.native('DELETE', '/users/ida/policies/team');
  assert.is((await remove()).status, 204);
  assert.is((await at.native('DELETE', '/policies/team')).status, 204);
});

users('a user who may use every bucket sees all of them', async () => {
  const jan = await at.person('jan', ['readonly']);
  assert.equal(await bucketsOf(jan), await bucketsOf(at));
  assert.is((await get(jan, 'anns')).$metadata.httpStatusCode, 200);
  assert.is(await failureOf(put(jan, 'anns')), 'AccessDenied');
});

users('policies that are none are refused, and the built-in ones cannot be changed', async () => {
  const refused: [unknown, string][] = [
    [{ Statement: [] }, 'InvalidArgument'],
    [{ Statement: { ...inTwo.Statement[0], Principal: '*' } }, 'InvalidArgument'],
    [{ Statement: { ...inTwo.Statement[0], Action: 'admin:*' } }, 'InvalidArgument'],
  ];
  for (const [document, code] of refused)
    assert.is(errorOf(await at.native('PUT', '/policies/wrong', document)), code);
  assert.is(errorOf(await at.native('PUT', '/policies/readwrite', inTwo)), 'InvalidArgument');
  assert.is(errorOf(await at.native('GET', '/policies/wrong')), 'NoSuchEntity');
  assert.is(errorOf(await at.native('PUT', '/users/ann/policies/wrong')), 'NoSuchEntity');
});

const nativeRequests: readonly (readonly [method: string, path: string, body?: unknown])[] = [
  ['GET', '/users'],
  ['GET', '/users/ann'],
  ['POST', '/users', { name: 'zoe', policies: ['readwrite'] }],
  ['PUT', '/users/ann', { enabled: false }],
  ['POST', '/users/ann/rotate', {}],
  ['DELETE', '/users/ann'],
  ['PUT', '/users/ann/policies/readwrite'],
  ['DELETE', '/users/ann/policies/own-buckets'],
  ['GET', '/policies'],
  ['GET', '/policies/readwrite'],
  ['PUT', '/policies/mine', inTwo],
  ['DELETE', '/policies/mine'],
  ['GET', '/stats'],
  ['GET', '/health'],
  ['POST', '/compact'],
  ['POST', '/scrub'],
  ['POST', '/health'],
];

users('what is root’s to ask, no user may ask, nor nobody, nor a forger', async () => {
  const kim = await at.person('kim', ['readwrite']);
  const before = jsonOf<{ users: UserFacts[] }>(await at.native('GET', '/users'));
  for (const [method, path, body] of nativeRequests) {
    const target = `/_${path}`;
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answers = [
      await at.native(method, path, body, kim),
      await at.sendUnsigned({ method, target, ...sent }),
      await at.send({ method, target, ...sent, secret: 'not-the-secret' }),
    ];
    for (const answer of answers) {
      assert.is(answer.status, 403, `${method} ${path}`);
      assert.match(errorOf(answer), /^(AccessDenied|SignatureDoesNotMatch)$/);
    }
  }
  assert.equal(jsonOf(await at.native('GET', '/users')), before);
});

users('a body that is not the one that was signed changes nothing', async () => {
  const request = { method: 'PUT', target: '/_/users/ann', body: '{"enabled":false}' };
  const other = await at.send({ ...request, payload: '0'.repeat(64) });
  assert.is(errorOf(other), 'XAmzContentSHA256Mismatch');
  assert.is(errorOf(await at.send(request)), 'InvalidRequest');
  assert.is(jsonOf<UserFacts>(await at.native('GET', '/users/ann')).enabled, true);
  for (const body of [[], 'x', { enabled: 'no' }, { unknown: 1 }, { displayName: '\n' }]) {
    const answer = await at.native('PUT', '/users/ann', body);
    assert.is(answer.status, 400, JSON.stringify(body));
  }
});

users('the log says who asked', async () => {
  const mia = await at.person('mia');
  await make(mia, 'mias');
  await at.sendUnsigned({ method: 'GET', target: '/mias' });
  const asked = (status: number) =>
    at.log.filter((line) => line.bucket === 'mias' && line.status === status);
  assert.equal([asked(200)[0]?.user, asked(403)[0]?.user], ['mia', '']);
});

users('faults 105: no answer, no log line and no byte of the store has a secret', async () => {
  const leo = await at.person('leo');
  const listed = (await at.native('GET', '/users')).body.toString();
  for (const text of [listed, JSON.stringify(at.log)]) assert.not.match(text, leo.secretAccessKey);
  const log = join(at.directory, 'log');
  for (const name of readdirSync(log))
    assert.is(readFileSync(join(log, name)).indexOf(leo.secretAccessKey), -1, name);
});

users.run();
