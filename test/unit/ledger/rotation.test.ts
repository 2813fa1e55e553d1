import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { auditSigned } from '../../../src/ledger/audit-trust.js';
import { findEpoch } from '../../../src/ledger/epoch.js';
import { keySet } from '../../../src/ledger/keys.js';
import { highWaterFile } from '../../../src/ledger/ledger-files.js';
import { type LedgerSecret, secretOfText, secretText } from '../../../src/ledger/ledger-secret.js';
import { encodeVkey } from '../../../src/ledger/note.js';
import { openSealer } from '../../../src/ledger/open-sealer.js';
import {
  type Trust,
  type Verdict,
  verifyKeySet,
  verifyObjectProof,
} from '../../../src/ledger/verify.js';
import { verifyLedger } from '../../../src/store/ledger-reports.js';
import type { Store } from '../../../src/store/types.js';
import { failsWith } from '../../conformance/store-words.js';
import { ledgerOf, openSealed, testSecret } from '../../sim/sealed-store.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';

const it = suite('rotation of keys');
const body = new TextEncoder().encode('hello');
const newSecret = secretOfText(secretText(new Uint8Array(32).fill(8)));
const current = { claim: 'current', bucket: 'photos', key: 'a' } as const;

function openWith(world: SimulatedWorld, ...secrets: LedgerSecret[]): Promise<Store> {
  const highWater = { disk: world.disk, path: highWaterFile };
  const secretsToRotateTo = async () => [testSecret, newSecret];
  const open = () => openSealer(world, { secrets, secretsToRotateTo, highWater });
  return openSealed(world, { ledger: { open } });
}

async function aStore(world: SimulatedWorld): Promise<Store> {
  const store = await openWith(world, testSecret);
  await store.createBucket('photos');
  await putSealed(store);
  return store;
}

async function putSealed(store: Store): Promise<number> {
  await store.put('photos', 'a', body);
  return (await ledgerOf(store).seal()).size;
}

function trustOf(secret: LedgerSecret, { ledger }: Store): Trust {
  return { keys: [encodeVkey(secret(ledger?.standing().origin ?? '').key)] };
}

function outcome(verdict: Verdict<unknown>): string {
  return verdict.isProven ? 'proven' : verdict.check;
}

async function auditOf(world: SimulatedWorld): Promise<string | undefined> {
  const highWater = { disk: world.disk, path: highWaterFile };
  return (await verifyLedger(world, { full: true, highWater })).wrong;
}

it('faults 88: who trusts the old key goes on from there, during the overlap and ever after', async () => {
  const world = new SimulatedWorld(1);
  await world.run(
    (async () => {
      const store = await aStore(world);
      const ledger = ledgerOf(store);
      const [old, young] = [trustOf(testSecret, store), trustOf(newSecret, store)];
      const height = ledger.standing().size + 1; // what there is is sealed before
      const proof = await ledger.rotate({ overlap: 2 });
      for (const trust of [old, young]) assert.is(outcome(verifyKeySet(proof, trust)), 'proven');
      const kept = Buffer.from((await ledger.published(`keys/${height}`)) ?? []).toString();
      assert.is(kept, proof, 'it is kept as a file');

      await putSealed(store);
      assert.is(outcome(verifyObjectProof(await ledger.prove(current), old)), 'proven');
      await putSealed(store);
      const later = await ledger.prove(current);
      assert.is(outcome(verifyObjectProof(later, old)), 'signature', 'its time is over');
      assert.is(outcome(verifyObjectProof(later, young)), 'proven');
      const handed = verifyKeySet(kept, old);
      const { keys } = handed.isProven ? handed.proven : { keys: undefined };
      assert.ok(keys && outcome(verifyObjectProof(later, { ...old, keySet: keys })) === 'proven');
      await store.close();

      await using again = await openWith(world, newSecret);
      await putSealed(again);
      assert.is(ledgerOf(again).standing().is, 'ok', 'the old secret is not needed any more');
      assert.is(await ledgerOf(again).keysAt(0), await ledgerOf(again).keysAt(height - 1));
      assert.is.not(await ledgerOf(again).keysAt(0), await ledgerOf(again).keysAt(height));
    })(),
  );
  assert.is(await world.run(auditOf(world)), undefined);
});

