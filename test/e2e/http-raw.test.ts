import { createHash } from 'node:crypto';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { headOf, openLine, type S3Place, s3Place } from './s3-place.js';

const raw = suite('HTTP on raw connections');

let at: S3Place;
raw.before(async () => {
  at = await s3Place({ headersTimeout: '1s', bodyIdleTimeout: '1s' });
  await at.client.send(new CreateBucketCommand({ Bucket: 'raw' }));
});
raw.after(() => at.close());

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

async function isStored(key: string): Promise<boolean> {
  return (await at.send({ method: 'HEAD', target: `/raw/${key}` })).status === 200;
}

raw('a client that waits for it is told to go on, and then its body is stored', async () => {
  const target = '/raw/continued';
  const headers = { 'content-length': '5', expect: '100-continue' };
  const line = openLine(at.port);
  line.socket.write(headOf({ method: 'PUT', target }, at.sign({ method: 'PUT', target, headers })));
  await line.heard(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
  line.socket.write('hello');
  await line.heard(/\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  line.socket.destroy();
  assert.ok(await isStored('continued'));
});

for (const expect of ['200', ''])
  raw(`a client that expects '${expect}' gets what it asks for`, async () => {
    const target = '/raw/expected';
    const headers = { 'content-length': '5', connection: 'close', expect };
    const head = headOf({ method: 'PUT', target }, at.sign({ method: 'PUT', target, headers }));
    const answer = await at.exchange(`${head}hello`);
    assert.is(statusOf(answer), 200, answer);
    assert.not.match(answer, '100 Continue');
  });

raw('an empty Authorization is nobody’s', async () => {
  const headers = { host: 'x', 'content-length': '5', connection: 'close', authorization: '' };
  const answer = await at.exchange(`${headOf({ method: 'PUT', target: '/raw/k' }, headers)}hello`);
  assert.is(statusOf(answer), 403, answer);
  assert.match(answer, 'AccessDenied');
});

for (const [why, target, over] of [
  ['its signature is wrong', '/raw/refused', { secret: 'another secret' }],
  ['what it asks for is not served', '/raw/refused?acl', {}],
  ['its size is beyond 5 GiB', '/raw/refused', { length: String(5 * 1024 ** 3 + 1) }],
] as const)
  raw(`nobody is told to go on when ${why}`, async () => {
    const { length = '1000000', ...rest }: { length?: string; secret?: string } = over;
    const headers = { 'content-length': length, expect: '100-continue' };
    const signed = at.sign({ method: 'PUT', target, headers, ...rest });
    const answer = await at.exchange(headOf({ method: 'PUT', target }, signed));
    assert.not.match(answer, '100 Continue');
    assert.ok(statusOf(answer) >= 400);
    assert.match(answer.toLowerCase(), 'connection: close');
    assert.not.ok(await isStored('refused'));
  });

raw('a refused client that sends all the same still gets its answer', async () => {
  const target = '/raw/refused';
  const headers = { 'content-length': '500000' };
  const signed = at.sign({ method: 'PUT', target, headers, secret: 'another secret' });
  const head = headOf({ method: 'PUT', target }, signed);
  const answer = await at.exchange(Buffer.concat([Buffer.from(head), Buffer.alloc(500_000)]));
  assert.is(statusOf(answer), 403);
  assert.match(answer, 'SignatureDoesNotMatch');
});

const smuggled = 'GET /raw/smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
for (const [what, head] of [
  [
    'a length and a transfer coding',
    'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['two lengths', `Content-Length: 5\r\nContent-Length: 0\r\n\r\n${smuggled}`],
  ['two lengths that agree', `Content-Length: 0\r\nContent-Length: 0\r\n\r\n${smuggled}`],
  ['lengths in a list', `Content-Length: 0, 0\r\n\r\n${smuggled}`],
  ['a signed length', `Content-Length: +5\r\n\r\nhello`],
  ['a negative length', `Content-Length: -5\r\n\r\nhello`],
  ['a length beyond numbers', `Content-Length: 99999999999999999999999\r\n\r\n`],
  ['an unknown transfer coding', `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`],
  ['a space before the colon', `Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`],
  ['a folded header', `X-A: b\r\n Content-Length: 5\r\n\r\nhello`],
  ['line ends without carriage return', `X-A: b\nContent-Length: 5\n\nhello`],
  ['a bare carriage return', `X-A: b\rContent-Length: 5\r\n\r\nhello`],
  ['a NUL in a header', `X-A: b\0c\r\n\r\n`],
] as const)
  raw(`faults 98: ${what} ends in 400 and a closed connection`, async () => {
    const answer = await at.exchange(`PUT /raw/smuggling HTTP/1.1\r\nHost: x\r\n${head}`);
    assert.is(statusOf(answer), 400, answer);
    assert.is(answer.match(/HTTP\/1\.1 /g)?.length, 1, answer);
    const id = /x-amz-request-id: (\w+)\r\n/.exec(answer)?.[1];
    assert.match(answer, `<RequestId>${id}</RequestId>`);
    assert.not.ok(await isStored('smuggling'));
  });

raw('faults 101: a body in chunks of unknown size is stored whole, or not at all', async () => {
  const target = '/raw/unmeasured';
  const headers = { 'transfer-encoding': 'chunked', connection: 'close' };
  const head = headOf({ method: 'PUT', target }, at.sign({ method: 'PUT', target, headers }));
  const line = openLine(at.port);
  line.socket.end(`${head}5\r\nhello\r\n5\r\nwor`);
  await line.closed;
  assert.not.ok(await isStored('unmeasured'));

  const answer = await at.exchange(`${head}5\r\nhello\r\n0\r\n\r\n`);
  assert.is(statusOf(answer), 200, answer);
  assert.is((await at.send({ method: 'GET', target })).body.toString(), 'hello');
});

raw('faults 101: a PUT that says nothing of its body needs a length', async () => {
  const target = '/raw/unsaid';
  const headers = { connection: 'close' };
  const head = headOf({ method: 'PUT', target }, at.sign({ method: 'PUT', target, headers }));
  const answer = await at.exchange(head);
  assert.is(statusOf(answer), 411);
  assert.match(answer, 'MissingContentLength');
  assert.not.ok(await isStored('unsaid'));
});

raw('faults 101: a body in chunks that is not what its signature says is refused', async () => {
  const target = '/raw/otherwise';
  const headers = { 'transfer-encoding': 'chunked', connection: 'close' };
  const signed = { method: 'PUT', target, headers, payload: '0'.repeat(64) };
  const answer = await at.exchange(
    `${headOf({ method: 'PUT', target }, at.sign(signed))}5\r\nhello\r\n0\r\n\r\n`,
  );
  assert.is(statusOf(answer), 400);
  assert.match(answer, 'XAmzContentSHA256Mismatch');
  assert.not.ok(await isStored('otherwise'));
});

for (const sizeBytes of [1_000, 1_000_000])
  raw(
    `faults 79: a client that goes in mid-body of ${sizeBytes} leaves the old object`,
    async () => {
      const target = '/raw/kept';
      await at.send({ method: 'PUT', target, body: 'the old value' });
      const headers = { 'content-length': String(sizeBytes) };
      const head = headOf({ method: 'PUT', target }, at.sign({ method: 'PUT', target, headers }));
      const before = at.log.length;
      const line = openLine(at.port);
      line.socket.end(Buffer.concat([Buffer.from(head), Buffer.alloc(sizeBytes / 2)]));
      await line.closed;
      const found = await at.send({ method: 'GET', target });
      assert.is(found.body.toString(), 'the old value');
      const lines = at.log.slice(before).filter(({ operation }) => operation === 'PutObject');
      assert.is(lines.at(-1)?.status === 200, false);
    },
  );

raw('faults 99: a client that never ends its headers is cut off; others are served', async () => {
  const lines = Array.from({ length: 300 }, () => openLine(at.port));
  for (const { socket } of lines) socket.write('GET /raw/slow HTTP/1.1\r\nHost: x\r\n');
  assert.is((await at.send({ method: 'HEAD', target: '/raw' })).status, 200);
  await Promise.all(lines.map(({ closed }) => closed));
});

raw('faults 99: a client whose body stands still is cut off, and nothing is stored', async () => {
  for (const length of ['60000', '6000000']) {
    const target = '/raw/stalled';
    const headers = { 'content-length': length };
    const signed = at.sign({ method: 'PUT', target, headers });
    const answer = await at.exchange(`${headOf({ method: 'PUT', target }, signed)}only this`);
    assert.is(statusOf(answer), 400, answer);
    assert.match(answer, 'RequestTimeout');
    assert.match(answer.toLowerCase(), 'connection: close');
    assert.not.ok(await isStored('stalled'));
  }
});

raw('faults 99: a client that goes on after it was given up has stored nothing', async () => {
  for (const lengthBytes of [60_000, 6_000_000]) {
    const target = '/raw/late';
    const headers = { 'content-length': String(lengthBytes) };
    const head = headOf({ method: 'PUT', target }, at.sign({ method: 'PUT', target, headers }));
    const line = openLine(at.port);
    line.socket.write(`${head}only this`);
    await line.heard(/RequestTimeout/);
    line.socket.write(Buffer.alloc(lengthBytes - 'only this'.length));
    await line.closed;
    assert.not.ok(await isStored('late'));
  }
});

raw('faults 99: so is one whose body the native API wants nothing of, or waits for', async () => {
  const headers = { host: at.host, 'content-length': '6000000' };
  const target = '/_/nothing';
  const unasked = await at.exchange(`${headOf({ method: 'POST', target }, headers)}only this`);
  assert.is(statusOf(unasked), 404);
  assert.match(unasked.toLowerCase(), 'connection: close');
  const users = { method: 'POST', target: '/_/users', payload: 'UNSIGNED-PAYLOAD' };
  const signed = at.sign({ ...users, headers: { 'content-length': '6000' } });
  assert.is(await at.exchange(`${headOf(users, signed)}{"name"`), '');
});

raw('a client of the native API is told to go on, and what is too large', async () => {
  const users = { method: 'POST', target: '/_/users' };
  const body = Buffer.alloc(100_000, ' ');
  const payload = createHash('sha256').update(body).digest('hex');
  const headers = { 'content-length': String(body.length), expect: '100-continue' };
  const line = openLine(at.port);
  line.socket.write(headOf(users, at.sign({ ...users, payload, headers })));
  await line.heard(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
  line.socket.write(body);
  await line.heard(/\r\n\r\nHTTP\/1\.1 400 .*MaxMessageLengthExceeded/s);
  await line.closed;
});

raw('faults 99: a client that never reads is cut off', async () => {
  const target = '/raw/unread';
  await at.send({ method: 'PUT', target, body: Buffer.alloc(32 * 1024 ** 2) });
  const line = openLine(at.port);
  line.socket.pause();
  line.socket.write(headOf({ method: 'GET', target }, at.sign({ method: 'GET', target })));
  const isLogged = () => at.log.some((each) => each.key === 'unread' && each.complete === false);
  while (!isLogged()) await at.send({ method: 'HEAD', target });
  line.socket.destroy();
});

raw('faults 100: more than 200 headers are refused', async () => {
  const flood = Array.from({ length: 250 }, (_, n) => `X-${n}: y\r\n`).join('');
  const answer = await at.exchange(
    `GET /raw/k HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${flood}\r\n`,
  );
  assert.ok(statusOf(answer) === 400 || statusOf(answer) === 431, answer);
  assert.match(answer, 'RequestHeaderSectionTooLarge');
});

raw(
  'faults 100: headers of more than 32 KiB and URLs of more than 16 KiB are refused',
  async () => {
    const large = await at.exchange(
      `GET /raw/k HTTP/1.1\r\nHost: x\r\nX-A: ${'y'.repeat(40_000)}\r\n\r\n`,
    );
    assert.is(statusOf(large), 431);
    const long = await at.exchange(
      `GET /raw/${'k'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    assert.ok(statusOf(long) === 400 || statusOf(long) === 414, long);
  },
);

raw('faults 100: thousands of pipelined requests are answered in order or refused', async () => {
  const count = 2_000;
  const target = '/raw/pipelined';
  await at.send({ method: 'PUT', target, body: 'x' });
  const head = headOf({ method: 'HEAD', target }, at.sign({ method: 'HEAD', target }));
  const headers = { connection: 'close' };
  const last = headOf({ method: 'HEAD', target }, at.sign({ method: 'HEAD', target, headers }));
  const answer = await at.exchange(head.repeat(count) + last);
  const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status);
  assert.is(statuses.length, count + 1);
  assert.ok(statuses.every((status) => status === '200' || status === '503'));
});

for (const expected of [{}, { expect: '100-continue' }])
  raw(
    `into an answer that is under way nothing is written ${JSON.stringify(expected)}`,
    async () => {
      const target = '/raw/long';
      await at.send({ method: 'PUT', target, body: Buffer.alloc(16 * 1024 ** 2) });
      const request = { method: 'GET', target };
      const headers = { 'transfer-encoding': 'chunked', ...expected };
      const line = openLine(at.port);
      let answer = '';
      line.socket.on('data', (text: string) => {
        answer += text;
      });
      line.socket.write(headOf(request, at.sign({ ...request, headers })));
      await line.heard(/\r\n\r\n/);
      line.socket.pause();
      line.socket.write('no chunk\r\n');
      line.socket.resume();
      await line.closed;
      assert.is(answer.match(/HTTP\/1\.1 /g)?.length, 1);
    },
  );

raw('what is no HTTP at all is refused, and the server lives', async () => {
  for (const bytes of [
    '\0\0\0\0\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00',
    'GET / HTTP/9.9\r\n\r\n',
  ])
    assert.is(statusOf(await at.exchange(bytes)), 400);
  assert.is((await at.send({ method: 'HEAD', target: '/raw' })).status, 200);
});

const bounds = suite('bounds of connections');

bounds('faults 100: connections beyond the bound are closed at once', async () => {
  await using there = await s3Place({ maxConnections: '8' });
  const lines = Array.from({ length: 8 }, () => openLine(there.port));
  for (const { socket } of lines) socket.write('GET / HTTP/1.1\r\nHost: x\r\n');
  const one = openLine(there.port);
  const another = openLine(there.port);
  await Promise.all([one.closed, another.closed]);
  for (const { socket, closed } of lines) {
    socket.destroy();
    await closed;
  }
});

bounds('faults 100: requests beyond the bound are told to slow down', async () => {
  await using there = await s3Place({ maxConnections: '8' });
  const target = '/';
  const head = headOf({ method: 'GET', target }, there.sign({ method: 'GET', target }));
  const headers = { connection: 'close' };
  const last = headOf({ method: 'GET', target }, there.sign({ method: 'GET', target, headers }));
  const answer = await there.exchange(head.repeat(500) + last);
  const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  assert.is(statuses.length, 501);
  assert.ok(statuses.includes('200'));
  assert.ok(statuses.includes('503'));
  assert.match(answer, '<Code>SlowDown</Code>');
  assert.is((await there.send({ method: 'GET', target })).status, 200);
});

bounds('headers are bounded by a setting', async () => {
  await using there = await s3Place({ maxHeaderSize: '8KiB' });
  const head = (sizeBytes: number) =>
    `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-A: ${'y'.repeat(sizeBytes)}\r\n\r\n`;
  assert.is(statusOf(await there.exchange(head(7_000))), 403);
  assert.is(statusOf(await there.exchange(head(9_000))), 431);
});

bounds('a connection without a request is closed by a setting', async () => {
  await using there = await s3Place({ keepAliveTimeout: '1s' });
  const line = openLine(there.port);
  line.socket.write('GET /_/health/live HTTP/1.1\r\nHost: x\r\n\r\n');
  await line.heard(/200 OK/);
  await line.closed;
});

raw.run();
bounds.run();
