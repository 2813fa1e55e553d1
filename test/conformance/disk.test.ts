import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errnoOf, isLogStoreError } from '../../src/base/errors.js';
import type { Disk } from '../../src/base/host.js';
import { InvariantError } from '../../src/base/invariant.js';
import { nodeHost } from '../../src/host/node-host.js';
import { failureOf } from '../failure-of.js';
import { SimulatedWorld } from '../sim/simulated-host.js';

async function errnoFrom(work: Promise<unknown>): Promise<string | undefined> {
  return errnoOf(await failureOf(work));
}

/** What every Disk promises; `on` runs an action against an empty one. */
function diskConformance(
  name: string,
  on: (action: (disk: Disk) => Promise<void>) => Promise<void>,
) {
  const it = suite(`disk: ${name}`);
  const promises = (sentence: string, action: (disk: Disk) => Promise<void>) =>
    it(sentence, () => on(action));

  promises('reads what was written, short only at the end, zeros in a gap', async (disk) => {
    const file = await disk.open('a', 'create');
    await file.write(2, [Buffer.from('ab'), Buffer.alloc(0), Buffer.from('c')]);
    await file.write(5000, [Buffer.from('z')]);
    const into = new Uint8Array(6000).fill(9);
    assert.is(await file.read(into, 0), 5001);
    assert.equal(into.subarray(0, 6), Uint8Array.from([0, 0, 97, 98, 99, 0]));
    assert.is(into[5000], 122);
    assert.is(into[5001], 9);
    assert.is(await file.read(into, 5001), 0);
    assert.is(await file.read(into, 9000), 0);
    await file.write(0, []);
    assert.is(await file.sizeBytes(), 5001);
    await file.close();
  });

  promises('cuts, and grows again by zeros', async (disk) => {
    const file = await disk.open('a', 'create');
    await file.write(0, [Buffer.alloc(5000, 1)]);
    await file.truncate(4500);
    await file.truncate(5000);
    const into = new Uint8Array(5000);
    assert.is(await file.read(into, 0), 5000);
    assert.equal(Buffer.from(into), Buffer.concat([Buffer.alloc(4500, 1), Buffer.alloc(500)]));
    await file.close();
  });

  promises('opens only what the mode allows', async (disk) => {
    await (await disk.open('there', 'create')).close();
    assert.is(await errnoFrom(disk.open('there', 'create')), 'EEXIST');
    assert.is(await errnoFrom(disk.open('gone', 'read')), 'ENOENT');
    assert.is(await errnoFrom(disk.open('gone', 'write')), 'ENOENT');
    assert.is(await errnoFrom(disk.open('gone/a', 'create')), 'ENOENT');
    assert.is(await errnoFrom(disk.open('there/a', 'create')), 'ENOTDIR');
    const file = await disk.open('there', 'read');
    assert.is(await errnoFrom(file.write(0, [Buffer.from('x')])), 'EBADF');
    await file.close();
  });

  promises('closes twice without harm, and does nothing afterwards', async (disk) => {
    const file = await disk.open('a', 'create');
    await file.close();
    await file.close();
    assert.instance(await failureOf(file.read(new Uint8Array(1), 0)), InvariantError);
    assert.instance(await failureOf(file.write(0, [new Uint8Array(1)])), InvariantError);
    assert.instance(await failureOf(file.sync()), InvariantError);
  });

  promises('keeps an open file when its name goes', async (disk) => {
    const file = await disk.open('a', 'create');
    await file.write(0, [Buffer.from('x')]);
    await disk.unlink('a');
    assert.is(await disk.sizeBytes('a'), undefined);
    assert.is(await file.read(new Uint8Array(1), 0), 1);
    await file.sync();
    await file.close();
  });

  promises('renames over another file and into another directory', async (disk) => {
    await disk.makeDirectory('x/y');
    await disk.makeDirectory('x/y');
    const file = await disk.open('a', 'create');
    await file.write(0, [Buffer.from('abc')]);
    await file.close();
    await (await disk.open('x/y/b', 'create')).close();
    await disk.rename('a', 'x/y/b');
    await disk.syncDirectory('x/y');
    await disk.syncDirectory('');
    assert.equal(await disk.list(''), ['x']);
    assert.equal(await disk.list('x/y'), ['b']);
    assert.is(await disk.sizeBytes('x/y/b'), 3);
    assert.is(await disk.sizeBytes('x/y'), undefined);
  });

  promises('names what is missing', async (disk) => {
    await (await disk.open('file', 'create')).close();
    assert.is(await errnoFrom(disk.list('gone')), 'ENOENT');
    assert.is(await errnoFrom(disk.list('file')), 'ENOTDIR');
    assert.is(await errnoFrom(disk.unlink('gone')), 'ENOENT');
    assert.is(await errnoFrom(disk.rename('gone', 'a')), 'ENOENT');
    assert.is(await errnoFrom(disk.syncDirectory('gone')), 'ENOENT');
    assert.is(await errnoFrom(disk.syncDirectory('file')), 'ENOTDIR');
    assert.is(await errnoFrom(disk.makeDirectory('file')), 'EEXIST');
    assert.is(await disk.sizeBytes('gone'), undefined);
  });

  promises('stays below its root', async (disk) => {
    for (const path of ['../a', '/a', 'a/../b', 'a//b', 'a/', '.', 'a\0'])
      assert.instance(await failureOf(disk.open(path, 'create')), InvariantError, path);
  });

  promises('has one holder of its lock, by the name it gave', async (disk) => {
    const lock = await disk.lock('LOCK', '{"pid":1}');
    const refusal = await failureOf(disk.lock('LOCK', '{"pid":2}'));
    assert.ok(isLogStoreError(refusal, 'LOCKED'));
    assert.match(String(refusal), '{"pid":1}');
    assert.is(await disk.sizeBytes('LOCK'), 9);
    await lock.release();
    await lock.release();
    await (await disk.lock('LOCK', '{"pid":2}')).release();
  });

  promises('knows its size and what is free', async (disk) => {
    const { freeBytes, totalBytes } = await disk.space();
    assert.ok(freeBytes > 0 && freeBytes <= totalBytes);
  });

  it.run();
}

diskConformance('node', async (action) => {
  const root = mkdtempSync(join(tmpdir(), 'logstore-test-'));
  try {
    await action(nodeHost(root).disk);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

diskConformance('simulated', async (action) => {
  const world = new SimulatedWorld(1);
  await world.run(action(world.disk));
});
