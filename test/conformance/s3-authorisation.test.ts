import { createHmac } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ChunkSignatures } from '../../src/auth/chunk-signatures.js';
import { presign, signRequest } from '../../src/auth/sign.js';
import { deriveSigningKey } from '../../src/auth/signing-key.js';
import { type Operation, operations } from '../../src/http/s3/operations.js';
import { requestFor } from '../e2e/operation-requests.js';
import {
  type Answer,
  codeOf,
  credentials,
  type RawRequest,
  type S3Place,
  s3Place,
} from '../e2e/s3-place.js';

/** Every operation x every way to authenticate x everything that can be wrong with it. */
const table = suite('the table of authorisation');

let at: S3Place;
let before: string;

/** All that the store holds, as its owner sees it. */
async function contents(): Promise<string> {
  const targets = ['/guarded?list-type=2', '/guarded?uploads', '/guarded/kept', '/guarded?policy'];
  const answers = [];
  for (const target of targets) answers.push(await at.send({ method: 'GET', target }));
  const shown = answers.map(({ status, body }) => `${status} ${body}`).join('\n');
  return shown.replaceAll(/<(RequestId|HostId)>[^<]*/g, '');
}

table.before(async () => {
  at = await s3Place();
  await at.send({ method: 'PUT', target: '/guarded' });
  await at.send({ method: 'PUT', target: '/guarded/kept', body: 'kept' });
  before = await contents();
});
table.after(() => at.close());

const region = 'us-east-1';
const hourMs = 3_600_000;
const { accessKeyId, secretAccessKey } = credentials;

/** What differs from a request that is signed as it should be. */
interface Signing {
  readonly secret?: string;
  readonly accessKeyId?: string;
  readonly timeMs?: number;
  readonly region?: string;
  readonly host?: string;
}

const flaws: Readonly<Record<string, Signing>> = {
  good: {},
  'bad signature': { secret: 'not-the-secret' },
  'unknown key': { accessKeyId: 'NOBODY' },
  expired: { timeMs: -hourMs },
  'not yet valid': { timeMs: hourMs },
  'wrong region': { region: 'eu-west-1' },
  'wrong host': { host: 'elsewhere.example' },
};

function optionsOf({ secret, accessKeyId: id, timeMs = 0, region: other }: Signing) {
  const pair = { accessKeyId: id ?? accessKeyId, secret: secret ?? secretAccessKey };
  return { credentials: pair, region: other ?? region, timeMs: Date.now() + timeMs };
}

function partsOf({ method, target, headers = {} }: RawRequest, host = at.host) {
  const [rawPath = '', rawQuery = ''] = target.split('?');
  return { method, rawPath, rawQuery, headers: { ...headers, host } };
}

function inHeader(request: RawRequest, signing: Signing): RawRequest {
  const parts = partsOf(request, signing.host);
  const { headers } = signRequest(parts, 'UNSIGNED-PAYLOAD', optionsOf(signing));
  return { ...request, headers: { ...request.headers, ...headers } };
}

function inQuery(request: RawRequest, signing: Signing): RawRequest {
  const parts = partsOf(request, signing.host);
  const query = presign(parts, { ...optionsOf(signing), expiresSeconds: 60 });
  return { ...request, target: `${parts.rawPath}?${query}` };
}

const streaming = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';

