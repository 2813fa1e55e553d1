import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openStore } from '../../src/open-store.js';
import type { Store } from '../../src/store/types.js';
import { logstore, Served } from './logstore-process.js';
import { place } from './served-place.js';

const MiB = 1024 ** 2;
const env = { LOGSTORE_ACCESS_KEY: 'of-the-test', LOGSTORE_SECRET_KEY: 'secret-of-it' };

interface Bench extends AsyncDisposable {
  /** A directory for files of the test. */
  readonly path: string;
  /** Runs a command on the store. */
  run(...args: string[]): ReturnType<typeof logstore>;
  runWith(input: Uint8Array, ...args: string[]): ReturnType<typeof logstore>;
}

type Prepare = (store: Store) => Promise<unknown>;
const nothing: Prepare = async () => undefined;

async function storeWith(dir: string, prepare: Prepare): Promise<void> {
  await using store = await openStore({ dir });
  await store.createBucket('bucket');
  await prepare(store);
}

async function onStoppedStore(prepare: Prepare): Promise<Bench> {
  const at = place();
  await storeWith(at.dir, prepare);
  const runWith = (input: Uint8Array, ...args: string[]) =>
    logstore([...args, '--dir', at.dir], { env, input });
  return {
    path: dirname(at.dir),
    run: (...args) => runWith(Buffer.of(), ...args),
    runWith,
    [Symbol.asyncDispose]: async () => at[Symbol.dispose](),
  };
}

async function onRunningServer(prepare: Prepare): Promise<Bench> {
  const at = place();
  await storeWith(at.dir, prepare);
  const server = await Served.start(['--dir', at.dir], env);
  const runWith = (input: Uint8Array, ...args: string[]) =>
    logstore([...args, '--endpoint', server.url], { env, input });
  return {
    path: dirname(at.dir),
    run: (...args) => runWith(Buffer.of(), ...args),
    runWith,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      at[Symbol.dispose]();
    },
  };
}

function lines(output: Buffer): unknown[] {
  const text = output.toString().trimEnd();
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line));
}

for (const [where, open] of [
  ['a stopped store', onStoppedStore],
  ['a running server', onRunningServer],
] as const) {
  const commands = suite(`commands on ${where}`);

  commands('what was put is listed, shown, fetched and removed', async () => {
    await using bench = await open(nothing);
    const { path, run } = bench;
    const file = join(path, 'cat.jpg');
    writeFileSync(file, 'meow');
    const md5 = createHash('md5').update('meow').digest('hex');

    const stored = await run(
      'put',
      'bucket/2026/cat 1+1.jpg',
      file,
      '--json',
      '--content-type',
      'image/jpeg',
    );
    assert.is(stored.code, 0, stored.stderr);
    assert.equal(lines(stored.stdout), [
      { bucket: 'bucket', key: '2026/cat 1+1.jpg', sizeBytes: 4, etag: md5 },
    ]);
    assert.is((await run('put', 'bucket/top', file)).code, 0);

    const listed = lines((await run('ls', 'bucket', '--json')).stdout);
    assert.is(listed.length, 2);
    assert.ok(JSON.stringify(listed).includes('{"prefix":"2026/"}'), JSON.stringify(listed));
    const all = lines((await run('ls', 'bucket', '--recursive', '--json')).stdout);
    assert.equal(
      all.map((entry) => Object(entry).key),
      ['2026/cat 1+1.jpg', 'top'],
    );
    assert.is(Object(all[0]).etag, md5);
    assert.match(
      (await run('ls', 'bucket/2026/')).stdout.toString(),
      / 4 {2}2026\/cat 1\+1\.jpg\n$/,
    );
    assert.match((await run('ls')).stdout.toString(), /Z {2}bucket\n$/);

    const [shown] = lines((await run('stat', 'bucket/2026/cat 1+1.jpg', '--json')).stdout);
    assert.is(Object(shown).contentType, 'image/jpeg');
    assert.is(Object(shown).sizeBytes, 4);

    assert.is((await run('get', 'bucket/top')).stdout.toString(), 'meow');
    const copy = join(path, 'copy');
    writeFileSync(copy, 'older and longer');
    assert.is((await run('get', 'bucket/top', copy)).code, 0);
    assert.is(readFileSync(copy, 'utf8'), 'meow');

    const removed = await run('rm', 'bucket/2026/cat 1+1.jpg', 'bucket/top');
    assert.is(removed.code, 0, removed.stderr);
    assert.is((await run('rb', 'bucket')).code, 0);
    assert.is((await run('ls')).stdout.toString(), '');
    assert.is((await run('mb', 'bucket')).code, 0);
  });

  commands('a large body goes through a pipe both ways, byte for byte', async () => {
    await using bench = await open(nothing);
    const body = randomBytes(37 * MiB + 11); // two parts of 16 MiB and a rest
    const stored = await bench.runWith(body, 'put', 'bucket/large', '-');
    assert.is(stored.code, 0, stored.stderr);
    const fetched = await bench.run('get', 'bucket/large');
    assert.is(fetched.code, 0, fetched.stderr);
    assert.ok(body.equals(fetched.stdout), 'the same bytes');
  });

  commands('an empty body is an object too, and keys may hold anything', async () => {
    await using bench = await open(nothing);
    const key = 'bucket/a b//c/../%2e?#&=é日\u0001';
    const stored = await bench.run('put', key, '-');
    assert.is(stored.code, 0, stored.stderr);
    assert.is((await bench.run('get', key)).stdout.length, 0);
    const [entry] = lines((await bench.run('ls', 'bucket', '-r', '--json')).stdout);
    assert.is(`bucket/${Object(entry).key}`, key);
  });

  commands('a listing of several pages shows each key once, in order', async () => {
    const keys = Array.from({ length: 2_345 }, (_, index) => `key-${10_000 + index}`);
    await using bench = await open((store) =>
      Promise.all(keys.map((key) => store.put('bucket', key, Buffer.from(key)))),
    );
    const all = lines((await bench.run('ls', 'bucket', '-r', '--json')).stdout);
    assert.equal(
      all.map((entry) => Object(entry).key),
      keys,
    );
  });

  commands('what is not there ends with 4, and leaves no file behind', async () => {
    await using bench = await open(nothing);
    const target = join(bench.path, 'out');
    mkdirSync(target);
    for (const args of [
      ['get', 'bucket/none', join(target, 'none')],
      ['stat', 'bucket/none'],
      ['ls', 'no-such-bucket'],
      ['put', 'no-such-bucket/key', join(bench.path, 'file')],
      ['put', 'bucket/key', join(bench.path, 'no such file')],
      ['rb', 'no-such-bucket'],
    ]) {
      const { code, stderr, stdout } = await bench.run(...args);
      assert.is(code, 4, `${args.join(' ')}: ${stderr}`);
      assert.match(stderr, /^logstore: \S.*\n$/);
      assert.is(stdout.length, 0);
    }
    assert.equal(readdirSync(target), []);
    const told = await bench.run('stat', 'bucket/none', '--json');
    assert.is(Object(lines(Buffer.from(told.stderr))[0]).error.code, 'NO_SUCH_KEY');
  });

  commands('a bucket with objects is not removed, nor made twice', async () => {
    await using bench = await open(nothing);
    assert.is((await bench.run('put', 'bucket/key', '-')).code, 0);
    assert.is((await bench.run('rb', 'bucket')).code, 4);
    assert.is((await bench.run('put', '--create-bucket', 'bucket/key', '-')).code, 0);
    assert.is((await bench.run('get', 'bucket/key', '/dev/null')).code, 0);
    assert.not.ok(readdirSync('/dev').some((name) => name.startsWith('null.')));
  });

  commands.run();
}

