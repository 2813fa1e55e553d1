import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { logstore, Served } from './logstore-process.js';
import { type Place, place, putInto } from './served-place.js';
import { tampering } from './tampering-server.js';

const it = suite('the commands of the ledger');
const options = ['--ledger', 'on', '--ledger-interval', '100ms'];

/** Runs a command that must end well, and gives what it said. */
async function said(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await logstore(args);
  assert.is(code, 0, `${args.join(' ')}: ${stdout} ${stderr}`);
  return stdout.toString();
}

const keyIn = (keys: string, index = 0) =>
  [...keys.matchAll(/^key (\S+)/gm)].map(([, vkey]) => vkey ?? '')[index] ?? '';

/** Puts objects, each with a block of its own. */
async function putBlocks(server: Served, at: Place, ...keys: string[]): Promise<void> {
  for (const key of keys) {
    await putInto(server, at, `photos/${key}`);
    await sealed(server, at, key);
  }
}

async function sealed(server: Served, at: Place, key: string): Promise<void> {
  const target = ['--endpoint', server.url, '--credentials', at.credentials];
  for (let attempt = 0; attempt < 50; attempt++)
    if ((await logstore(['prove', `photos/${key}`, ...target])).code === 0) return;
  throw new Error(`${key} was not sealed`);
}

async function aStoppedStore(at: Place, ...keys: string[]): Promise<void> {
  await using server = await Served.start(['--dir', at.dir, ...options]);
  await putBlocks(server, at, ...keys);
  assert.is(await server.end('SIGTERM'), 0);
}

it('say the same of a running server as of its directory', async () => {
  using at = place();
  await using server = await Served.start(['--dir', at.dir, ...options]);
  await putBlocks(server, at, 'a', 'b', 'a');
  const there = ['--endpoint', server.url, '--credentials', at.credentials];
  const here = ['--dir', at.dir];
  const commands = [
    ['ledger', 'log', '--json'],
    ['ledger', 'show', '1', '--json'],
    ['ledger', 'show', '0'],
    ['ledger', 'diff', '0', '2'],
    ['ledger', 'diff', '0', '2', '--json'],
  ];
  const spoken: string[] = [];
  for (const command of commands) spoken.push(await said(...command, ...there));
  const open = await said('ledger', 'keys', '--endpoint', server.url); // needs no key pair
  const proof = await said('prove', 'photos/a', ...there);
  const [vkey] = [keyIn(open)];
  for (const full of [[], ['--full']])
    assert.match(await said('ledger', 'verify', '--key', vkey, ...full, ...there), 'signed');
  const notSealed = await logstore(['prove', 'photos/zzz', ...there]);
  assert.equal([notSealed.code, notSealed.stdout.toString()], [4, '']);
  assert.is(await server.end('SIGTERM'), 0);

  for (const [index, command] of commands.entries())
    assert.is(await said(...command, ...here), spoken[index], command.join(' '));
  // The bucket may have a block of its own, and what is said of it takes versions.
  const [, ofB = ''] = /^\+ photos\/b {2}v(\d+)\n/m.exec(spoken[3] ?? '') ?? [];
  const [first, newest] = [Number(ofB) - 1, Number(ofB) + 1];
  const ofA = [`~ photos/a  v${first} -> v${newest}\n`, `+ photos/a  v${first}\n`];
  assert.ok(
    ofA.some((line) => spoken[3]?.includes(line)),
    spoken[3],
  );
  const check = await logstore(['check-proof', '-', '--key', vkey], { input: proof });
  assert.match(check.stdout.toString(), `version ${newest} is its newest`);
  const older = await said(
    'prove',
    'photos/a',
    '--written',
    '--of-version',
    String(first),
    ...here,
  );
  const written = await logstore(['check-proof', '-', '--key', vkey], { input: older });
  assert.is(written.code, 0, written.stdout.toString());
});

