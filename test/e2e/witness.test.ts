import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ed25519Signer } from '../../src/ledger/ed25519-signer.js';
import { encodeVkey, signatureTypes } from '../../src/ledger/note.js';
import type { CheckpointSigner } from '../../src/ledger/sign-checkpoint.js';
import { verifyCheckpoint } from '../../src/ledger/verify.js';
import { temporaryDirectory } from '../unit/host/temporary-directory.js';
import { logstore, Served } from './logstore-process.js';
import { publish } from './published-log.js';

const it = suite('witness, as a command');

/** A log as it is published, and a witness beside it that watches the other installation's. */
class Installation implements AsyncDisposable {
  #served: Served | undefined;

  constructor(
    readonly name: string,
    readonly signer: CheckpointSigner,
    private readonly path: string,
  ) {}

  get vkey(): string {
    return encodeVkey(this.signer.key);
  }

  get published(): string {
    return join(this.path, `${this.name}-log`);
  }

  get witnessDir(): string {
    return join(this.path, `${this.name}-witness`);
  }

  get served(): Served {
    if (this.#served === undefined) throw new Error('the witness is not started');
    return this.#served;
  }

  /** Of the witness, as it says when it starts. */
  get witnessVkey(): string {
    return /"vkey":"([^"]+)"/.exec(this.served.log)?.[1] ?? '';
  }

  async watch(vkey: string, ...more: string[]): Promise<void> {
    const args = ['--dir', this.witnessDir, '--log', vkey, ...more];
    this.#served = await Served.start(args, {}, ['witness', 'serve']);
    assert.ok(this.served.url, this.served.told);
  }

  /** Brings the own log's checkpoint to the other's witness. */
  async askOf(other: Installation) {
    const whom = ['--witness', other.witnessVkey, '--url', other.served.url];
    const args = ['witness', 'ask', this.published, '--key', this.vkey, ...whom];
    const { code, stdout, stderr } = await logstore(args);
    return { code, said: stdout.toString(), stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#served?.[Symbol.asyncDispose]();
  }
}

function installation(path: string, name: string, seed: number): Installation {
  const origin = `${name}.example/ledger`;
  const secret = new Uint8Array(32).fill(seed);
  return new Installation(name, ed25519Signer(origin, signatureTypes.log, secret), path);
}

it('lets two installations witness each other, through kill -9, and refuses what is rewritten', async () => {
  using folder = temporaryDirectory();
  await using alice = installation(folder.path, 'alice', 1);
  await using bob = installation(folder.path, 'bob', 2);
  await alice.watch(bob.vkey, '--name', 'alice.example/witness');
  await bob.watch(alice.vkey, '--name', 'bob.example/witness');
  const pairs = [
    [alice, bob],
    [bob, alice],
  ] as const;
  const isWitnessed = async (own: Installation, other: Installation) => {
    const { code, said, stderr } = await own.askOf(other);
    assert.is(code, 0, said + stderr);
    const trust = { keys: [own.vkey], witnesses: [other.witnessVkey], witnessesNeeded: 1 };
    const verdict = verifyCheckpoint(said, trust);
    assert.ok(verdict.isProven, said);
  };

  for (const [own, other] of pairs) {
    publish(own.published, own.signer, [0, 3]);
    await isWitnessed(own, other);
    await isWitnessed(own, other);
    publish(own.published, own.signer, [3, 700]);
    await isWitnessed(own, other);
  }

  // The key stays the same, and what was signed is not forgotten.
  const before = bob.witnessVkey;
  await bob.served.end('SIGKILL');
  await bob.watch(alice.vkey);
  assert.is(bob.witnessVkey, before);
  publish(alice.published, alice.signer, [700, 701]);
  await isWitnessed(alice, bob);

  const other = (index: number) => (index < 600 ? `entry ${index}` : `other ${index}`);
  publish(alice.published, alice.signer, [0, 701], other);
  const forked = await alice.askOf(bob);
  assert.is(forked.code, 2);
  assert.match(forked.said, /^forked: another root of 701 blocks/);
  publish(alice.published, alice.signer, [0, 650]);
  const rolledBack = await alice.askOf(bob);
  assert.is(rolledBack.code, 2);
  assert.match(rolledBack.said, /^rolled-back: it signed 701 blocks/);

  const evidence = readdirSync(join(bob.witnessDir, 'evidence'));
  const kinds = evidence.map((name) => /-([a-z]+)-[0-9a-f]{32}\.json$/.exec(name)?.[1]);
  assert.equal(kinds.sort(), ['fork', 'rollback']);
  assert.ok(bob.served.log.includes('a log contradicts itself'));
  const fork = evidence.find((name) => name.includes('-fork-')) ?? '';
  const { seen, offered } = JSON.parse(
    readFileSync(join(bob.witnessDir, 'evidence', fork), 'utf8'),
  );
  for (const note of [seen, offered]) {
    assert.ok(verifyCheckpoint(note, { keys: [alice.vkey] }).isProven);
  }
  assert.is(await bob.served.end('SIGTERM'), 0);
});

