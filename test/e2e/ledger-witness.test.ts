import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyCheckpoint } from '../../src/ledger/verify.js';
import { temporaryDirectory } from '../unit/host/temporary-directory.js';
import { logstore, Served } from './logstore-process.js';
import { putInto } from './served-place.js';

const it = suite('two installations witness each other');
const requestsMax = 5_000;

/** A store that is served with its ledger, and a witness beside it for the other's. */
class Installation implements AsyncDisposable {
  #store: Served | undefined;
  #witness: Served | undefined;
  /** Of its log. */
  vkey = '';

  constructor(
    readonly name: string,
    private readonly path: string,
  ) {}

  get dir(): string {
    return join(this.path, this.name);
  }

  get store(): Served {
    if (this.#store === undefined) throw new Error('the store is not started');
    return this.#store;
  }

  get witness(): Served {
    if (this.#witness === undefined) throw new Error('the witness is not started');
    return this.#witness;
  }

  /** Of the witness, as it says when it starts. */
  get witnessVkey(): string {
    return /"vkey":"([^"]+)"/.exec(this.witness.log)?.[1] ?? '';
  }

  async serve(...more: string[]): Promise<void> {
    const options = ['--dir', this.dir, '--ledger', 'on', '--ledger-interval', '100ms'];
    this.#store = await Served.start([...options, ...more]);
    assert.ok(this.store.url, this.store.told);
    const keys = await fetch(`${this.store.url}/_/ledger/keys`);
    this.vkey = /^key (\S+)/m.exec(await keys.text())?.[1] ?? this.vkey;
  }

  async put(address: string): Promise<void> {
    const file = join(this.path, 'file');
    writeFileSync(file, 'the bytes');
    const credentials = join(this.dir, 'credentials.json');
    await putInto(this.store, { dir: this.dir, credentials, file, [Symbol.dispose]() {} }, address);
  }

  async watch(other: Installation): Promise<void> {
    const dir = `${this.dir}-witness`;
    const name = `${this.name}.example/witness`;
    const options = ['--dir', dir, '--log', other.vkey, '--name', name];
    this.#witness = await Served.start(options, {}, ['witness', 'serve']);
    assert.ok(this.witness.url, this.witness.told);
  }

  async stop(): Promise<void> {
    await this.store.end('SIGTERM');
  }

  /** The checkpoint as it is published once the other's witness has signed one. */
  async cosigned(other: Installation): Promise<string> {
    const trust = { keys: [this.vkey], witnesses: [other.witnessVkey], witnessesNeeded: 1 };
    for (let request = 0; request < requestsMax; request++) {
      const note = await (await fetch(`${this.store.url}/_/ledger/checkpoint`)).text();
      if (verifyCheckpoint(note, trust).isProven) return note;
    }
    throw new Error(`${this.name}'s checkpoint was not cosigned: ${this.store.log}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store?.[Symbol.asyncDispose]();
    await this.#witness?.[Symbol.asyncDispose]();
  }
}

it('each publishes checkpoints that the other has signed; a restored backup is found out', async () => {
  using folder = temporaryDirectory();
  await using alice = new Installation('alice', folder.path);
  await using bob = new Installation('bob', folder.path);
  const pairs = [
    [alice, bob],
    [bob, alice],
  ] as const;
  for (const [one] of pairs) {
    await one.serve();
    await one.put('photos/first');
    await one.stop();
    const keys = await logstore(['ledger', 'keys', '--dir', one.dir]);
    one.vkey = /^key (\S+)/m.exec(keys.stdout.toString())?.[1] ?? '';
  }
  for (const [one, other] of pairs) await one.watch(other);
  cpSync(alice.dir, `${alice.dir}-backup`, { recursive: true });

  const serve = (one: Installation, other: Installation) =>
    one.serve('--ledger-witnesses', `${other.witnessVkey} ${other.witness.url}`);
  for (const [one, other] of pairs) await serve(one, other);
  for (const [one, other] of pairs) {
    await one.put('photos/second');
    const note = await one.cosigned(other);
    assert.match(note, `${other.name}.example/witness`);
    await one.stop();
    const proof = await logstore(['prove', 'photos/second', '--dir', one.dir]);
    assert.is(proof.code, 0, proof.stderr);
    const check = await logstore(['check-proof', '-', '--key', one.vkey], { input: proof.stdout });
    assert.is(check.code, 0, check.stdout.toString());
  }

  // faults 84: the backup is whole, and its own high-water mark knows no better.
  rmSync(alice.dir, { recursive: true });
  cpSync(`${alice.dir}-backup`, alice.dir, { recursive: true });
  await serve(alice, bob);
  await alice.store.logged('a witness has seen more of the ledger');
  assert.match(alice.store.log, 'a witness has seen more of the ledger');
  await alice.stop();
});

it('a witness that is not one ends the start, and says how it is written', async () => {
  using folder = temporaryDirectory();
  for (const witnesses of [
    'http://127.0.0.1:1',
    'w+12345678+AAAA http://127.0.0.1:1',
    'x ftp://y',
  ]) {
    const dir = ['--dir', join(folder.path, 'store'), '--port', '0', '--ledger', 'on'];
    const { code, stderr } = await logstore(['serve', ...dir, '--ledger-witnesses', witnesses]);
    assert.is(code, 1, stderr);
    assert.match(stderr, 'NAME+ID+BASE64');
  }
});

it.run();
