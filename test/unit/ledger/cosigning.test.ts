import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeAddCheckpoint } from '../../../src/ledger/add-checkpoint.js';
import { encodeCheckpoint } from '../../../src/ledger/checkpoint.js';
import { epochDirectory, highWaterFile, hostBelow } from '../../../src/ledger/ledger-files.js';
import { decodeVkey, encodeVkey, signatureTypes } from '../../../src/ledger/note.js';
import { openSealer } from '../../../src/ledger/open-sealer.js';
import { checkpointFile, ownCheckpointFile } from '../../../src/ledger/publisher.js';
import { encodeNote, signCheckpoint } from '../../../src/ledger/sign-checkpoint.js';
import { type Trust, verifyCheckpoint, verifyObjectProof } from '../../../src/ledger/verify.js';
import { WitnessClient } from '../../../src/ledger/witness-client.js';
import type { Store } from '../../../src/store/types.js';
import { Witness } from '../../../src/witness/witness.js';
import { ledgerOf, openSealed, testSecret, trustIn } from '../../sim/sealed-store.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';
import { witnessSigner } from '../witness/watched-log.js';

const it = suite('cosigning');
const body = new TextEncoder().encode('hello');
const decoder = new TextDecoder();

/** A store whose ledger asks one witness, which may be away. */
class WitnessedStore {
  readonly world: SimulatedWorld;
  readonly warnings: string[] = [];
  asked = 0;
  reach: 'here' | 'away' | 'silent' = 'here';
  #witness: Witness | undefined;

  constructor(seed: number) {
    this.world = new SimulatedWorld(seed);
  }

  async open(): Promise<Store> {
    const { world } = this;
    const ports = { fetch: this.#fetch, clock: world.clock, timeoutMs: 5_000 };
    const client = new WitnessClient(witnessSigner.key, 'http://witness.example', ports);
    const highWater = { disk: world.disk, path: highWaterFile };
    const options = { secrets: [testSecret], highWater, witnesses: [client] };
    const open = () => openSealer(world, options);
    const warn = (message: string) => this.warnings.push(message);
    const store = await world.run(openSealed(world, { ledger: { open }, warn }));
    await world.run(store.createBucket('photos').catch(() => store.headBucket('photos')));
    return store;
  }

  async watch(store: Store): Promise<void> {
    const { origin } = ledgerOf(store).standing();
    const logs = [decodeVkey(encodeVkey(testSecret(origin).key), signatureTypes.log)];
    const options = { signer: async () => witnessSigner, logs, holder: 'the test' };
    const opened = Witness.open(hostBelow(this.world, 'witness'), options);
    this.#witness = await this.world.run(opened);
  }

  /** @returns the witness's status */
  async show(request: string): Promise<number | undefined> {
    const shown = this.#witness?.addCheckpoint(request);
    return shown === undefined ? undefined : (await this.world.run(shown)).status;
  }

  async published(file: string): Promise<string> {
    const { disk } = hostBelow(this.world, epochDirectory(1));
    const sizeBytes = (await this.world.run(disk.sizeBytes(file))) ?? 0;
    const bytes = new Uint8Array(sizeBytes);
    const opened = await this.world.run(disk.open(file, 'read'));
    await this.world.run(opened.read(bytes, 0));
    await this.world.run(opened.close());
    return decoder.decode(bytes);
  }

  readonly #fetch: typeof fetch = async (_, init) => {
    this.asked++;
    if (this.reach === 'away' || this.#witness === undefined) throw new TypeError('fetch failed');
    if (this.reach === 'silent')
      return new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(new TypeError('aborted')));
      });
    const { status, contentType, text } = await this.#witness.addCheckpoint(String(init?.body));
    return new Response(text, { status, headers: { 'content-type': contentType } });
  };
}

function witnessed(trust: Trust): Trust {
  return { ...trust, witnesses: [encodeVkey(witnessSigner.key)], witnessesNeeded: 1 };
}

