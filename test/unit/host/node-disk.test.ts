import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errnoOf } from '../../../src/base/errors.js';
import type { Disk } from '../../../src/base/host.js';
import { InvariantError } from '../../../src/base/invariant.js';
import { nodeHost } from '../../../src/host/node-host.js';
import { failureOf } from '../../failure-of.js';
import { temporaryDirectory } from './temporary-directory.js';

const it = suite('node disk');

function diskAt(path: string): Disk {
  return nodeHost(path).disk;
}

it('writes more parts than one system call takes', async () => {
  using directory = temporaryDirectory();
  const file = await diskAt(directory.path).open('many', 'create');
  const parts = Array.from({ length: 3000 }, (_, index) => Buffer.from([index & 0xff]));
  await file.write(1, parts);
  const into = new Uint8Array(3001);
  assert.is(await file.read(into, 0), 3001);
  assert.equal(Buffer.from(into), Buffer.concat([Buffer.alloc(1), ...parts]));
  await file.close();
});

it('makes files and directories that others cannot read', async () => {
  using directory = temporaryDirectory();
  const disk = diskAt(join(directory.path, 'root'));
  await disk.makeDirectory('');
  await disk.makeDirectory('x/y');
  await disk.makeDirectory('x/y');
  await (await disk.open('x/y/f', 'create')).close();
  assert.is(statSync(join(directory.path, 'root')).mode & 0o777, 0o700);
  assert.is(statSync(join(directory.path, 'root/x/y')).mode & 0o777, 0o700);
  assert.is(statSync(join(directory.path, 'root/x/y/f')).mode & 0o777, 0o600);
  await disk.syncDirectory('x/y');
  await disk.syncDirectory('');
});

it('faults 34: syncs the parents of a root that it makes', () => {
  if (spawnSync('strace', ['-V']).status !== 0) {
    console.log('SKIPPED: strace is missing, so the sync of the parents of the root is not seen');
    return;
  }
  using directory = temporaryDirectory();
  const root = join(directory.path, 'p/q/root');
  const host = JSON.stringify(new URL('../../../src/host/node-host.js', import.meta.url).href);
  const program = `import { nodeHost } from ${host};
    await nodeHost(${JSON.stringify(root)}).disk.makeDirectory('');`;
  const node = [process.execPath, '--input-type=module', '-e', program];
  const traced = spawnSync('strace', ['-f', '-y', '-e', 'trace=fsync,fdatasync', ...node]);
  const synced = [...traced.stderr.toString().matchAll(/fsync\(\d+<(.*?)>/g)].map((at) => at[1]);
  assert.is(traced.status, 0, traced.stderr.toString());
  const { path } = directory;
  assert.equal(synced, [join(path, 'p/q'), join(path, 'p'), path]);
});

it('closes once, after the calls under way, and serves nothing afterwards', async () => {
  using directory = temporaryDirectory();
  const file = await diskAt(directory.path).open('a', 'create');
  const writing = file.write(0, [Buffer.alloc(1 << 20, 7)]);
  await Promise.all([file.close(), file.close(), writing]);
  assert.is(statSync(join(directory.path, 'a')).size, 1 << 20);
  assert.instance(await failureOf(file.read(new Uint8Array(1), 0)), InvariantError);
  await file.close();
});

it('faults 23: after a failed sync nothing more is written, synced or cut, but read', async () => {
  using directory = temporaryDirectory();
  symlinkSync('/dev/zero', join(directory.path, 'unsyncable')); // its fdatasync fails: EINVAL
  const file = await diskAt(directory.path).open('unsyncable', 'write');
  const failure = await failureOf(file.sync());
  assert.is(errnoOf(failure), 'EINVAL');
  assert.is(await failureOf(file.sync()), failure);
  assert.is(await failureOf(file.write(0, [Buffer.from('x')])), failure);
  assert.is(await failureOf(file.truncate(0)), failure);
  assert.is(await file.read(new Uint8Array(10), 0), 10);
  await file.close();
});

it('faults 38: raises ENOSPC where the system takes nothing', async () => {
  using directory = temporaryDirectory();
  symlinkSync('/dev/full', join(directory.path, 'full'));
  const file = await diskAt(directory.path).open('full', 'write');
  assert.is(errnoOf(await failureOf(file.write(0, [Buffer.alloc(10)]))), 'ENOSPC');
  await file.close();
});

it('faults 38: raises ENOSPC where the system takes a part and says nothing', async () => {
  using directory = temporaryDirectory();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory.path]);
  if (mounted.status !== 0) {
    console.log('SKIPPED: cannot mount a small tmpfs, so a full disk is not tried');
    return;
  }
  try {
    const disk = diskAt(directory.path);
    const file = await disk.open('a', 'create');
    await file.write(0, [Buffer.alloc(1 << 19)]);
    const parts = [Buffer.alloc(1 << 18, 1), Buffer.alloc(1 << 19, 2)];
    assert.is(errnoOf(await failureOf(file.write(1 << 19, parts))), 'ENOSPC');
    assert.is(await file.sizeBytes(), 1 << 20); // a part is there: the caller must void it
    await file.truncate(1 << 19);
    await file.write(1 << 19, [Buffer.alloc(1 << 18, 3)]); // space came back
    await file.close();
  } finally {
    execFileSync('umount', [directory.path]);
  }
});

it('faults 42: raises EFBIG beyond the size a file may have', () => {
  using directory = temporaryDirectory();
  const host = JSON.stringify(new URL('../../../src/host/node-host.js', import.meta.url).href);
  const program = `import { nodeHost } from ${host};
    const file = await nodeHost(${JSON.stringify(directory.path)}).disk.open('a', 'create');
    await file.write(0, [Buffer.alloc(6000)]);
    await file.write(6000, [Buffer.alloc(6000)]).catch((error) => console.log(error.code));`;
  const node = [process.execPath, '--input-type=module', '-e', program];
  const child = spawnSync('bash', ['-c', 'ulimit -f 8; exec "$@"', 'bash', ...node]);
  assert.is(child.stdout.toString().trim(), 'EFBIG', `${child.signal} ${child.stderr}`);
  assert.ok(existsSync(join(directory.path, 'a')));
  assert.is(statSync(join(directory.path, 'a')).size, 8192);
});

it.run();
