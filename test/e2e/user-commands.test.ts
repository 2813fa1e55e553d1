import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Credentials } from '../../src/auth/credentials.js';
import { temporaryDirectory } from '../unit/host/temporary-directory.js';
import { logstore, Served } from './logstore-process.js';
import { failureOf } from './s3-place.js';

const commands = suite('logstore user and policy');
const env = { LOGSTORE_ACCESS_KEY: 'of-the-test', LOGSTORE_SECRET_KEY: 'secret-of-it' };

function runsAt(target: readonly string[]) {
  const run = async (...words: string[]) => logstore([...words, ...target], { env });
  const json = async (...words: string[]) => {
    const { code, stdout, stderr } = await run(...words, '--json');
    assert.is(code, 0, stderr);
    return JSON.parse(stdout.toString());
  };
  const fails = async (code: number, ...words: string[]) => {
    const ended = await run(...words);
    assert.is(ended.code, code, ended.stderr);
    return ended.stderr;
  };
  return { run, json, fails };
}

for (const running of [false, true])
  commands(
    `make, change and remove users of a ${running ? 'running server' : 'stopped store'}`,
    async () => {
      using directory = temporaryDirectory();
      const dir = join(directory.path, 'store');
      assert.is((await logstore(['mb', 'bucket', '--dir', dir], { env })).code, 0);
      const server = running ? await Served.start(['--dir', dir], env) : undefined;
      const target = server === undefined ? ['--dir', dir] : ['--endpoint', server.url];
      const { run, json, fails } = runsAt(target);
      const policy = join(directory.path, 'photos.json');
      const Statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
      writeFileSync(policy, JSON.stringify({ Version: '2012-10-17', Statement }));

      await json('policy', 'set', 'photos', policy);
      const made = await json('user', 'add', 'alice', '--policy', 'photos', '--display-name', 'Al');
      assert.is(made.user.displayName, 'Al');
      assert.equal(made.user.policies, ['photos']);
      assert.is(made.credentials.secretAccessKey.length, 40);
      assert.match(await fails(4, 'user', 'add', 'alice'), 'there is a user');
      await fails(1, 'user', 'add', 'no/name');
      await fails(4, 'user', 'add', 'bob', '--policy', 'nothing');
      const listed = (await run('user', 'list')).stdout.toString();
      assert.match(
        listed,
        /^alice {2}enabled {2}id [0-9a-f]{64} {2}shown as Al {2}policies photos/,
      );
      assert.not.match(listed, made.credentials.secretAccessKey);

      assert.is((await json('user', 'disable', 'alice')).enabled, false);
      assert.is((await json('user', 'enable', 'alice')).enabled, true);
      assert.is((await json('user', 'rotate', 'alice', '--keep-old')).user.keys.length, 2);
      assert.is((await json('user', 'rotate', 'alice')).user.keys.length, 1);
      assert.equal((await json('policy', 'attach', 'readonly', 'alice')).policies.length, 2);
      await fails(4, 'policy', 'rm', 'photos');
      assert.equal((await json('policy', 'detach', 'photos', 'alice')).policies, ['readonly']);
      assert.match((await run('policy', 'show', 'photos')).stdout.toString(), 's3:GetObject');
      await json('policy', 'rm', 'photos');
      assert.match((await run('policy', 'list')).stdout.toString(), 'own-buckets (built in)');
      await json('user', 'rm', 'alice');
      await fails(4, 'user', 'rm', 'alice');
      assert.is((await run('user', 'list')).stdout.toString(), '');
      assert.is(statSync(`${dir}-keys.json`).mode & 0o777, 0o600);
      await server?.end('SIGTERM');
    },
  );

commands('users are there after a kill, with a key pair of one’s own', async () => {
  using directory = temporaryDirectory();
  const dir = join(directory.path, 'store');
  const pair = join(directory.path, 'pair.json');
  const credentials: Credentials = { accessKeyId: 'CHOSEN', secretAccessKey: 'chosen-secret' };
  writeFileSync(pair, JSON.stringify(credentials), { mode: 0o600 });
  const first = await Served.start(['--dir', dir], env);
  const { fails, json } = runsAt(['--endpoint', first.url]);
  const add = ['user', 'add', 'carol', '--policy', 'own-buckets', '--key-pair', pair];
  chmodSync(pair, 0o644);
  assert.match(await fails(1, ...add), 'others may use it');
  chmodSync(pair, 0o600);
  await json(...add);
  await first.end('SIGKILL');

  const again = await Served.start(['--dir', dir], env);
  const config = { endpoint: again.url, region: 'us-east-1', forcePathStyle: true };
  const client = new S3Client({ ...config, credentials });
  const { Owner } = await client.send(new ListBucketsCommand({}));
  assert.is(Owner?.DisplayName, 'carol');
  const wrong = new S3Client({
    ...config,
    credentials: { ...credentials, secretAccessKey: 'another-secret' },
  });
  assert.is(await failureOf(wrong.send(new ListBucketsCommand({}))), 'SignatureDoesNotMatch');
  for (const each of [client, wrong]) each.destroy();
  await again.end('SIGTERM');
});

commands('a server without the key of users’ secrets says so and does not start', async () => {
  using directory = temporaryDirectory();
  const dir = join(directory.path, 'store');
  await logstore(['mb', 'bucket', '--dir', dir], { env });
  await logstore(['user', 'add', 'dora', '--dir', dir], { env });
  const elsewhere = ['--encryption-key-file', join(directory.path, 'other.json')];
  const { code, stderr } = await logstore(['serve', '--dir', dir, '--port', '0', ...elsewhere], {
    env,
  });
  assert.is(code, 1);
  assert.match(stderr, "the secret of user 'dora'");
});

commands.run();
