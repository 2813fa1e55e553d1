import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openStore } from '../../src/open-store.js';
import { logstore, Served } from './logstore-process.js';
import { place } from './served-place.js';

const damage = suite('damage, as the command tells of it');

const env = { LOGSTORE_ACCESS_KEY: 'of-damage', LOGSTORE_SECRET_KEY: 'secret-of-it' };
const marked = 'a run of bytes that stands in one object alone';

/** A stopped store with two objects of several records; one holds `marked` in its middle. */
async function twoObjects(dir: string): Promise<void> {
  await using store = await openStore({ dir });
  await store.createBucket('bucket');
  await store.put('bucket', 'whole', Buffer.alloc(600_000, 'w'));
  const body = Buffer.alloc(600_000, 'h');
  body.write(marked, 300_000);
  await store.put('bucket', 'hurt', body);
}

/** Flips one bit of the byte at which `text` begins, in whichever file of the log holds it. */
function flipBitAt(dir: string, text: string): string {
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    if (!name.startsWith('log/') || !name.endsWith('.seg')) continue;
    const bytes = readFileSync(join(dir, name));
    const at = bytes.indexOf(text);
    if (at === -1) continue;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(join(dir, name), bytes);
    return name;
  }
  throw new Error('no file holds it');
}

function contentsOf(dir: string): string {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => /\.\w+$/.test(name));
  return files.map((name) => `${name} ${readFileSync(join(dir, name), 'base64')}`).join('\n');
}

damage(
  'faults 110: verify changes nothing, names the damaged object, and ends with 2',
  async () => {
    using at = place();
    await twoObjects(at.dir);
    const sound = await logstore(['verify', '--dir', at.dir]);
    assert.is(sound.code, 0, sound.stdout.toString());
    assert.match(sound.stdout.toString(), /2 objects: sound\n$/);

    const file = flipBitAt(at.dir, marked);
    const before = contentsOf(at.dir);
    const found = await logstore(['verify', '--dir', at.dir]);
    assert.is(found.code, 2, found.stderr);
    const told = found.stdout.toString();
    assert.match(told, /damaged object: bucket\/hurt \(v\d+\)\n/);
    assert.not.match(told, /bucket\/whole/);
    assert.ok(told.includes(file), told);
    assert.is(contentsOf(at.dir), before);

    const json = await logstore(['verify', '--dir', at.dir, '--json']);
    assert.is(json.code, 2);
    const lines = json.stdout.toString().trim().split('\n');
    assert.is(JSON.parse(lines.at(-1) ?? '').sound, false);
  },
);

damage('faults 46: a flipped bit is never served, and the other objects still are', async () => {
  using at = place();
  await twoObjects(at.dir);
  flipBitAt(at.dir, marked);
  const out = join(at.dir, '..', 'out');
  const direct = await logstore(['get', 'bucket/hurt', out, '--dir', at.dir]);
  assert.is(direct.code, 2, direct.stderr);
  assert.not.ok(readdirSync(join(at.dir, '..')).some((name) => name.startsWith('out')));

  await using server = await Served.start(['--dir', at.dir], env);
  const target = ['--endpoint', server.url];
  const hurt = await logstore(['get', 'bucket/hurt', out, ...target], { env });
  assert.is(hurt.code, 4, hurt.stderr);
  assert.not.ok(readdirSync(join(at.dir, '..')).some((name) => name.startsWith('out')));
  const whole = await logstore(['get', 'bucket/whole', ...target], { env });
  assert.is(whole.code, 0, whole.stderr);
  assert.ok(whole.stdout.equals(Buffer.alloc(600_000, 'w')));
});

damage('a store whose manifests are spoiled does not start, and says which file', async () => {
  using at = place();
  await twoObjects(at.dir);
  for (const copy of ['manifest.a', 'manifest.b'])
    writeFileSync(join(at.dir, copy), 'x'.repeat(100));
  const before = contentsOf(at.dir);
  const started = await logstore(['serve', '--port', '0', '--dir', at.dir], { env });
  assert.is(started.code, 2, started.stderr);
  assert.match(started.stderr, /manifest/);
  assert.is((await logstore(['verify', '--dir', at.dir])).code, 2);
  assert.is(contentsOf(at.dir), before);
});

damage('a lost commit makes the store read-only until somebody gives it up', async () => {
  using at = place();
  await twoObjects(at.dir);
  {
    await using store = await openStore({ dir: at.dir });
    await store.put('bucket', 'name-of-the-lost', Buffer.from('x'));
    await store.put('bucket', 'later', Buffer.from('y'));
  }
  flipBitAt(at.dir, 'name-of-the-lost');
  rmSync(join(at.dir, 'index.snapshot')); // which knows what the commit said
  await using server = await Served.start(['--dir', at.dir], env);
  assert.is((await fetch(`${server.url}/_/health/ready`)).status, 503);
  await server.logged('accept-loss');
  const refused = await logstore(['put', 'bucket/new', '-', '--endpoint', server.url], { env });
  assert.is(refused.code, 4);
  const whole = await logstore(['get', 'bucket/later', '--endpoint', server.url], { env });
  assert.is(whole.stdout.toString(), 'y');
  assert.is(await server.end('SIGTERM'), 0);

  const named = await logstore(['repair', '--dir', at.dir, '--json']);
  assert.is(named.code, 2, named.stderr);
  const [lost] = JSON.parse(named.stdout.toString()).lost;
  const wrong = await logstore(['repair', '--dir', at.dir, '--accept-loss', String(lost + 1)]);
  assert.is(wrong.code, 1, wrong.stderr);
  const given = await logstore(['repair', '--dir', at.dir, '--accept-loss', String(lost)]);
  assert.is(given.code, 0, given.stderr);
  const stored = await logstore(['put', 'bucket/new', '-', '--dir', at.dir]);
  assert.is(stored.code, 0, stored.stderr);
  const listed = await logstore(['ls', 'bucket', '-r', '--dir', at.dir]);
  assert.match(listed.stdout.toString(), /hurt\n.*later\n.*new\n.*whole\n$/);
});

damage.run();