it('keeps its key to itself, and has its name for good', async () => {
  using folder = temporaryDirectory();
  await using own = installation(folder.path, 'carol', 3);
  const start = async (...args: string[]) =>
    await logstore(['witness', 'serve', '--dir', own.witnessDir, '--port', '0', ...args]);
  assert.is((await start()).code, 1);
  assert.is((await start('--log', own.vkey)).code, 1); // no name for a new key
  assert.is((await start('--log', own.vkey, '--name', 'two words')).code, 1);
  await own.watch(own.vkey, '--name', 'carol.example/w');
  const key = join(own.witnessDir, 'key');
  assert.is(statSync(key).mode & 0o777, 0o600);
  const secret = readFileSync(key, 'utf8').trim().split('+').at(-1) ?? '';
  assert.not(`${own.served.log}${own.served.told}`.includes(secret));
  assert.is((await start('--log', own.vkey)).code, 3); // in use
  await own.served.end('SIGTERM');
  const { code, stderr } = await start('--log', own.vkey, '--name', 'carol.example/other');
  assert.is(code, 1);
  assert.match(stderr, /has the name 'carol\.example\/w'/);
});

it('answers add-checkpoint alone, and reads no more than a request can hold', async () => {
  using folder = temporaryDirectory();
  await using own = installation(folder.path, 'dora', 4);
  await own.watch(own.vkey, '--name', 'dora.example/w');
  const { url } = own.served;
  const statusOf = async (path: string, init?: RequestInit) =>
    (await fetch(`${url}${path}`, init)).status;
  assert.is(await statusOf('/'), 404);
  assert.is(await statusOf('/add-checkpoint'), 405);
  assert.is(await statusOf('/add-checkpoint', { method: 'POST', body: 'hello' }), 400);
  const long = 'x'.repeat(130 * 1024);
  assert.is(await statusOf('/add-checkpoint', { method: 'POST', body: long }), 413);
});

it('brings only what holds together to a witness', async () => {
  using folder = temporaryDirectory();
  await using own = installation(folder.path, 'emil', 5);
  await own.watch(own.vkey, '--name', 'emil.example/w');
  publish(own.published, own.signer, [0, 3]);
  publish(own.published, own.signer, [0, 300], (index) => `other ${index}`);
  publish(own.published, own.signer, [299, 300]);
  const { code, stderr } = await own.askOf(own);
  assert.is(code, 2);
  assert.match(stderr, /the tiles have another root/);
  const unknown = await logstore(
    ['witness', 'ask', join(folder.path, 'nowhere'), '--key', own.vkey].concat([
      ...['--witness', own.witnessVkey, '--url', own.served.url],
    ]),
  );
  assert.is(unknown.code, 4);
});

it.run();
