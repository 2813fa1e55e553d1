import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { signRequest } from '../../../src/auth/sign.js';
import { type ErrorCode, LogStoreError } from '../../../src/base/errors.js';
import { InvariantError } from '../../../src/base/invariant.js';
import { nodeHost } from '../../../src/host/node-host.js';
import { createHttpServer } from '../../../src/http/app.js';
import { S3Error, s3Codes } from '../../../src/http/s3/s3-error.js';
import { openUsers } from '../../../src/open-users.js';
import type { CareOptions, Store } from '../../../src/store/types.js';

const failing = suite('failures of the store, told over HTTP');

const { clock, random } = nodeHost('.');

interface Told {
  readonly status: number | undefined;
  readonly body: string;
  readonly lines: readonly (readonly [fields: object, message: string])[];
}

const users = openUsers({
  store: { access: { documents: async () => [], setDocument: async () => {} } },
  root: { accessKeyId: 'KEY', secretAccessKey: 'secret-key' },
  keys: {
    place: 'nowhere',
    current: undefined,
    find: () => undefined,
    make: () => Promise.reject(new Error('no key is needed')),
  },
  host: { clock, random },
  warn: () => {},
});

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly host?: string;
  readonly body?: string;
  /** False: the process is to end. */
  readonly end?: boolean;
}

/** What a client is told when the store fails with `error`, unless asked otherwise by reading. */
async function told(error: Error, asked: Asked = {}): Promise<Told> {
  const { method = 'GET', path = '/bucket/key', query = '', body: sent = '', end = true } = asked;
  const lines: [object, string][] = [];
  const keep = (fields: object, message: string) => lines.push([fields, message]);
  const store = {
    get: () => Promise.reject(error),
    delete: () => Promise.reject(error),
    bucketConfiguration: () => Promise.reject(error),
    headBucket: async () => ({ name: 'bucket', createdUnixMs: 0, owner: null }),
    stats: () => {
      throw error;
    },
    scrub: ({ onProgress }: CareOptions = {}) => {
      onProgress?.({ doneBytes: 1, totalBytes: 2 });
      return Promise.reject(error);
    },
    access: {
      ofBucket: () => ({ owner: null, document: () => undefined }),
      documents: () => Promise.reject(error),
      setDocument: () => Promise.reject(error),
      objectAcl: () => Promise.reject(error),
      listedAcls: () => Promise.reject(error),
      setObjectAcl: () => Promise.reject(error),
      uploadPeople: () => Promise.reject(error),
    },
  };
  const server = createHttpServer({
    ...{ clock, random, region: 'us-east-1', users: await users },
    store: store as Partial<Store> as Store, // all that this request comes to
    logger: { info: keep, warn: keep, error: keep },
    websiteDomain: 'web.example',
    health: () => ({ ready: true }),
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const headers = { host: asked.host ?? `127.0.0.1:${port}`, 'content-length': sent.length };
  const signed = signRequest(
    { method, rawPath: path, rawQuery: query, headers: { host: headers.host } },
    'UNSIGNED-PAYLOAD',
    {
      credentials: { accessKeyId: 'KEY', secret: 'secret-key' },
      region: 'us-east-1',
      timeMs: clock.nowUnixMs(),
    },
  );
  const request = httpRequest({
    ...{ port, method, path: query === '' ? path : `${path}?${query}`, agent: false },
    headers: { ...headers, ...signed.headers },
  });
  request.end(sent);
  try {
    if (!end) {
      request.on('error', () => {});
      const [fatal] = await once(process, 'uncaughtException');
      throw fatal;
    }
    const [response] = await once(request, 'response');
    let body = '';
    for await (const chunk of response) body += chunk;
    return { status: response.statusCode, body, lines };
  } finally {
    request.destroy();
    server.closeAllConnections();
    server.close();
  }
}

for (const code of Object.keys(s3Codes) as ErrorCode[])
  failing(`${code} is told as ${s3Codes[code]}, without what is inside`, async () => {
    const cause = new Error('/var/lib/logstore/segments/0001.seg');
    const { status, body, lines } = await told(new LogStoreError(code, 'inside', { cause }));
    assert.is(status, new S3Error(s3Codes[code], 'inside').status);
    assert.match(body, `<Code>${s3Codes[code]}</Code>`);
    assert.not.match(body, '/var/lib');
    if (status !== undefined && status >= 500) {
      assert.not.match(body, 'inside');
      assert.ok(lines.some(([fields]) => 'err' in fields));
    }
  });

failing('faults 43: want of file handles is told as SlowDown, not as a lost object', async () => {
  for (const code of ['EMFILE', 'ENFILE']) {
    const cause = Object.assign(new Error('too many open files'), { code });
    const { status, body } = await told(new LogStoreError('IO', 'inside', { cause }));
    assert.is(status, 503);
    assert.match(body, '<Code>SlowDown</Code>');
  }
});

failing('faults 106: an unknown failure is an InternalError for this request alone', async () => {
  const { status, body, lines } = await told(new TypeError('a secret of /etc'));
  assert.is(status, 500);
  assert.match(body, '<Code>InternalError</Code>');
  assert.not.match(body, 'secret');
  const [fields] = lines.find(([, message]) => message === 'request failed') ?? [{}];
  assert.instance('err' in fields ? fields.err : undefined, TypeError);
});

const doomed = '<Delete><Object><Key>key</Key></Object></Delete>';
for (const [what, asked] of Object.entries<Asked>({
  'an object': {},
  'one of many keys': { method: 'POST', path: '/bucket', query: 'delete=', body: doomed },
  'a website': { host: 'bucket.web.example' },
  'the native API': { path: '/_/stats' },
  'work that takes long': { method: 'POST', path: '/_/scrub' },
}))
  failing(
    `faults 106: a broken promise of our own stops the process, asked for ${what}`,
    async () => {
      try {
        await told(new InvariantError('two and two are five'), { ...asked, end: false });
        assert.unreachable();
      } catch (fatal) {
        assert.instance(fatal, InvariantError);
      }
    },
  );

failing('why work failed that had begun to answer is logged', async () => {
  const { status, body, lines } = await told(new TypeError('inside'), {
    ...{ method: 'POST', path: '/_/scrub' },
  });
  assert.is(status, 200);
  assert.match(body, '{"error":{"code":"InternalError"');
  assert.not.match(body, 'inside');
  const [fields] = lines.find(([, message]) => message === 'request failed') ?? [{}];
  assert.instance('err' in fields ? fields.err : undefined, TypeError);
});

failing.run();