it('rotate the key of a stopped store and of a running one, and check with the first', async () => {
  using at = place();
  await aStoppedStore(at, 'a');
  const here = ['--dir', at.dir];
  const first = keyIn(await said('ledger', 'keys', ...here));
  const proof = await said('ledger', 'rotate', '--overlap', '1', ...here);
  const pem = readFileSync(join(at.dir, 'ledger-key.pem'), 'utf8');
  assert.is(pem.match(/BEGIN PRIVATE KEY/g)?.length, 2);
  const handed = join(at.dir, '..', 'keys.proof');
  writeFileSync(handed, proof);
  assert.match(await said('check-proof', handed, '--key', first), /^proven: /);

  await using server = await Served.start(['--dir', at.dir, ...options]);
  const there = ['--endpoint', server.url, '--credentials', at.credentials];
  await putBlocks(server, at, 'b');
  const later = await said('prove', 'photos/b', ...there);
  const check = (...more: string[]) =>
    logstore(['check-proof', '-', '--key', first, ...more], { input: later });
  assert.is((await check()).code, 2, 'the first key has ceased to sign');
  assert.is((await check('--key-set', handed)).code, 0);
  assert.match(await said('ledger', 'verify', '--full', '--key', first, ...there), 'signed');

  const [, , id = ''] = /^(\S+?)\+([0-9a-f]{8})\+/.exec(keyIn(proof, 1)) ?? [];
  const revoked = await said('ledger', 'rotate', '--revoke', id, '--from', '1', '--json', ...there);
  const { proof: revocation, vkey: third } = JSON.parse(revoked);
  assert.match(revocation, / revoked\n/);
  await putBlocks(server, at, 'c');
  const last = await said('prove', 'photos/c', ...there);
  const latest = join(at.dir, '..', 'latest.proof');
  writeFileSync(latest, revocation);
  const sets = ['--key-set', handed, '--key-set', latest];
  const by = (key: string, ...more: string[]) =>
    logstore(['check-proof', '-', '--key', key, ...more], { input: last });
  assert.is((await by(third)).code, 0);
  // The second key was revoked: what it signed counts no more, so there is no way from the first.
  assert.is((await by(first, ...sets)).code, 2);
  assert.is((await logstore(['ledger', 'rotate', '--revoke', id, ...there])).code, 1);
  assert.is(await server.end('SIGTERM'), 0);
  assert.match(await said('ledger', 'verify', '--full', ...here), 'all as sealed');
});

it('recover with a new epoch where the old log cannot go on, and not otherwise', async () => {
  using at = place();
  await aStoppedStore(at, 'a');
  const here = ['--dir', at.dir];
  const well = await logstore(['ledger', 'recover', '--new-epoch', ...here]);
  assert.equal([well.code, well.stdout.toString()], [1, '']);
  assert.match(well.stderr, 'nothing is wrong');
  const first = keyIn(await said('ledger', 'keys', ...here));
  const mark = join(at.dir, '..', 'mark');
  cpSync(at.dir, `${at.dir}-backup`, { recursive: true });
  await aStoppedStore(at, 'b');
  cpSync(join(at.dir, 'ledger', 'high-water'), mark);

  // The backup comes back, and the mark, which lay on another disk, does not.
  rmSync(at.dir, { recursive: true });
  cpSync(`${at.dir}-backup`, at.dir, { recursive: true });
  const withMark = [...here, '--high-water', mark];
  const wrong = await logstore(['ledger', 'verify', ...withMark]);
  assert.is(wrong.code, 2);
  assert.match(wrong.stdout.toString(), 'were signed');
  const put = ['put', 'photos/c', at.file, ...here];
  const env = { LOGSTORE_LEDGER_HIGH_WATER_FILE: mark };
  await using server = await Served.start(['--dir', at.dir, ...options], env);
  await putInto(server, at, 'photos/c').then(
    () => assert.unreachable('an older copy took a write'),
    (error) => assert.match(String(error), 'ServiceUnavailable'),
  );
  assert.is(await server.end('SIGTERM'), 0);

  const recovered = JSON.parse(
    await said('ledger', 'recover', '--new-epoch', '--json', ...withMark),
  );
  assert.is(recovered.follows, first.slice(0, first.indexOf('+')));
  assert.is.not(recovered.origin, recovered.follows);
  assert.ok(recovered.followsSize >= 2);
  assert.is((await logstore(put)).code, 0);
  assert.match(await said('ledger', 'verify', '--full', ...withMark), 'all as sealed');
  const proof = await said('prove', 'photos/a', ...withMark);
  const check = await logstore(['check-proof', '-', '--key', recovered.vkey], { input: proof });
  assert.is(check.code, 0, check.stdout.toString());
  assert.match(await said('ledger', 'show', '0', ...here), /^follows logstore\/\S+ \d+ /m);
});

