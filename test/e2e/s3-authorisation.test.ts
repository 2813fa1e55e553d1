import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { presign } from '../../src/auth/sign.js';
import { operations } from '../../src/http/s3/operations.js';
import {
  type Answer,
  codeOf,
  credentials,
  type RawRequest,
  type S3Place,
  s3Place,
} from './s3-place.js';

const authorisation = suite('who may do what over S3');

let at: S3Place;
let before: string;

/** All that the store holds, as its owner sees it. */
async function contents(): Promise<string> {
  const targets = ['/', '/guarded?list-type=2', '/guarded?uploads', '/guarded/kept'];
  const answers = [];
  for (const target of targets) answers.push(await at.send({ method: 'GET', target }));
  return answers.map(({ status, body }) => `${status} ${body}`).join('\n');
}

authorisation.before(async () => {
  at = await s3Place();
  await at.send({ method: 'PUT', target: '/guarded' });
  await at.send({ method: 'PUT', target: '/guarded/kept', body: 'kept' });
  before = await contents();
});
authorisation.after(() => at.close());

const hourMs = 3600 * 1000;

type Sender = (request: RawRequest) => Promise<Answer>;

const { accessKeyId, secretAccessKey: secret } = credentials;

function presignedTarget({ method, target }: RawRequest, timeMs: number, key = secret): string {
  const [rawPath = '', rawQuery = ''] = target.split('?');
  const request = { method, rawPath, rawQuery, headers: { host: at.host } };
  const query = presign(request, {
    ...{ credentials: { accessKeyId, secret: key }, region: 'us-east-1' },
    ...{ timeMs, expiresSeconds: 60 },
  });
  return `${rawPath}?${query}`;
}

function unsignedWith(request: RawRequest, headers: Record<string, string>): Promise<Answer> {
  return at.sendUnsigned({ ...request, headers: { ...request.headers, ...headers } });
}

/** Every way to come without proof, and the statuses that it may have. */
const impostors: readonly (readonly [how: string, send: Sender])[] = [
  ['no signature at all', (request) => at.sendUnsigned(request)],
  ['a signature of another secret', (request) => at.send({ ...request, secret: 'not-the-secret' })],
  ['an unknown access key', (request) => at.send({ ...request, accessKeyId: 'NOBODY' })],
  ['a signature of an hour ago', (request) => at.send({ ...request, timeMs: Date.now() - hourMs })],
  ['a signature of in an hour', (request) => at.send({ ...request, timeMs: Date.now() + hourMs })],
  [
    'an expired URL',
    (request) =>
      at.sendUnsigned({ ...request, target: presignedTarget(request, Date.now() - hourMs) }),
  ],
  [
    'a URL signed with another secret',
    (request) => {
      const target = presignedTarget(request, Date.now(), 'not-the-secret');
      return at.sendUnsigned({ ...request, target });
    },
  ],
  [
    'both a header and a URL, each right',
    (request) => {
      const target = presignedTarget(request, Date.now());
      return unsignedWith({ ...request, target }, at.sign({ ...request, target }));
    },
  ],
  [
    'a signature of SigV2',
    (request) => unsignedWith(request, { authorization: `AWS ${accessKeyId}:c2lnbmF0dXJl` }),
  ],
  [
    'a header beside those that were signed',
    (request) => {
      const headers = { ...at.sign(request), 'x-amz-meta-slipped': 'in' };
      return at.sendUnsigned({ ...request, headers });
    },
  ],
  [
    'the signature of another request',
    (request) => unsignedWith(request, at.sign({ ...request, target: '/guarded/another' })),
  ],
  [
    'an unknown form of payload',
    (request) => at.send({ ...request, payload: 'STREAMING-UNSIGNED-PAYLOAD' }),
  ],
];

const paths = { service: '/', bucket: '/guarded', object: '/guarded/kept' } as const;

for (const operation of operations)
  authorisation(`faults 93: ${operation.name} is refused without proof`, async () => {
    const { method, scope, query, header } = operation;
    const selector = query.map((each) => (each.includes('=') ? each : `${each}=1`)).join('&');
    const target = selector === '' ? paths[scope] : `${paths[scope]}?${selector}`;
    const headers: Record<string, string> =
      header === undefined ? {} : { [header]: '/guarded/kept' };
    const hasBody = method === 'PUT' || method === 'POST';
    const request = { method, target, headers, ...(hasBody ? { body: 'forged' } : {}) };
    for (const [how, send] of impostors) {
      const answer = await send(request);
      const refused = answer.status === 403 || answer.status === 400;
      assert.ok(refused, `${operation.name} with ${how}: ${answer.status}`);
      if (method !== 'HEAD') assert.match(codeOf(answer) ?? '', /^[A-Z]\w+$/);
      assert.not.match(answer.body.toString(), secret);
    }
    assert.is(await contents(), before);
  });

authorisation('the same requests with proof are let in', async () => {
  const target = '/guarded/let-in';
  const put = { method: 'PUT', target, body: 'x', headers: { 'x-amz-meta-a': 'b' } };
  assert.is((await at.send(put)).status, 200);
  const url = presignedTarget({ method: 'GET', target }, Date.now());
  assert.is((await at.sendUnsigned({ method: 'GET', target: url })).status, 200);
  assert.is((await at.send({ method: 'DELETE', target })).status, 204);
});

authorisation('a request signed for another region is told the right one', async () => {
  const target = '/guarded/kept';
  const { authorization = '', ...headers } = at.sign({ method: 'GET', target });
  const elsewhere = authorization.replace('us-east-1', 'eu-west-1');
  const request = { method: 'GET', target, headers: { ...headers, authorization: elsewhere } };
  const answer = await at.sendUnsigned(request);
  assert.is(codeOf(answer), 'AuthorizationHeaderMalformed');
  assert.match(answer.body.toString(), '<Region>us-east-1</Region>');
});

authorisation('faults 105: neither answers nor the log hold a secret or a signature', async () => {
  const target = presignedTarget({ method: 'GET', target: '/guarded/kept' }, Date.now());
  await at.sendUnsigned({ method: 'GET', target });
  const headers = at.sign({ method: 'GET', target: '/guarded/kept' });
  await at.sendUnsigned({ method: 'GET', target: '/guarded/kept', headers });
  const log = JSON.stringify(at.log);
  const signature = /Signature=([0-9a-f]{64})/;
  for (const hidden of [
    secret,
    signature.exec(target)?.[1],
    signature.exec(headers.authorization ?? '')?.[1],
  ]) {
    assert.type(hidden, 'string');
    assert.not.match(log, hidden ?? '');
  }
  assert.not.match(log, 'Credential=');
});

authorisation.run();
