import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf, type S3Place, s3Place } from './s3-place.js';

const compression = suite('compression');
// The store compresses nothing (SPEC.md keeps a field for it, which readers refuse), and unpacks
// nothing that a client says is packed.

let at: S3Place;
compression.before(async () => {
  at = await s3Place();
  assert.is((await at.send({ method: 'PUT', target: '/packed' })).status, 200);
});
compression.after(() => at.close());

const bomb = gzipSync(Buffer.alloc(32 * 1024 ** 2), { level: 9 });

compression(
  'faults 102: what is stored as packed is given back as it is, to whoever asks',
  async () => {
    assert.ok(bomb.length < 64 * 1024);
    const headers = { 'content-encoding': 'gzip', 'content-type': 'text/plain' };
    const target = '/packed/bomb';
    assert.is((await at.send({ method: 'PUT', target, headers, body: bomb })).status, 200);
    for (const encoding of ['identity', 'gzip', 'gzip;q=0, identity', 'br'])
      for (const method of ['GET', 'HEAD']) {
        const asked = { 'accept-encoding': encoding };
        const answer = await at.send({ method, target, headers: asked });
        assert.is(answer.status, 200);
        assert.is(answer.headers['content-length'], String(bomb.length));
        assert.is(answer.headers['content-encoding'], 'gzip');
        if (method === 'GET') assert.is(Buffer.compare(answer.body, bomb), 0);
      }
  },
);

compression('faults 102: nothing is packed for a client that would take it', async () => {
  const target = '/packed/text';
  const body = 'a'.repeat(100_000);
  await at.send({ method: 'PUT', target, body });
  for (const path of [target, '/packed?list-type=2']) {
    const headers = { 'accept-encoding': 'gzip, deflate, br' };
    const answer = await at.send({ method: 'GET', target: path, headers });
    assert.is(answer.headers['content-encoding'], undefined);
    assert.is(answer.headers['content-length'], String(answer.body.length));
  }
});

compression(
  'faults 102: a packed document is no document, whatever it says of itself',
  async () => {
    const kept = '/packed/kept';
    await at.send({ method: 'PUT', target: kept, body: 'kept' });
    const document = '<Delete><Object><Key>kept</Key></Object></Delete>';
    for (const body of [gzipSync(document), bomb]) {
      const md5 = createHash('md5').update(body).digest('base64');
      const headers = { 'content-encoding': 'gzip', 'content-md5': md5 };
      const answer = await at.send({ method: 'POST', target: '/packed?delete', headers, body });
      assert.is(answer.status, 400);
      assert.is(codeOf(answer), 'MalformedXML');
    }
    assert.is((await at.send({ method: 'GET', target: kept })).body.toString(), 'kept');
  },
);

compression.run();