it('export a copy that goes on only from what is there, and check pins against the log', async () => {
  using at = place();
  await aStoppedStore(at, 'a', 'b');
  const here = ['--dir', at.dir];
  const copy = join(at.dir, '..', 'copy');
  assert.match(await said('ledger', 'export', copy, ...here), '2 blocks');
  for (const file of ['checkpoint', 'checkpoint.log', 'key-set', 'tile/0/000.p/2'])
    assert.ok(existsSync(join(copy, file)), file);
  const vkey = keyIn(readFileSync(join(copy, 'key-set'), 'utf8'));
  const [origin = '', size = '', root = ''] = readFileSync(join(copy, 'checkpoint'), 'utf8').split(
    '\n',
  );
  cpSync(at.dir, `${at.dir}-old`, { recursive: true });
  await using server = await Served.start(['--dir', at.dir, ...options]);
  await putBlocks(server, at, 'c');
  const there = ['--endpoint', server.url];
  const exported = JSON.parse(await said('ledger', 'export', copy, '--json', ...there));
  assert.equal([exported.blocks, exported.blocksBefore], [3, 2]);
  await said('ledger', 'verify', '--pin', `${size}:${root}`, ...there);
  await said('ledger', 'verify', '--pin', `${origin}:${size}:${root}`, '--key', vkey, ...there);
  const [, , newRoot = ''] = readFileSync(join(copy, 'checkpoint'), 'utf8').split('\n');
  assert.is(await server.end('SIGTERM'), 0);

  const old = ['--dir', `${at.dir}-old`];
  for (const [pin, what] of [
    [`3:${newRoot}`, 'cut short'],
    [`2:${newRoot}`, 'rewritten'],
    [`x:${size}:${root}`, 'is of x'],
  ] as const) {
    const { code, stdout } = await logstore(['ledger', 'verify', '--pin', pin, ...old]);
    assert.equal([code, stdout.toString().includes(what)], [2, true], stdout.toString());
  }
  const cut = await logstore(['ledger', 'export', copy, ...old]);
  assert.is(cut.code, 2);
  assert.match(cut.stderr, 'another history');
  const other = place();
  await aStoppedStore(other, 'a');
  const foreign = await logstore(['ledger', 'verify', '--key', vkey, '--dir', other.dir]);
  assert.is(foreign.code, 2);
  other[Symbol.dispose]();
});

it('prune what is past, and audit what is left', async () => {
  using at = place();
  await aStoppedStore(at, 'a', 'b', 'a');
  const here = ['--dir', at.dir];
  assert.match(await said('ledger', 'prune', '--before', '3', ...here), 'up to block 2 are gone');
  assert.match(await said('ledger', 'verify', '--full', ...here), 'all as sealed');
  const vkey = keyIn(await said('ledger', 'keys', ...here));
  for (const claim of [['photos/a'], ['photos/b'], ['photos/c', '--absent']]) {
    const input = await said('prove', ...claim, ...here);
    const check = await logstore(['check-proof', '-', '--key', vkey], { input });
    assert.is(check.code, 0, check.stdout.toString());
  }
  const written = await logstore(['prove', 'photos/b', '--written', ...here]);
  assert.equal([written.code, written.stderr.includes('pruned')], [4, true]);
  assert.is((await logstore(['ledger', 'prune', '--before', '2', ...here])).code, 1);

  await using server = await Served.start(['--dir', at.dir, ...options]);
  const there = ['--endpoint', server.url, '--credentials', at.credentials];
  await putBlocks(server, at, 'd');
  const audit = ['ledger', 'verify', '--full', '--json', '--key', vkey];
  const served = JSON.parse(await said(...audit, ...there));
  assert.is(served.prunedCount, 3);
  assert.ok(served.changeCount > 0);
  assert.is(await server.end('SIGTERM'), 0);
  const { objectCount, ...same } = JSON.parse(await said(...audit, ...here));
  assert.ok(objectCount > 0);
  assert.equal(same, served);
});

it('find a server out that leaves something away of what it pruned, or adds to it', async () => {
  using at = place();
  await aStoppedStore(at, 'a', 'b', 'a');
  await said('ledger', 'prune', '--before', '3', '--dir', at.dir);
  await using server = await Served.start(['--dir', at.dir, ...options]);
  const edits: ((changes: string[]) => string[])[] = [
    (changes) => changes,
    (changes) => changes.slice(1),
    (changes) => changes.map((text) => text.replaceAll('photos/b', 'photos/d')),
    () => [],
  ];
  const codes: (number | null)[] = [];
  for (const edit of edits) {
    await using between = await tampering(server.url, '/_/ledger/pruned', (body) => {
      const page = JSON.parse(body.toString());
      return JSON.stringify({ ...page, changes: edit(page.changes) });
    });
    const there = ['--endpoint', between.url, '--credentials', at.credentials];
    codes.push((await logstore(['ledger', 'verify', '--full', ...there])).code);
  }
  assert.equal(codes, [0, 2, 2, 2]);
});

it.run();
