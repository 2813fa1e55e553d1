import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type S3Place, s3Place } from './s3-place.js';

const it = suite('a sync that fails under a server');

/** Until it is disposed of, no sync of a file succeeds in this process. */
function failingSyncs(): Disposable {
  const { fdatasync } = fs;
  const fails = (_descriptor: number, done: fs.NoParamCallback) =>
    process.nextTick(done, Object.assign(new Error('planned'), { code: 'EIO' }));
  const { __promisify__ } = fdatasync;
  const use = (one: typeof fdatasync) => {
    fs.fdatasync = one;
    syncBuiltinESMExports();
  };
  use(Object.assign(fails, { __promisify__ }));
  return { [Symbol.dispose]: () => use(fdatasync) };
}

async function asked(at: S3Place, target: string): Promise<{ status: number; body: string }> {
  const { status, body } = await at.sendUnsigned({ method: 'GET', target });
  return { status, body: body.toString() };
}

it('faults 37: once the writer has ended, health says so, writes are refused, reads go on', async () => {
  await using at = await s3Place();
  const put = (key: string) => at.send({ method: 'PUT', target: `/bucket/${key}`, body: 'x' });
  await at.send({ method: 'PUT', target: '/bucket' });
  assert.is((await put('before')).status, 200);
  assert.is((await asked(at, '/_/health/ready')).status, 200);
  {
    using _failing = failingSyncs();
    const refused = await put('during');
    assert.is(refused.status, 503);
    assert.match(refused.body.toString(), '<Code>ServiceUnavailable</Code>');
  }
  // The disk gives everything again: what a failed sync left behind, nobody knows all the same.
  const ready = await asked(at, '/_/health/ready');
  assert.is(ready.status, 503);
  const { status, reason } = JSON.parse(ready.body);
  assert.is(status, 'not ready');
  assert.match(reason, 'a write to the disk has failed');
  assert.not.match(ready.body, at.directory);
  assert.is((await asked(at, '/_/health/live')).status, 200);
  assert.is((await put('after')).status, 503);
  const read = await at.send({ method: 'GET', target: '/bucket/before' });
  assert.equal([read.status, read.body.toString()], [200, 'x']);
  const { writer } = JSON.parse(
    (await at.send({ method: 'GET', target: '/_/stats' })).body.toString(),
  );
  assert.is(writer, 'failed');
});

it.run();
