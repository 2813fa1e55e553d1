import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Operation, operations } from '../../src/http/s3/operations.js';
import { isS3Code, S3Error } from '../../src/http/s3/s3-error.js';
import { type People, type Person, peoplePlace } from '../e2e/people.js';
import { type Answer, codeOf, type RawRequest } from '../e2e/s3-place.js';
import {
  type Change,
  type Ground,
  type Outcome,
  operationRows,
  type Row,
} from './operation-rows.js';

/** Every operation that is served: done, denied, malformed, and of what is not there. */
const table = suite('the table of operations');

let at: People;
let other: Person;
let nobody: Person;
table.before(async () => {
  at = await peoplePlace();
  const nothing = { Statement: { Effect: 'Deny', Action: 's3:*', Resource: '*' } };
  await at.native('PUT', '/policies/nothing', nothing);
  other = await at.person('other');
  nobody = await at.person('nobody', ['nothing']);
});
table.after(() => at.close());

const served = operations.filter(({ handle }) => handle !== undefined);

table('every operation that is served has a row, and every row an operation', () => {
  const names = served.map(({ name }) => name).sort();
  assert.equal([...operationRows.keys()].sort(), names);
});

table('every row says what is answered where a thing is missing that its operation needs', () => {
  for (const { name, scope } of served) {
    const { without, after } = rowOf(name);
    const needsBucket = scope !== 'service' && name !== 'CreateBucket';
    assert.is(without.bucket !== undefined, needsBucket, `${name} without its bucket`);
    if (scope === 'object')
      assert.ok(without.key !== undefined || without.upload !== undefined, `${name}: no key`);
    if (after !== undefined) assert.ok(without.configuration !== undefined, `${name}: unset`);
  }
});

function rowOf(name: string): Row {
  const row = operationRows.get(name);
  assert.ok(row, `${name} has no row in operation-rows.ts`);
  return row;
}

let count = 0;
async function aGround({ bucket: kind }: Row): Promise<Ground> {
  const bucket = `table-${++count}`;
  const nowhere = { bucket, uploadId: '', etag: '' };
  if (kind === 'none') return nowhere;
  const headers: Record<string, string> =
    kind === 'locked' ? { 'x-amz-bucket-object-lock-enabled': 'true' } : {};
  await at.send({ method: 'PUT', target: `/${bucket}`, headers });
  if (kind === 'empty') return nowhere;
  await at.send({ method: 'PUT', target: `/${bucket}/kept`, body: 'kept' });
  const begun = await at.send({ method: 'POST', target: `/${bucket}/kept?uploads` });
  const uploadId = /<UploadId>([^<]+)/.exec(begun.body.toString())?.[1] ?? '';
  const target = `/${bucket}/kept?partNumber=1&uploadId=${uploadId}`;
  const part = await at.send({ method: 'PUT', target, body: 'part' });
  return { bucket, uploadId, etag: String(part.headers.etag) };
}

function goodOf({ good }: Row, ground: Ground): Change {
  return typeof good === 'function' ? good(ground) : (good ?? {});
}

/** @param ground where the request goes; what it copies is in `source` */
function requestOf(
  { name, method, scope, query, header }: Operation,
  ground: Ground,
  change: Change = {},
  source = `/${ground.bucket}/kept`,
): RawRequest {
  const row = rowOf(name);
  const good = goodOf(row, ground);
  const values: Record<string, string> = {
    ...{ uploadId: ground.uploadId, partNumber: '1' },
    ...change.selectors,
  };
  const selectors = query.map((each) => (each in values ? `${each}=${values[each]}` : each));
  const whole = [...selectors, ...[change.query ?? good.query ?? []].flat()].join('&');
  const { bucket } = ground;
  const path = { service: '/', bucket: `/${bucket}`, object: `/${bucket}/${row.key ?? 'kept'}` };
  const copied = header === undefined ? {} : { [header]: source };
  const headers = { ...copied, ...(change.headers ?? good.headers) };
  const body = change.body ?? good.body;
  const target = whole === '' ? path[scope] : `${path[scope]}?${whole}`;
  return { method, target, headers, ...(body !== undefined && { body }) };
}

function isAnswer({ method }: Operation, answer: Answer, outcome: Outcome, what: string): void {
  const told = `${what}: ${answer.status} ${answer.body}`;
  if (typeof outcome === 'number') {
    assert.is(answer.status, outcome, told);
    assert.not.match(answer.body.toString(), '<Code>', told);
    return;
  }
  assert.ok(isS3Code(outcome), outcome);
  assert.is(answer.status, new S3Error(outcome).status, told);
  if (method !== 'HEAD') assert.is(codeOf(answer), outcome, told);
}

/** Sends the request as root, or a form as whom it is to come from. */
async function send(operation: Operation, ground: Ground, as?: Person): Promise<Answer> {
  if (rowOf(operation.name).isForm !== true) {
    const request = requestOf(operation, ground);
    if (as === undefined) return at.send(request);
    return at.send({ ...request, accessKeyId: as.accessKeyId, secret: as.secretAccessKey });
  }
  const { bucket: Bucket } = ground;
  const signer = as?.client ?? at.client;
  const { fields } = await createPresignedPost(signer, { Bucket, Key: 'kept' });
  return postForm(Bucket, fields);
}

