import {
  CreateBucketCommand,
  GetObjectCommand,
  type ObjectOwnership,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type People, type Person, peoplePlace } from '../e2e/people.js';
import { failureOf } from '../e2e/s3-place.js';

const absence = suite('who is told that something is not there');

let at: People;
let ann: Person;
let ben: Person;
absence.before(async () => {
  at = await peoplePlace();
  ann = await at.person('ann');
  ben = await at.person('ben');
});
absence.after(() => at.close());

let count = 0;
async function aBucket(ObjectOwnership: ObjectOwnership, ...statements: object[]): Promise<string> {
  const Bucket = `absence-${++count}`;
  await ann.client.send(new CreateBucketCommand({ Bucket, ObjectOwnership }));
  const Statement = statements.map((statement) => ({
    ...{ Effect: 'Allow', Principal: '*', Resource: `arn:aws:s3:::${Bucket}` },
    ...statement,
  }));
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await ann.client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  return Bucket;
}

const get = (Bucket: string, Key: string) =>
  failureOf(ben.client.send(new GetObjectCommand({ Bucket, Key })));
const status = async (target: string) => (await at.sendUnsigned({ method: 'GET', target })).status;

for (const ownership of ['BucketOwnerEnforced', 'ObjectWriter'] as const)
  absence(`who may list a prefix learns what is not there, with ${ownership}`, async () => {
    const Bucket = await aBucket(ownership, {
      Action: 's3:ListBucket',
      Condition: { StringLike: { 's3:prefix': 'home/ben/*' } },
    });
    const there = { Bucket, Key: 'home/ben/there', Body: 'x' };
    await ann.client.send(new PutObjectCommand(there));
    assert.is(await get(Bucket, 'home/ben/gone'), 'NoSuchKey');
    assert.is(await get(Bucket, 'home/ann/gone'), 'AccessDenied');
    assert.is(await get(Bucket, 'home/ben/there'), 'AccessDenied');
    assert.is(await status(`/${Bucket}/home/ben/gone`), 404);
    assert.is(await status(`/${Bucket}/home/ann/gone`), 403);
  });

absence("a service of AWS's may be named in a policy, and is nobody here", async () => {
  const Bucket = await aBucket('BucketOwnerEnforced', {
    ...{ Action: 's3:ListBucket', Principal: { Service: 'logging.s3.amazonaws.com' } },
    Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::elsewhere' } },
  });
  assert.is(await get(Bucket, 'gone'), 'AccessDenied');
  assert.is(await status(`/${Bucket}/gone`), 403);
});

absence.run();