const usage = suite('usage of the command');

usage('without a command it helps, and ends with 1', async () => {
  const { code, stderr } = await logstore([]);
  assert.is(code, 1);
  assert.match(stderr, /Usage: logstore/);
  const names = 'serve replay verify repair put get ls rm stat mb rb'.split(' ');
  for (const name of names) {
    const help = await logstore([name, '--help']);
    assert.is(help.code, 0, name);
    assert.match(help.stdout.toString(), /Examples:\n {2}\S/, name);
  }
});

usage('it tells its version', async () => {
  const { code, stdout } = await logstore(['--version']);
  assert.is(code, 0);
  assert.match(stdout.toString(), /^\d+\.\d+\.\d+\n$/);
});

usage('what makes no sense ends with 1 and changes nothing', async () => {
  using at = place();
  for (const args of [
    ['frobnicate'],
    ['serve', '--port', 'many'],
    ['serve', '--no-such-flag'],
    ['put', 'bucket', '-', '--dir', at.dir],
    ['rm', 'b/k', 'bucket', '--dir', at.dir],
    ['get', 'no-key', '--dir', at.dir],
    ['ls', '--dir', at.dir, '--endpoint', 'http://127.0.0.1:1'],
    ['ls', '--endpoint', 'ftp://127.0.0.1'],
    ['ls', '--endpoint', 'http://127.0.0.1:1'], // no key pair
  ]) {
    const { code, stderr } = await logstore(args);
    assert.is(code, 1, `${args.join(' ')}: ${stderr}`);
    assert.is.not(stderr, '');
    assert.not.ok(existsSync(at.dir));
  }
});

usage('reading where no store is makes none', async () => {
  using at = place();
  for (const args of [
    ['ls'],
    ['get', 'b/k'],
    ['stat', 'b/k'],
    ['rm', 'b/k'],
    ['verify'],
    ['replay'],
    ['repair'],
  ]) {
    const { code, stderr } = await logstore([...args, '--dir', at.dir]);
    assert.is(code, 4, `${args.join(' ')}: ${stderr}`);
    assert.not.ok(existsSync(at.dir), args.join(' '));
  }
});

usage('a server that does not answer ends with 4', async () => {
  const { code, stderr } = await logstore(['ls', '--endpoint', 'http://127.0.0.1:1'], { env });
  assert.is(code, 4);
  assert.match(stderr, /ECONNREFUSED/);
});

usage.run();