async function postForm(bucket: string, fields: Record<string, string>): Promise<Answer> {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.set(field, value);
  form.set('file', new Blob(['new']), 'new');
  const { status, ...answer } = await fetch(`${at.url}/${bucket}`, {
    method: 'POST',
    body: form,
  }).then(async (got) => ({ status: got.status, body: Buffer.from(await got.arrayBuffer()) }));
  return { status, headers: {}, ...answer };
}

async function sendNameless(operation: Operation, ground: Ground): Promise<Answer> {
  if (rowOf(operation.name).isForm === true) return postForm(ground.bucket, { key: 'kept' });
  return at.sendUnsigned(requestOf(operation, ground));
}

/** All that reads can tell of a bucket. */
async function stateOf({ bucket, uploadId }: Ground): Promise<string> {
  const documents = served
    .filter(({ method, scope }) => method === 'GET' && scope === 'bucket')
    .map(({ query }) => `?${query.join('&')}`);
  const ofKept = ['kept', 'kept?tagging', 'kept?acl', 'kept?retention', 'kept?legal-hold'];
  const ofUpload = `kept?uploadId=${uploadId}`;
  const told = [];
  for (const target of [...documents, ...[...ofKept, ofUpload].map((each) => `/${each}`)]) {
    const { status, body } = await at.send({ method: 'GET', target: `/${bucket}${target}` });
    told.push(`${target} ${status} ${body}`);
  }
  return told.join('\n').replaceAll(/<(RequestId|HostId)>[^<]*/g, '');
}

async function prepare({ after }: Row, ground: Ground): Promise<void> {
  if (after === undefined) return;
  const setting = served.find(({ name }) => name === after);
  assert.ok(setting, after);
  const answer = await send(setting, ground);
  assert.ok(answer.status < 300, `${after}: ${answer.body}`);
}

function refusesEach({ name }: Operation, answer: Answer, what: string): void {
  if (name !== 'DeleteObjects') {
    assert.is(answer.status, 403, `${what}: ${answer.body}`);
    return;
  }
  assert.match(answer.body.toString(), '<Code>AccessDenied<', what);
  assert.not.match(answer.body.toString(), '<Deleted>', what);
}

for (const operation of served) {
  const { name } = operation;

  table(
    `${name} is denied to others and malformed requests are refused: then it is done`,
    async () => {
      const row = rowOf(name);
      const ground = await aGround(row);
      await prepare(row, ground);
      const before = await stateOf(ground);
      const everybodys = name === 'ListBuckets' || name === 'CreateBucket';
      for (const person of everybodys ? [nobody] : [nobody, other]) {
        const answer = await send(operation, ground, person);
        refusesEach(operation, answer, `${name} by ${person.name}`);
      }
      refusesEach(operation, await sendNameless(operation, ground), `${name} by nobody`);
      for (const [change, code] of row.malformed ?? []) {
        const answer = await at.send(requestOf(operation, ground, change));
        isAnswer(operation, answer, code, `${name} with ${JSON.stringify(change)}`);
      }
      const noHash = await at.send({ ...requestOf(operation, ground), payload: 'no-hash' });
      isAnswer(
        operation,
        noHash,
        'InvalidArgument',
        `${name} with a hash of its body that is none`,
      );
      assert.is(await stateOf(ground), before);
      isAnswer(operation, await send(operation, ground), row.answers, name);
    },
  );

  table(`${name} of what is not there`, async () => {
    const row = rowOf(name);
    const { bucket, key, upload, configuration } = row.without;
    const there = `/${(await aGround({ ...row, bucket: 'locked' })).bucket}/kept`;
    if (bucket !== undefined) {
      const nowhere = { bucket: 'never-made', uploadId: 'none', etag: '"none"' };
      const answer = row.isForm
        ? await send(operation, nowhere)
        : await at.send(requestOf(operation, nowhere, {}, there));
      isAnswer(operation, answer, bucket, `${name} without its bucket`);
    }
    if (configuration !== undefined) {
      const plain = await aGround(row.bucket === 'locked' ? { ...row, bucket: 'plain' } : row);
      isAnswer(operation, await send(operation, plain), configuration, `${name}, unset`);
    }
    if (key !== undefined) {
      const bare = await aGround(row);
      await at.send({ method: 'DELETE', target: `/${bare.bucket}/kept` });
      isAnswer(operation, await send(operation, bare), key, `${name} without its key`);
    }
    if (upload !== undefined) {
      const ground = await aGround(row);
      const aborted = { ...ground, uploadId: 'none' };
      const answer = await at.send(requestOf(operation, aborted));
      isAnswer(operation, answer, upload, `${name} without its upload`);
    }
  });
}

table.run();
