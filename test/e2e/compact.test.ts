import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeHost } from '../../src/host/node-host.js';
import { openStore } from '../../src/open-store.js';
import { verifyStore } from '../../src/store/verify.js';
import { logstore, Served } from './logstore-process.js';
import { s3Place } from './s3-place.js';
import { place } from './served-place.js';

const compact = suite('logstore compact');
const segmentBytes = 1024 ** 2;
const env = { LOGSTORE_ACCESS_KEY: 'of-the-test', LOGSTORE_SECRET_KEY: 'secret-of-it' };

/** Of some 4 MiB half is overwritten. */
async function halfDeadStore(dir: string): Promise<void> {
  await using store = await openStore({ dir, segmentBytes, compaction: 'manual', parity: 'off' });
  await store.createBucket('bucket');
  for (const round of [1, 2]) {
    for (let key = 0; key < 20; key++) {
      await store.put('bucket', `key-${key}`, new Uint8Array(100_000).fill(round * key));
    }
  }
}

async function checkStore(dir: string): Promise<void> {
  const report = await verifyStore(nodeHost(dir));
  assert.ok(report.sound, JSON.stringify(report.findings.slice(0, 3)));
  await using store = await openStore({ dir, segmentBytes, compaction: 'manual', parity: 'off' });
  for (let key = 0; key < 20; key++) {
    const bytes = await store.getBytes('bucket', `key-${key}`);
    assert.ok(Buffer.from(bytes).equals(Buffer.alloc(100_000, 2 * key)));
  }
}

for (const running of [false, true])
  compact(`plans, then frees, on a ${running ? 'running server' : 'stopped store'}`, async () => {
    using at = place();
    await halfDeadStore(at.dir);
    const settings = ['--dir', at.dir, '--compaction', 'manual', '--segment-size', '1MiB'];
    const server = running ? await Served.start(settings, env) : undefined;
    const target = server === undefined ? ['--dir', at.dir] : ['--endpoint', server.url];
    const run = async (...flags: string[]) => {
      const { code, stdout, stderr } = await logstore(['compact', ...target, ...flags], { env });
      assert.is(code, 0, stderr);
      return stdout.toString();
    };
    const plan = JSON.parse(await run('--dry-run', '--json'));
    assert.ok(plan.plannedSegmentCount >= 2 && plan.liveBytes < plan.sizeBytes);
    assert.is(plan.rewrittenSegmentCount, 0);
    assert.match(await run('--dry-run'), 'segments would be rewritten');
    const report = JSON.parse(await run('--all', '--json'));
    assert.is(report.rewrittenSegmentCount, report.plannedSegmentCount);
    assert.ok(report.freedBytes > 1_500_000);
    assert.match(await run(), '0 of 0 segments were rewritten');
    await server?.end('SIGTERM');
    await checkStore(at.dir);
  });

compact('is refused without a key, and while a run is under way', async () => {
  await using at = await s3Place({ compaction: 'manual' });
  const request = { method: 'POST', target: '/_/compact?all' };
  assert.is((await at.sendUnsigned(request)).status, 403);
  assert.is((await at.send({ ...request, secret: 'not-the-secret' })).status, 403);
  assert.is((await at.send({ ...request, method: 'GET' })).status, 404);
  const answers = await Promise.all([at.send(request), at.send(request), at.send(request)]);
  for (const { status, body } of answers) {
    const lines = body.toString().trimEnd().split('\n');
    const last = JSON.parse(lines.at(-1) ?? '');
    if (status === 200) assert.is(last.report.rewrittenSegmentCount, 0);
    else assert.equal([status, last.code], [503, 'SlowDown']);
  }
  assert.ok(answers.some(({ status }) => status === 200));
});

compact('stats tell what lives, what is dead, and what is free', async () => {
  await using at = await s3Place({ compaction: 'manual' });
  await at.send({ method: 'PUT', target: '/bucket' });
  for (const fill of ['a', 'b'])
    await at.send({ method: 'PUT', target: '/bucket/key', body: fill.repeat(50_000) });
  const { body } = await at.send({ method: 'GET', target: '/_/stats' });
  const { totalBytes, liveBytes, deadBytes, reserveBytes, freeBytes } = JSON.parse(
    body.toString(),
  ).space;
  assert.ok(liveBytes >= 50_000 && liveBytes < 60_000, `${liveBytes} live`);
  assert.ok(deadBytes >= 49_000 && deadBytes < 60_000, `${deadBytes} dead`);
  assert.is(totalBytes, liveBytes + deadBytes);
  assert.is(reserveBytes, 0);
  assert.ok(freeBytes > 0);
});

compact.run();
