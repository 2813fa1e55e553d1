import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openStore } from '../../src/open-store.js';
import { logstore } from './logstore-process.js';
import { place } from './served-place.js';

const keys = suite('logstore keys and lock-time');

keys(
  'a rotated key is written with, the one before still reads, and no key is in the store',
  async () => {
    using at = place();
    const { dir } = at;
    const put = async (key: string) => {
      await using store = await openStore({ dir });
      await store.createBucket('bucket').catch(() => undefined);
      await store.put('bucket', key, Buffer.from(key), { encryption: { by: 'store' } });
    };
    const ids = async (...args: string[]) => {
      const { code, stdout, stderr } = await logstore(['keys', ...args, '--dir', dir, '--json']);
      assert.is(code, 0, stderr);
      return (JSON.parse(stdout.toString()) as { readonly ids: readonly string[] }).ids;
    };
    assert.equal(await ids('list'), []);
    await put('first');
    const [one] = await ids('list');
    const [same, two] = await ids('rotate');
    assert.is(same, one);
    assert.is.not(two, one);
    await put('second');
    await using store = await openStore({ dir });
    for (const key of ['first', 'second']) {
      assert.is(Buffer.from(await store.getBytes('bucket', key)).toString(), key);
    }
    const file = `${dir}-keys.json`;
    assert.is(statSync(file).mode & 0o777, 0o600);
    const named = JSON.parse(readFileSync(file, 'utf8')) as { readonly keys: { id: string }[] };
    assert.equal(
      named.keys.map(({ id }) => id),
      [one, two],
    );
  },
);

keys('where keys were used and are gone, a user makes none', async () => {
  using at = place();
  const { dir } = at;
  {
    await using store = await openStore({ dir });
    await store.createBucket('bucket');
    await store.put('bucket', 'k', Buffer.from('k'), { encryption: { by: 'store' } });
  }
  const file = `${dir}-keys.json`;
  rmSync(file);
  const { code, stderr } = await logstore(['user', 'add', 'alice', '--dir', dir]);
  assert.is.not(code, 0);
  assert.match(stderr, 'objects are encrypted under the key');
  assert.not.ok(existsSync(file));
});

keys('a retired key leaves the file, and what it opened opens on, users among it', async () => {
  using at = place();
  const { dir } = at;
  const file = `${dir}-keys.json`;
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await logstore([...args, '--dir', dir, '--json']);
    assert.is(code, 0, stderr);
    return JSON.parse(stdout.toString()) as { ids: string[]; kept: string[]; before?: string };
  };
  const put = async (key: string) => {
    await using store = await openStore({ dir });
    await store.createBucket('bucket').catch(() => undefined);
    await store.put('bucket', key, Buffer.from(key), { encryption: { by: 'store' } });
  };
  await put('first');
  await run('user', 'add', 'alice');
  const [one = ''] = (await run('keys', 'rotate')).ids;
  await put('second');
  await run('keys', 'rotate'); // nothing is written under this one before it keeps the others
  const [, two = '', three] = (await run('keys', 'list')).ids;
  const former = readFileSync(file, 'utf8');
  const { kept, before = '' } = await run('keys', 'retire');
  assert.equal([...kept].sort(), [one, two].sort());
  assert.equal((await run('keys', 'list')).ids, [three]);
  assert.is(readFileSync(before, 'utf8'), former);
  assert.is(statSync(before).mode & 0o777, 0o600);
  assert.is((await run('keys', 'retire')).before, undefined);

  const reads = async () => {
    await using store = await openStore({ dir });
    for (const key of ['first', 'second']) {
      assert.is(Buffer.from(await store.getBytes('bucket', key)).toString(), key);
    }
  };
  await reads();
  await run('user', 'list'); // whose secrets are under the first key
  await put('third');
  // Once more: what was kept by a key that retires is kept by the newest then.
  await run('keys', 'rotate');
  assert.is((await run('keys', 'retire')).kept.length, 3);
  await reads();

  // An old file brought back makes its key the current one; the log forgets nothing for that.
  const newest = readFileSync(file);
  writeFileSync(file, JSON.stringify({ keys: JSON.parse(former).keys.slice(0, 1) }));
  await put('fourth');
  writeFileSync(file, newest);
  await reads();
});

keys(
  'a file that others may read is refused, and so is one that holds something else',
  async () => {
    using at = place();
    const { dir } = at;
    const file = `${dir}-named.json`;
    for (const [mode, text] of [
      [0o644, '{"keys":[]}'],
      [0o600, 'nothing'],
    ] as const) {
      writeFileSync(file, text);
      chmodSync(file, mode);
      const args = ['keys', 'list', '--dir', dir, '--encryption-key-file', file];
      const { code, stderr } = await logstore(args);
      assert.is(code, 1, stderr);
      assert.match(stderr, file);
    }
  },
);

keys('lock-time tells how far locks are behind, and takes the clock for right', async () => {
  using at = place();
  const { dir } = at;
  {
    await using store = await openStore({ dir });
    await store.createBucket('bucket', { objectLock: true });
  }
  for (const flags of [[], ['--confirm']]) {
    const { code, stdout, stderr } = await logstore(['lock-time', '--dir', dir, ...flags]);
    assert.is(code, 0, stderr);
    assert.match(stdout.toString(), /^locks end by \d{4}-.*Z; the clock of this machine says/);
  }
  await using store = await openStore({ dir });
  assert.is((await store.access.documents('clock')).length, 2);
});

keys.run();