function inChunks(request: RawRequest, signing: Signing, tamper = ''): RawRequest {
  const bytes = Buffer.from(request.body ?? '');
  const plain = {
    ...request.headers,
    ...{ 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': `${bytes.length}` },
  };
  const parts = partsOf({ ...request, headers: plain }, signing.host);
  const { headers, chunkSigning } = signRequest(parts, streaming, optionsOf(signing));
  const chain = new ChunkSignatures(chunkSigning);
  chain.update(bytes);
  const first = `${bytes.length.toString(16)};chunk-signature=${chain.signChunk()}\r\n`;
  const rest = `\r\n0;chunk-signature=${chain.signChunk()}\r\n\r\n`;
  const sent = tamper === '' ? bytes : Buffer.from(tamper);
  const body = Buffer.concat([Buffer.from(first), sent, Buffer.from(rest)]);
  return { ...request, headers: { ...plain, ...headers }, body };
}

type Cell = readonly [status: number, code: string];
const refusals: Readonly<Record<'header' | 'query', Readonly<Record<string, Cell>>>> = {
  header: {
    'bad signature': [403, 'SignatureDoesNotMatch'],
    'unknown key': [403, 'InvalidAccessKeyId'],
    expired: [403, 'RequestTimeTooSkewed'],
    'not yet valid': [403, 'RequestTimeTooSkewed'],
    'wrong region': [400, 'AuthorizationHeaderMalformed'],
    'wrong host': [403, 'SignatureDoesNotMatch'],
  },
  query: {
    'bad signature': [403, 'SignatureDoesNotMatch'],
    'unknown key': [403, 'InvalidAccessKeyId'],
    expired: [403, 'AccessDenied'],
    'not yet valid': [403, 'AccessDenied'],
    'wrong region': [400, 'AuthorizationQueryParametersError'],
    'wrong host': [403, 'SignatureDoesNotMatch'],
  },
};
const ofAuthentication = new Set(
  Object.values(refusals).flatMap((cells) => Object.values(cells).map(([, code]) => code)),
);

function refused({ method }: Operation, answer: Answer, [status, code]: Cell, what: string): void {
  assert.is(answer.status, status, `${what}: ${answer.body}`);
  if (method !== 'HEAD') assert.is(codeOf(answer), code, what);
  assert.not.match(answer.body.toString(), secretAccessKey);
}

/** Whatever else it is answered, it is not for want of proof. */
function letIn({ method }: Operation, answer: Answer, what: string): void {
  if (method === 'HEAD') assert.is.not(answer.status, 403, what);
  assert.not.ok(ofAuthentication.has(codeOf(answer) ?? ''), `${what}: ${answer.body}`);
}

const ways = { header: inHeader, query: inQuery, chunks: inChunks } as const;
const denied = [403, 'AccessDenied'] as const;
let scratchCount = 0;

/** A bucket for requests that are let in, and may do what they like with it. */
async function scratch(): Promise<string> {
  const bucket = `scratch-${++scratchCount}`;
  await at.send({ method: 'PUT', target: `/${bucket}` });
  await at.send({ method: 'PUT', target: `/${bucket}/kept`, body: 'kept' });
  return bucket;
}

for (const operation of operations) {
  const { name, method } = operation;
  const hasBody = method === 'PUT' || method === 'POST';

  table(`faults 93: ${name}, signed in every way, is let in or refused for its flaw`, async () => {
    const request = requestFor(operation, 'guarded');
    for (const [way, sign] of Object.entries(ways)) {
      if (way === 'chunks' && !hasBody) continue;
      for (const [flaw, signing] of Object.entries(flaws)) {
        const what = `${name}, ${way}, ${flaw}`;
        if (flaw === 'good') {
          const own = sign(requestFor(operation, await scratch()), signing);
          letIn(operation, await at.sendUnsigned(own), what);
        } else {
          const cell = refusals[way === 'query' ? 'query' : 'header'][flaw];
          assert.ok(cell, `the table states ${what}`);
          refused(operation, await at.sendUnsigned(sign(request, signing)), cell, what);
        }
      }
    }
    assert.is(await contents(), before);
  });

  table(`faults 93: ${name} is refused with what was signed for something else`, async () => {
    const request = requestFor(operation, 'guarded');
    const signed = inHeader(request, {});
    const slipped = { ...signed, headers: { ...signed.headers, 'x-amz-meta-slipped': 'in' } };
    refused(operation, await at.sendUnsigned(slipped), [403, 'AccessDenied'], 'a header beside');
    const another = inHeader({ ...request, target: '/guarded/another' }, {});
    const moved = await at.sendUnsigned({ ...request, headers: another.headers ?? {} });
    refused(operation, moved, [403, 'SignatureDoesNotMatch'], 'that of another request');
    const old = { ...request.headers, authorization: `AWS ${accessKeyId}:c2lnbmF0dXJl` };
    const byOld = await at.sendUnsigned({ ...request, headers: old });
    refused(operation, byOld, [400, 'InvalidRequest'], 'a signature of Version 2');
    const unknown = await at.send({ ...request, payload: 'STREAMING-UNSIGNED-PAYLOAD' });
    refused(operation, unknown, [400, 'InvalidArgument'], 'an unknown form of payload');
    assert.is(await contents(), before);
  });

  table(`faults 93: ${name} is refused without a signature, and with more than one`, async () => {
    const request = requestFor(operation, 'guarded');
    // A form would prove itself by its body: without a proof in front, this must be one.
    const bare = name === 'PostObject' ? ([412, 'PreconditionFailed'] as const) : denied;
    refused(operation, await at.sendUnsigned(request), bare, 'nothing');
    const unsignedUrl = inQuery(request, {}).target.replace(/&X-Amz-Signature=\w+/, '');
    const query = { ...request, target: unsignedUrl };
    const malformed = [400, 'AuthorizationQueryParametersError'] as const;
    refused(operation, await at.sendUnsigned(query), malformed, 'a URL without its signature');
    const both = inHeader(inQuery(request, {}), {});
    refused(operation, await at.sendUnsigned(both), [400, 'InvalidArgument'], 'header and query');
    if (hasBody) {
      const chunks = inChunks(request, {});
      const { authorization: _, ...headers } = chunks.headers ?? {};
      const unsigned = await at.sendUnsigned({ ...chunks, headers });
      const cell = name === 'PostObject' ? bare : ([400, 'InvalidArgument'] as const);
      refused(operation, unsigned, cell, 'signed chunks of nobody');
    }
    assert.is(await contents(), before);
  });
}

table('faults 94: a chunk that is not the one that was signed stores nothing', async () => {
  const request = { method: 'PUT', target: '/guarded/new', body: 'signed' };
  const answer = await at.sendUnsigned(inChunks(request, {}, 'forged'));
  assert.is(codeOf(answer), 'SignatureDoesNotMatch');
  assert.is(await contents(), before);
  assert.is(
    (await at.sendUnsigned(inChunks({ ...request, target: '/guarded/x' }, {}))).status,
    200,
  );
  await at.send({ method: 'DELETE', target: '/guarded/x' });
});

/** The fields of a form that uploads `guarded/new`. */
function formFields(signing: Signing & { readonly expiresMs?: number }): Map<string, string> {
  const { credentials: pair, region: signedRegion, timeMs } = optionsOf(signing);
  const date = `${new Date(timeMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const day = date.slice(0, 8);
  const credential = `${pair.accessKeyId}/${day}/${signedRegion}/s3/aws4_request`;
  const expiration = new Date(Date.now() + (signing.expiresMs ?? hourMs)).toISOString();
  const fields = new Map([
    ['key', 'new'],
    ['x-amz-algorithm', 'AWS4-HMAC-SHA256'],
    ['x-amz-credential', credential],
    ['x-amz-date', date],
  ]);
  const conditions = [
    { bucket: 'guarded' },
    ...[...fields].map(([name, value]) => ({ [name]: value })),
  ];
  const policy = Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64');
  const key = deriveSigningKey(pair.secret, { day, region: signedRegion });
  fields.set('policy', policy);
  fields.set('x-amz-signature', createHmac('sha256', key).update(policy).digest('hex'));
  return fields;
}

function form(fields: ReadonlyMap<string, string>, headers: Record<string, string> = {}) {
  const part = (name: string, value: string) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const parts = [...fields].map(([name, value]) => part(name, value));
  const body = `${parts.join('')}${part('file', 'uploaded')}--b--\r\n`;
  const type = { 'content-type': 'multipart/form-data; boundary=b' };
  return { method: 'POST', target: '/guarded', body, headers: { ...type, ...headers } };
}

const formCells: readonly (readonly [what: string, fields: () => Map<string, string>, Cell])[] = [
  ['a bad signature', () => formFields({ secret: 'wrong' }), [403, 'SignatureDoesNotMatch']],
  ['an unknown key', () => formFields({ accessKeyId: 'NOBODY' }), [403, 'InvalidAccessKeyId']],
  ['an expired policy', () => formFields({ expiresMs: -hourMs }), [403, 'AccessDenied']],
  ['another region', () => formFields({ region: 'eu-west-1' }), [400, 'InvalidArgument']],
  ['no signature at all', () => new Map([['key', 'new']]), [403, 'AccessDenied']],
];

for (const [what, fields, [status, code]] of formCells)
  table(`faults 93: a form with ${what} is refused`, async () => {
    const answer = await at.sendUnsigned(form(fields()));
    assert.is(answer.status, status, answer.body.toString());
    assert.is(codeOf(answer), code);
    assert.is(await contents(), before);
  });

table('a form that is signed is taken; a signature in a header beside it is refused', async () => {
  const fields = formFields({});
  const request = form(fields);
  const both = await at.sendUnsigned(inHeader(request, {}));
  assert.ok(both.status >= 400 && both.status < 500, String(both.status));
  assert.is(await contents(), before);
  assert.is((await at.sendUnsigned(request)).status, 204);
  await at.send({ method: 'DELETE', target: '/guarded/new' });
});

table('a request signed for another region is told the right one', async () => {
  const target = '/guarded/kept';
  const { authorization = '', ...headers } = at.sign({ method: 'GET', target });
  const elsewhere = authorization.replace('us-east-1', 'eu-west-1');
  const request = { method: 'GET', target, headers: { ...headers, authorization: elsewhere } };
  const answer = await at.sendUnsigned(request);
  assert.is(codeOf(answer), 'AuthorizationHeaderMalformed');
  assert.match(answer.body.toString(), '<Region>us-east-1</Region>');
});

table('faults 105: neither answers nor the log hold a secret or a signature', async () => {
  const { target } = inQuery({ method: 'GET', target: '/guarded/kept' }, {});
  await at.sendUnsigned({ method: 'GET', target });
  const headers = at.sign({ method: 'GET', target: '/guarded/kept' });
  await at.sendUnsigned({ method: 'GET', target: '/guarded/kept', headers });
  const log = JSON.stringify(at.log);
  const signature = /Signature=([0-9a-f]{64})/;
  for (const hidden of [
    secretAccessKey,
    signature.exec(target)?.[1],
    signature.exec(headers.authorization ?? '')?.[1],
  ]) {
    assert.type(hidden, 'string');
    assert.not.match(log, hidden ?? '');
  }
  assert.not.match(log, 'Credential=');
});

table.run();
