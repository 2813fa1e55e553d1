import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError, LogStoreError } from '../../../src/base/errors.js';
import { refuseNetwork } from '../../../src/host/data-lock.js';
import { nodeHost } from '../../../src/host/node-host.js';
import { temporaryDirectory } from './temporary-directory.js';

const it = suite('data lock');

async function refusalOf(action: () => unknown): Promise<LogStoreError> {
  try {
    await action();
  } catch (error) {
    assert.instance(error, LogStoreError);
    return error as LogStoreError;
  }
  throw new Error('the lock was not refused');
}

/** Another process that takes the lock of the tree at `root` and keeps it. */
async function otherHolder(root: string): Promise<ChildProcess> {
  const host = JSON.stringify(new URL('../../../src/host/node-host.js', import.meta.url).href);
  const program = `import { nodeHost } from ${host};
    const lock = await nodeHost(${JSON.stringify(root)}).disk.lock('LOCK', '{"pid":"other"}');
    console.log('held');
    setInterval(() => lock, 1000);`;
  const node = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(node.stdout, 'data');
  assert.match(String(said), 'held');
  return node;
}

it('faults 71: a second process is refused, told the holder, and changes nothing', async () => {
  using directory = temporaryDirectory();
  const { disk } = nodeHost(directory.path);
  const other = await otherHolder(directory.path);
  try {
    const refusal = await refusalOf(() => disk.lock('LOCK', '{"pid":"me"}'));
    assert.is(refusal.code, 'LOCKED');
    assert.match(refusal.message, '{"pid":"other"}');
    assert.is(readFileSync(join(directory.path, 'LOCK'), 'utf8'), '{"pid":"other"}');
  } finally {
    other.kill('SIGKILL');
    await once(other, 'exit');
  }
});

it('faults 72: the lock of a killed process is free at once', async () => {
  using directory = temporaryDirectory();
  const { disk } = nodeHost(directory.path);
  const other = await otherHolder(directory.path);
  other.kill('SIGKILL');
  await once(other, 'exit');
  const lock = await disk.lock('LOCK', 'me');
  assert.is(readFileSync(join(directory.path, 'LOCK'), 'utf8'), 'me');
  await lock.release();
});

it('faults 73: a stopped process keeps its lock', async () => {
  using directory = temporaryDirectory();
  const { disk } = nodeHost(directory.path);
  const other = await otherHolder(directory.path);
  try {
    other.kill('SIGSTOP');
    assert.is((await refusalOf(() => disk.lock('LOCK', 'me'))).code, 'LOCKED');
  } finally {
    other.kill('SIGKILL');
    await once(other, 'exit');
  }
});

it('refuses a second open in the same process until the first is released', async () => {
  using directory = temporaryDirectory();
  const { disk } = nodeHost(directory.path);
  const lock = await disk.lock('LOCK', 'first');
  const refusal = await refusalOf(() => disk.lock('LOCK', 'second'));
  assert.ok(isLogStoreError(refusal, 'LOCKED'));
  assert.match(refusal.message, 'first');
  await lock.release();
  await lock.release();
  await (await disk.lock('LOCK', 'second')).release();
});

it('leaves no word of a longer text that stood in the file before', async () => {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, 'LOCK'), 'a much longer text of a holder long gone');
  const lock = await nodeHost(directory.path).disk.lock('LOCK', 'short');
  assert.is(readFileSync(join(directory.path, 'LOCK'), 'utf8'), 'short');
  await lock.release();
});

it('faults 73: refuses network file systems by name and takes local ones', async () => {
  for (const [type, name] of [
    [0x6969, 'NFS'],
    [0xff534d42, 'CIFS'],
    [0xff534d42 | 0, 'CIFS'], // as a kernel with 32-bit words sign-extends it
    [0x00c36400, 'Ceph'],
  ] as const) {
    const refusal = await refusalOf(() => refuseNetwork('/data', type));
    assert.is(refusal.code, 'UNSUPPORTED_FILE_SYSTEM');
    assert.match(refusal.message, name);
  }
  for (const local of [0xef53, 0x58465342, 0x01021994, 0x65735546]) refuseNetwork('/data', local);
});

it.run();
