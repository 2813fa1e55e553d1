import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '../unit/host/temporary-directory.js';
import { goldenText, vectors } from '../unit/ledger/golden.js';
import { logstore } from './logstore-process.js';

const it = suite('check-proof');
const folder = join(process.cwd(), 'segments/golden/v1/ledger');
const [, size = '', root = ''] = vectors.checkpoint.split('\n');
const known = ['--key', vectors.log];

async function check(name: string, ...args: string[]) {
  return await logstore(['check-proof', join(folder, `${name}.proof`), ...args]);
}

it('says what was proven, of which log, at which height and time', async () => {
  const { code, stdout, stderr } = await check('current', ...known);
  assert.is(code, 0, stderr);
  const lines = stdout.toString().split('\n');
  assert.match(
    lines[0] ?? '',
    /^proven: photos\/cat\.jpg is there, and version \d+ is its newest$/,
  );
  for (const line of [
    `  origin      ${vectors.origin}`,
    '  height      4, in a log of 5 blocks',
    '  time        2023-11-14T23:13:50Z',
    `  checkpoint  ${size}:${root}`,
    '  size        4 bytes',
  ])
    assert.ok(lines.includes(line), `${line}\n---\n${stdout}`);
  assert.match(stdout.toString(), / {2}sha256 {6}[0-9a-f]{64}\n {2}expires {5}never\n/);
  assert.match(stdout.toString(), / {2}signed by {3}/);
});

it('says the same to programs, of every kind of claim', async () => {
  const claims = {
    version: 'version',
    'version-expired': 'version',
    'current-parts': 'current',
    absent: 'absent',
    empty: 'empty',
    listing: 'listing',
    written: 'written',
    keys: 'keys',
  };
  for (const [name, claim] of Object.entries(claims)) {
    const { code, stdout } = await check(name, ...known, '--witness', vectors.witness, '--json');
    assert.is(code, 0, name);
    const value = JSON.parse(stdout.toString());
    assert.is(value.proven, true);
    assert.is(value.claim, claim);
    assert.is(value.origin, vectors.origin);
    assert.equal(value.checkpoint, { size: Number(size), root });
    assert.is(value.signedBy.length, 1);
    assert.is(value.witnesses[0].timeUnixS, vectors.cosignedAt);
  }
});

it('asks whether something has expired of the time of the block', async () => {
  const { stdout } = await check('version-expired', ...known);
  assert.match(stdout.toString(), / {2}expires {5}.*, before the time of the block\n/);
});

it('reads standard input, and ends with 2 and the check that failed', async () => {
  const text = goldenText('current.proof');
  const of = async (input: string | Uint8Array, ...args: string[]) => {
    const { code, stdout } = await logstore(['check-proof', '-', ...known, ...args], { input });
    return [code, stdout.toString()];
  };
  assert.is((await of(text))[0], 0);
  const [code, said] = await of(text.replace('size 4', 'size 5'));
  assert.is(code, 2);
  assert.match(String(said), /^not proven: map: the path does not lead to the root/);
  const [, json] = await of(text.replace('size 4', 'size 5'), '--json');
  assert.is(JSON.parse(String(json)).check, 'map');
  assert.equal(await of(Uint8Array.of(0xff, 0xfe)), [
    2,
    'not proven: form: the proof is not UTF-8 text\n',
  ]);
  assert.is((await of(`\ufeff${text}`))[0], 2);
  assert.is((await of(''))[0], 2);
});

it('faults 84, 85: holds a proof against pins and witnesses', async () => {
  const codeOf = async (...args: string[]) => (await check('current', ...args)).code;
  const other = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';
  assert.is(await codeOf(...known, '--pin', `${size}:${root}`), 0);
  assert.is(await codeOf(...known, '--pin', `${size}:${other}`), 2);
  assert.is(await codeOf('--pin', `${vectors.origin}:${size}:${root}`), 0);
  assert.is(await codeOf(...known, '--pin', `other.example:${size}:${other}`), 0);
  assert.is(await codeOf(...known, '--witness', vectors.witness), 0);
  assert.is(await codeOf(...known, '--witness', vectors.witness, '--witnesses', '2'), 2);
});

it('faults 88: goes by the keys of a key set, once that is proven itself', async () => {
  using directory = temporaryDirectory();
  const keys = join(folder, 'keys.proof');
  assert.is((await check('current', ...known, '--key-set', keys)).code, 0);
  const forged = join(directory.path, 'forged.proof');
  writeFileSync(forged, readFileSync(keys, 'utf8').replace(' 0 none good', ' 1 none good'));
  const { code, stdout } = await check('current', ...known, '--key-set', forged);
  assert.is(code, 2);
  assert.match(stdout.toString(), /^not proven: keys: .*forged\.proof/);
});

it('tells a wrong flag and a missing file from a proof that does not hold', async () => {
  assert.is((await check('current')).code, 1);
  assert.is((await check('current', '--key', `${vectors.log}x`)).code, 1);
  assert.is((await check('current', '--key', vectors.witness)).code, 1);
  assert.is((await check('current', ...known, '--pin', `7:${root.slice(1)}`)).code, 1);
  assert.is((await check('current', ...known, '--witnesses', 'all')).code, 1);
  assert.is((await check('no-such-proof', ...known)).code, 4);
});

it.run();
