import { once } from 'node:events';
import * as http from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { signRequest } from '../../src/auth/sign.js';
import { nodeHost } from '../../src/host/node-host.js';
import { openStore } from '../../src/open-store.js';
import { verifyStore } from '../../src/store/verify.js';
import { failsWith } from '../conformance/store-words.js';
import { logstore, Served } from './logstore-process.js';
import { place, putInto, readFrom } from './served-place.js';

const shutdown = suite('shutdown');

const credentials = { accessKeyId: 'under-way', secret: 'secret-of-it' };
const env = {
  LOGSTORE_ACCESS_KEY: credentials.accessKeyId,
  LOGSTORE_SECRET_KEY: credentials.secret,
};

/** A PUT that the server has let in and that waits for the second half of its body. */
async function putUnderWay(url: string, path: string): Promise<http.ClientRequest> {
  const headers = { host: new URL(url).host, 'content-length': '10', expect: '100-continue' };
  const signed = signRequest(
    { method: 'PUT', rawPath: path, rawQuery: '', headers },
    'UNSIGNED-PAYLOAD',
    { credentials, region: 'us-east-1', timeMs: Date.now() },
  );
  const request = http.request(`${url}${path}`, {
    method: 'PUT',
    headers: { ...headers, ...signed.headers },
  });
  request.flushHeaders();
  await once(request, 'continue');
  request.write('first');
  return request;
}

async function statusOf(request: http.ClientRequest): Promise<number | undefined> {
  const [answer]: http.IncomingMessage[] = await once(request, 'response');
  answer?.resume();
  return answer?.statusCode;
}

shutdown(
  'faults 69: a clean stop ends with 0 and leaves the same state to the next start',
  async () => {
    using at = place();
    const digests: string[] = [];
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      await using server = await Served.start(['--dir', at.dir]);
      if (signal === 'SIGTERM') await putInto(server, at, 'box/k');
      else assert.is(await readFrom(server, at, 'box/k'), 'the bytes of the file');
      assert.is(await server.end(signal), 0);
      const replayed = await logstore(['replay', '--dir', at.dir, '--json']);
      assert.is(replayed.code, 0, replayed.stderr);
      const last = replayed.stdout.toString().trim().split('\n').at(-1) ?? '';
      digests.push(JSON.parse(last).indexDigest);
    }
    assert.match(digests[0] ?? '', /^[0-9a-f]{64}$/);
    assert.is(digests[1], digests[0]);
  },
);

shutdown('lets a request under way end, and takes no further one', async () => {
  using at = place();
  await using server = await Served.start(['--dir', at.dir], env);
  assert.is((await logstore(['mb', 'bucket', '--endpoint', server.url], { env })).code, 0);
  const request = await putUnderWay(server.url, '/bucket/slow');
  const status = statusOf(request);
  server.child.kill('SIGTERM');
  await server.logged('stopping');
  request.end('-half');
  assert.is(await status, 200);
  await server.ended;
  assert.is(server.child.exitCode, 0);
  const stored = await logstore(['get', 'bucket/slow', '--dir', at.dir]);
  assert.is(stored.stdout.toString(), 'first-half');
});

shutdown('cuts off what does not end in time, which then never happened', async () => {
  using at = place();
  await using server = await Served.start(['--dir', at.dir, '--shutdown-timeout', '0s'], env);
  assert.is((await logstore(['mb', 'bucket', '--endpoint', server.url], { env })).code, 0);
  const request = await putUnderWay(server.url, '/bucket/slow');
  const failed = once(request, 'error');
  assert.is(await server.end('SIGTERM'), 0);
  await failed;
  assert.is((await logstore(['stat', 'bucket/slow', '--dir', at.dir])).code, 4);
});

