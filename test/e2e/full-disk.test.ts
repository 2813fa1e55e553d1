import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeHost } from '../../src/host/node-host.js';
import { verifyStore } from '../../src/store/verify.js';
import { temporaryDirectory } from '../unit/host/temporary-directory.js';
import { type S3Place, s3Place } from './s3-place.js';

const disk = suite('a full disk');
const mib = 1024 ** 2;
const bodyBytes = 300_000;

/** Settings of a store on a small file system of its own; undefined where none may be mounted. */
function smallVolume() {
  const directory = temporaryDirectory();
  const path = join(directory.path, 'small');
  mkdirSync(path);
  const options = ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', path];
  if (spawnSync('mount', options).status !== 0) {
    console.log('SKIPPED: no file system may be mounted here');
    directory[Symbol.dispose]();
    return undefined;
  }
  const dispose = () => {
    spawnSync('umount', ['-l', path]);
    directory[Symbol.dispose]();
  };
  const sizes = { segmentSize: '2MiB', reserveSize: '6MiB' };
  const settings = { dir: join(path, 'store'), ...sizes, parity: 'off' };
  return { path, settings, [Symbol.dispose]: dispose };
}

function bodyOf(key: string): Buffer {
  return createHash('shake128', { outputLength: bodyBytes }).update(key).digest();
}

async function put(at: S3Place, key: string): Promise<{ status: number; code: string }> {
  const body = bodyOf(key);
  const answer = await at.send({ method: 'PUT', target: `/bucket/${key}`, body });
  const code = /<Code>(\w+)<\/Code>/.exec(answer.body.toString())?.[1] ?? '';
  return { status: answer.status, code };
}

async function isWhole(at: S3Place, key: string): Promise<boolean> {
  const { status, body } = await at.send({ method: 'GET', target: `/bucket/${key}` });
  return status === 200 && body.equals(bodyOf(key));
}

/** Puts new keys until one is refused; returns the names of those taken. */
async function fill(at: S3Place, prefix: string): Promise<{ keys: string[]; refusal: string }> {
  const keys: string[] = [];
  for (let count = 0; count < 1_000; count++) {
    const key = `${prefix}-${count}`;
    const { status, code } = await put(at, key);
    if (status !== 200) return { keys, refusal: `${status} ${code}` };
    keys.push(key);
  }
  throw new Error('the disk is never full');
}

async function deleteAll(at: S3Place, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const { status } = await at.send({ method: 'DELETE', target: `/bucket/${key}` });
    assert.is(status, 204, `${key} can be deleted`);
  }
}

async function compactAll(at: S3Place): Promise<void> {
  const { status, body } = await at.send({ method: 'POST', target: '/_/compact?all' });
  assert.is(status, 200, body.toString());
  assert.ok(JSON.parse(body.toString().trimEnd().split('\n').at(-1) ?? '').report !== undefined);
}

disk(
  'faults 38, 40, 41: refuses data, takes deletes, compacts in its reserve, and goes on',
  async () => {
    using small = smallVolume();
    if (small === undefined) return;
    const { path, settings } = small;
    {
      await using at = await s3Place({ ...settings, compaction: 'manual' });
      await at.send({ method: 'PUT', target: '/bucket' });
      const first = await fill(at, 'first');
      assert.is(first.refusal, '507 InsufficientStorage');
      for (const key of first.keys) assert.ok(await isWhole(at, key), `${key} is whole`);
      // Somebody else takes what was kept in reserve, all but a little.
      const { space } = JSON.parse((await stats(at)).body.toString());
      writeFileSync(join(path, 'of-others'), new Uint8Array(space.freeBytes - 2.5 * mib));
      const gone = first.keys.splice(0, 40);
      await deleteAll(at, gone);
      await compactAll(at);
      const after = JSON.parse((await stats(at)).body.toString()).space;
      assert.ok(after.freeBytes > 8 * mib, `${after.freeBytes} bytes are free`);
      rmSync(join(path, 'of-others'));
      for (const key of first.keys) assert.ok(await isWhole(at, key), `${key} is whole`);
      for (const key of gone) assert.not.ok(await isWhole(at, key), `${key} is gone`);
      await untilTaken(at, 'again');
      const second = await fill(at, 'second');
      assert.ok(second.keys.length > 20, `${second.keys.length} more were taken`);
      await at.close();
    }
    const report = await verifyStore(nodeHost(settings.dir));
    assert.ok(report.sound, JSON.stringify(report.findings.slice(0, 3)));
  },
);

disk(
  'faults 38: overwritten without end it answers 503 while room is made, and never fills up',
  async () => {
    using small = smallVolume();
    if (small === undefined) return;
    const { settings } = small;
    await using at = await s3Place(settings);
    await at.send({ method: 'PUT', target: '/bucket' });
    const refusals = new Set<string>();
    for (let count = 0; count < 600; count++) {
      const { status, code } = await put(at, `key-${count % 20}`);
      if (status === 200) continue;
      refusals.add(`${status} ${code}`);
      await untilTaken(at, `key-${count % 20}`);
    }
    assert.ok(
      [...refusals].every((refusal) => refusal === '503 SlowDown'),
      [...refusals].join(),
    );
    for (let key = 0; key < 20; key++) assert.ok(await isWhole(at, `key-${key}`));
  },
);

function stats(at: S3Place) {
  return at.send({ method: 'GET', target: '/_/stats' });
}

/** As a client does that is told to try again. */
async function untilTaken(at: S3Place, key: string): Promise<void> {
  for (let tries = 0; tries < 10_000; tries++) if ((await put(at, key)).status === 200) return;
  throw new Error('the store takes no writes again');
}

disk.run();