it('a checkpoint is published and proven with the signature of the witness', async () => {
  const at = new WitnessedStore(1);
  const store = await at.open();
  await at.watch(store);
  for (const key of ['a', 'b']) {
    await at.world.run(store.put('photos', key, body));
    await at.world.run(ledgerOf(store).seal());
    await at.world.advance(10);
    const trust = witnessed(await at.world.run(trustIn(ledgerOf(store))));
    const note = await at.published(checkpointFile);
    assert.ok(verifyCheckpoint(note, trust).isProven, note);
    const own = await at.published(ownCheckpointFile);
    assert.is(own.match(/^\u2014 /gm)?.length, 1, 'the other copy has no signature but its own');
    const request = { claim: 'current', bucket: 'photos', key } as const;
    const proof = await at.world.run(ledgerOf(store).prove(request));
    assert.ok(verifyObjectProof(proof, trust).isProven);
  }
  const { size, witnesses } = ledgerOf(store).standing();
  const standing = { name: 'witness.example/w1', is: 'cosigned', size, reason: undefined };
  assert.equal(witnesses, [standing]);
  assert.equal(at.warnings, []);
  await at.world.run(store.close());
});

it('nothing waits for a witness that is silent, and closing does not either', async () => {
  const at = new WitnessedStore(2);
  const store = await at.open();
  await at.watch(store);
  at.reach = 'silent';
  await at.world.run(store.put('photos', 'a', body));
  const sealed = await at.world.run(ledgerOf(store).seal());
  assert.is(sealed.signedSize, sealed.size);
  assert.is(at.asked, 1);
  const before = at.world.clock.monotonicMs();
  await at.world.run(store.close());
  assert.ok(at.world.clock.monotonicMs() - before < 1_000);
});

it('a witness that is away is asked less and less often, and signs when it is back', async () => {
  const at = new WitnessedStore(3);
  const store = await at.open();
  await at.watch(store);
  at.reach = 'away';
  await at.world.run(store.put('photos', 'a', body));
  await at.world.run(ledgerOf(store).seal());
  await at.world.advance(3_600_000);
  assert.ok(at.asked > 10 && at.asked < 30, `asked ${at.asked} times in an hour`);
  assert.is(at.warnings.length, 1, 'said once');
  at.reach = 'here';
  await at.world.advance(300_000);
  const trust = witnessed(await at.world.run(trustIn(ledgerOf(store))));
  assert.ok(verifyCheckpoint(await at.published(checkpointFile), trust).isProven);
  assert.is(ledgerOf(store).standing().witnesses[0]?.is, 'cosigned');
  await at.world.run(store.close());
});

it('after a restart the checkpoint is signed again by both', async () => {
  const at = new WitnessedStore(4);
  const store = await at.open();
  await at.watch(store);
  await at.world.run(store.put('photos', 'a', body));
  await at.world.run(ledgerOf(store).seal());
  await at.world.advance(10);
  await at.world.run(store.close());
  const again = await at.open();
  await at.world.run(ledgerOf(again).keys());
  await at.world.advance(10);
  const trust = witnessed(await at.world.run(trustIn(ledgerOf(again))));
  assert.ok(verifyCheckpoint(await at.published(checkpointFile), trust).isProven);
  await at.world.run(again.close());
});

it('a witness that signed another history is told of, by its name', async () => {
  const at = new WitnessedStore(5);
  const store = await at.open();
  const { origin } = ledgerOf(store).standing();
  await at.watch(store);
  // It was shown a block that this log's key has signed, and that is not this log's.
  const head = { origin, size: 1, root: new Uint8Array(32) };
  const signatures = [signCheckpoint(testSecret(origin), head, 0)];
  const checkpoint = encodeNote({ text: encodeCheckpoint(head), signatures });
  assert.is(await at.show(encodeAddCheckpoint({ oldSize: 0, path: [], checkpoint })), 200);
  await at.world.run(ledgerOf(store).seal());
  await at.world.advance(10_000);
  assert.is(ledgerOf(store).standing().witnesses[0]?.is, 'forked');
  assert.match(at.warnings.join(), 'another history');
  await at.world.run(store.close());
});

it.run();