shutdown('faults 70: a second SIGTERM ends it at once, and nothing is lost', async () => {
  using at = place();
  await using server = await Served.start(['--dir', at.dir], env);
  const target = ['--endpoint', server.url];
  await logstore(['put', '--create-bucket', 'bucket/kept', at.file, ...target], { env });
  await putUnderWay(server.url, '/bucket/slow').then((request) => request.on('error', () => {}));
  server.child.kill('SIGTERM');
  await server.logged('stopping');
  assert.is(await server.end('SIGTERM'), 4);
  await using next = await Served.start(['--dir', at.dir], env);
  const kept = await logstore(['get', 'bucket/kept', '--endpoint', next.url], { env });
  assert.is(kept.stdout.toString(), 'the bytes of the file');
});

shutdown(
  'faults 70: SIGTERM while it starts ends with 0, on a new store and on one to recover',
  async () => {
    using at = place();
    await using first = Served.spawn(['--dir', at.dir]);
    await first.logged('starting');
    assert.is(await first.end('SIGTERM'), 0, first.told);

    await using second = await Served.start(['--dir', at.dir]);
    await putInto(second, at, 'box/k');
    await second.end('SIGKILL');
    await using third = Served.spawn(['--dir', at.dir]);
    await third.logged('starting');
    assert.is(await third.end('SIGTERM'), 0, third.told);

    await using last = await Served.start(['--dir', at.dir]);
    assert.is(await readFrom(last, at, 'box/k'), 'the bytes of the file');
  },
);

/** Some 40 MiB in segments of 1 MiB, of which half is overwritten and some is deleted. */
async function halfDeadStore(dir: string): Promise<void> {
  const settings = { segmentBytes: 1024 ** 2, compaction: 'manual', parity: 'off' } as const;
  await using store = await openStore({ dir, ...settings });
  await store.createBucket('bucket');
  for (const round of [1, 2]) {
    for (let key = 0; key < 100; key++) await store.put('bucket', `k${key}`, bodyOf(round * key));
  }
  for (let key = 0; key < 100; key += 10) await store.delete('bucket', `k${key}`);
}

function bodyOf(fill: number): Uint8Array {
  return new Uint8Array(200_000).fill(fill);
}

/** A compaction that has begun; resolves with its first line. */
async function compactionUnderWay(url: string): Promise<http.ClientRequest> {
  const [path, rawQuery, headers] = ['/_/compact', 'all', { host: new URL(url).host }];
  const signed = signRequest(
    { method: 'POST', rawPath: path, rawQuery, headers },
    'UNSIGNED-PAYLOAD',
    { credentials, region: 'us-east-1', timeMs: Date.now() },
  );
  const request = http.request(`${url}${path}?${rawQuery}`, {
    method: 'POST',
    headers: { ...headers, ...signed.headers },
  });
  request.end();
  const [answer]: http.IncomingMessage[] = await once(request, 'response');
  assert.is(answer?.statusCode, 200);
  await once(answer ?? request, 'data');
  return request;
}

shutdown('faults 70: SIGTERM during a compaction ends it with 0, and nothing returns', async () => {
  using at = place();
  await halfDeadStore(at.dir);
  const settings = ['--segment-size', '1MiB', '--compaction', 'manual', '--parity', 'off'];
  const target = ['--dir', at.dir, ...settings, '--shutdown-timeout', '0s'];
  await using server = await Served.start(target, env);
  const request = await compactionUnderWay(server.url);
  request.on('error', () => {}); // it is cut off
  assert.is(await server.end('SIGTERM'), 0, server.told);
  const report = await verifyStore(nodeHost(at.dir));
  assert.ok(report.sound, JSON.stringify(report.findings.slice(0, 3)));
  const left = await logstore(['compact', '--dir', at.dir, '--dry-run', '--all', '--json']);
  const { plannedSegmentCount } = JSON.parse(left.stdout.toString());
  assert.ok(plannedSegmentCount > 20, `${plannedSegmentCount} segments were left`);
  await using store = await openStore({ dir: at.dir, compaction: 'manual' });
  for (let key = 0; key < 100; key++) {
    if (key % 10 === 0) await failsWith('NO_SUCH_KEY', store.getBytes('bucket', `k${key}`));
    else assert.is(Buffer.compare(await store.getBytes('bucket', `k${key}`), bodyOf(2 * key)), 0);
  }
});

shutdown.run();
