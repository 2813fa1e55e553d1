import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { logstore, Served } from './logstore-process.js';
import { place, putInto, readFrom } from './served-place.js';

const serve = suite('serve');

serve('makes a key pair at the first start, shows it once and never logs it', async () => {
  using at = place();
  await using first = await Served.start(['--dir', at.dir, '--log-level', 'trace']);
  assert.is(statSync(at.credentials).mode & 0o777, 0o600);
  const pair = JSON.parse(readFileSync(at.credentials, 'utf8'));
  await putInto(first, at, 'box/k');
  assert.is(await first.end('SIGTERM'), 0);
  assert.ok(first.told.includes(`AWS_ACCESS_KEY_ID=${pair.accessKeyId}`), first.told);
  assert.ok(first.told.includes(`AWS_SECRET_ACCESS_KEY=${pair.secretAccessKey}`));
  assert.match(first.told, /aws s3 mb/);
  assert.not.ok(first.log.includes(pair.secretAccessKey), 'the log holds no secret');

  await using second = await Served.start(['--dir', at.dir, '--log-level', 'trace']);
  assert.is(await readFrom(second, at, 'box/k'), 'the bytes of the file');
  assert.is(await second.end('SIGTERM'), 0);
  assert.not.ok(`${second.told}${second.log}`.includes(pair.secretAccessKey));
  assert.equal(JSON.parse(readFileSync(at.credentials, 'utf8')), pair);
});

serve('takes the key pair of the environment and then keeps none', async () => {
  using at = place();
  const env = { LOGSTORE_ACCESS_KEY: 'of-environment', LOGSTORE_SECRET_KEY: 'secret-of-it' };
  await using server = await Served.start(['--dir', at.dir], env);
  assert.not.ok(existsSync(at.credentials));
  const made = await logstore(['mb', 'bucket', '--endpoint', server.url], { env });
  assert.is(made.code, 0, made.stderr);
  const wrong = { ...env, LOGSTORE_SECRET_KEY: 'another-secret' };
  const refused = await logstore(['ls', '--endpoint', server.url], { env: wrong });
  assert.is(refused.code, 4);
  assert.match(refused.stderr, /SignatureDoesNotMatch/);
});

serve('refuses credentials that others may read, with the command that helps', async () => {
  using at = place();
  mkdirSync(at.dir);
  writeFileSync(at.credentials, '{"accessKeyId": "mine", "secretAccessKey": "very-secret"}');
  chmodSync(at.credentials, 0o644);
  const { code, stderr } = await logstore(['serve', '--port', '0', '--dir', at.dir]);
  assert.is(code, 1);
  assert.ok(stderr.includes(`chmod 600 '${at.credentials}'`), stderr);
  chmodSync(at.credentials, 0o600);
  await using server = await Served.start(['--dir', at.dir]);
  assert.is.not(server.url, '', server.told);
});

serve('faults 71: a second server is refused and names the first, which goes on', async () => {
  using at = place();
  // A ledger would write meanwhile.
  await using first = await Served.start(['--dir', at.dir, '--ledger', 'off']);
  await putInto(first, at, 'box/k');
  const before = readdirSync(at.dir, { recursive: true, encoding: 'utf8' }).sort();
  const second = await logstore(['serve', '--port', '0', '--dir', at.dir]);
  assert.is(second.code, 3);
  assert.ok(second.stderr.includes(String(first.pid)), second.stderr);
  assert.equal(readdirSync(at.dir, { recursive: true, encoding: 'utf8' }).sort(), before);
  const direct = await logstore(['ls', '--dir', at.dir]);
  assert.is(direct.code, 3);
  assert.match(direct.stderr, /--endpoint/);
  assert.is(await readFrom(first, at, 'box/k'), 'the bytes of the file');
});

serve('faults 72: after kill -9 the next start takes over at once, with all of it', async () => {
  using at = place();
  await using first = await Served.start(['--dir', at.dir]);
  await putInto(first, at, 'box/k');
  await first.end('SIGKILL');
  await using second = await Served.start(['--dir', at.dir]);
  assert.is(await readFrom(second, at, 'box/k'), 'the bytes of the file');
});

serve('faults 73: a paused owner keeps its store, and goes on when it is woken', async () => {
  using at = place();
  await using paused = await Served.start(['--dir', at.dir]);
  paused.child.kill('SIGSTOP');
  const second = await logstore(['serve', '--port', '0', '--dir', at.dir]);
  assert.is(second.code, 3, second.stderr);
  paused.child.kill('SIGCONT');
  await putInto(paused, at, 'box/k');
  assert.is(await readFrom(paused, at, 'box/k'), 'the bytes of the file');
});

serve('faults 108: no store is made among other things, nor where one was expected', async () => {
  using at = place();
  mkdirSync(at.dir);
  const expecting = await logstore(['serve', '--port', '0', '--dir', at.dir, '--create', 'no']);
  assert.is(expecting.code, 4);
  assert.match(expecting.stderr, /there is no store/);
  assert.equal(readdirSync(at.dir), []);

  writeFileSync(join(at.dir, 'thesis.txt'), 'years of work');
  const foreign = await logstore(['serve', '--port', '0', '--dir', at.dir]);
  assert.is(foreign.code, 4);
  assert.match(foreign.stderr, /thesis\.txt/);
  assert.equal(readdirSync(at.dir), ['thesis.txt']);
});

serve('a port that is taken is said so, with exit code 4, and the store stays whole', async () => {
  using at = place();
  const taken = createServer();
  const port = await new Promise<number>((resolve) => {
    taken.listen(0, '127.0.0.1', () => {
      const address = taken.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  try {
    const { code, stderr } = await logstore(['serve', '--dir', at.dir, '--port', String(port)]);
    assert.is(code, 4);
    assert.match(stderr, new RegExp(`port ${port}.*--port`));
  } finally {
    taken.close();
  }
  await using server = await Served.start(['--dir', at.dir]);
  assert.is.not(server.url, '', server.told);
});

serve('settings of a file, of the environment and of flags reach the server', async () => {
  using at = place();
  const config = join(at.dir, '..', 'store.json');
  writeFileSync(config, JSON.stringify({ dir: at.dir, region: 'of-file', port: 1 }));
  await using server = await Served.start([], { LOGSTORE_CONFIG: config });
  assert.is.not(server.url, '', server.told);
  const target = ['--endpoint', server.url, '--credentials', at.credentials];
  assert.is((await logstore(['ls', ...target, '--region', 'of-file'])).code, 0);
  const other = await logstore(['ls', ...target, '--region', 'elsewhere']);
  assert.is(other.code, 4);

  writeFileSync(config, JSON.stringify({ prot: 1 }));
  const wrong = await logstore(['serve', '--config', config]);
  assert.is(wrong.code, 1);
  assert.ok(wrong.stderr.includes(`${config}: there is no setting 'prot'`), wrong.stderr);
});

serve.run();