it('faults 89: a revoked key signs nothing more, and its set says since when', async () => {
  const world = new SimulatedWorld(2);
  await world.run(
    (async () => {
      await using store = await aStore(world);
      const ledger = ledgerOf(store);
      const before = await ledger.prove(current);
      const { id } = testSecret(ledger.standing().origin).key;
      const young = trustOf(newSecret, store);
      await failsWith('INVALID_ARGUMENT', ledger.rotate({ overlap: 0 }));
      const unknown = { overlap: 5, revoke: { id: '00000000', from: 0 } };
      await failsWith('INVALID_ARGUMENT', ledger.rotate(unknown));
      await failsWith('INVALID_ARGUMENT', ledger.rotate({ overlap: 5, revoke: { id, from: 99 } }));

      const proof = await ledger.rotate({ overlap: 5, revoke: { id, from: 1 } });
      const set = keySet.decode(proof.slice(0, proof.indexOf('\n\n') + 1));
      assert.equal(set.key[0]?.slice(1), [0, 1, 'revoked']);
      const verdict = verifyKeySet(proof, young);
      assert.is(outcome(verdict), 'proven');
      const keys = verdict.isProven ? verdict.proven.keys : undefined;
      assert.ok(keys);
      if (keys === undefined) return;
      await putSealed(store);
      const trust = { ...young, keySet: keys };
      assert.is(outcome(verifyObjectProof(await ledger.prove(current), trust)), 'proven');
      assert.is(outcome(verifyObjectProof(before, trust)), 'signature', 'not even before');
    })(),
  );
  assert.is(await world.run(auditOf(world)), undefined);
});

it('from the first key there is a way through all rotations', async () => {
  const world = new SimulatedWorld(4);
  const third = secretOfText(secretText(new Uint8Array(32).fill(9)));
  await world.run(
    (async () => {
      const highWater = { disk: world.disk, path: highWaterFile };
      const all = [testSecret, newSecret, third];
      const secretsToRotateTo = async (isKnown: (secret: LedgerSecret) => boolean) =>
        all.slice(0, all.filter(isKnown).length + 1);
      const open = () => openSealer(world, { secrets: [testSecret], secretsToRotateTo, highWater });
      await using store = await openSealed(world, { ledger: { open } });
      const ledger = ledgerOf(store);
      await store.createBucket('photos');
      const proofs: string[] = [];
      for (let times = 0; times < 2; times++) {
        proofs.push(await ledger.rotate({ overlap: 1 }));
        await putSealed(store);
      }
      const note = Buffer.from((await ledger.published('checkpoint')) ?? []).toString();
      const { keys } = trustOf(testSecret, store);
      auditSigned(note, keys, proofs);
      for (const some of [[], proofs.slice(0, 1), proofs.slice(1), proofs.toReversed()])
        assert.throws(() => auditSigned(note, keys, some), /trusted|signed/);
    })(),
  );
  const { origin } = (await world.run(findEpoch(world.disk))) ?? { origin: '' };
  const keys = [encodeVkey(testSecret(origin).key)];
  const highWater = { disk: world.disk, path: highWaterFile };
  const report = await world.run(verifyLedger(world, { full: true, highWater, keys }));
  assert.is(report.wrong, undefined);
  const others = [encodeVkey(secretOfText(secretText(new Uint8Array(32)))(origin).key)];
  const doubted = await world.run(verifyLedger(world, { full: false, highWater, keys: others }));
  assert.ok(doubted.wrong);
});

it('without a new key, or without the one in force, nothing is rotated', async () => {
  const world = new SimulatedWorld(3);
  await world.run(
    (async () => {
      const store = await aStore(world);
      await ledgerOf(store).rotate({ overlap: 1 });
      await failsWith('INVALID_ARGUMENT', ledgerOf(store).rotate({ overlap: 1 }));
      await store.close();
      await using lost = await openWith(world, testSecret);
      await putSealed(lost);
      const { is, reason } = ledgerOf(lost).standing();
      assert.is(is, 'unsigned');
      assert.match(reason ?? '', 'recover --new-epoch');
      await failsWith('NOT_SEALED', ledgerOf(lost).rotate({ overlap: 1 }));
    })(),
  );
});

it.run();
