import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../src/base/errors.js';
import { type ProvenObject, type Trust, verifyObjectProof } from '../../../src/ledger/verify.js';
import type { ProofRequest, Store } from '../../../src/store/types.js';
import { failsWith } from '../../conformance/store-words.js';
import { ledgerOf, ledgerOn, openSealed, trustIn } from '../../sim/sealed-store.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';

const it = suite('store: ledger');
const body = new TextEncoder().encode('hello');

async function proven(store: Store, trust: Trust, request: ProofRequest): Promise<ProvenObject> {
  const verdict = verifyObjectProof(await ledgerOf(store).prove(request), trust);
  if (!verdict.isProven) throw new Error(`${verdict.check}: ${verdict.reason}`);
  return verdict.proven;
}

it('proves what was put, that it is current, and what is not there', async () => {
  const world = new SimulatedWorld(1);
  await world.run(
    (async () => {
      await using store = await openSealed(world);
      await store.createBucket('photos');
      const { version } = await store.put('photos', 'cat.jpg', body, {
        headers: { contentType: 'image/jpeg' },
      });
      await store.put('photos', 'dog.jpg', body);
      await store.delete('photos', 'dog.jpg');
      const standing = await ledgerOf(store).seal();
      assert.is(standing.is, 'ok');
      assert.is(standing.size, 1);
      assert.is(standing.signedSize, 1);
      const trust = await trustIn(ledgerOf(store));
      const cat = { bucket: 'photos', key: 'cat.jpg' };
      const current = await proven(store, trust, { claim: 'current', ...cat });
      assert.equal(current.head.version, [version]);
      assert.is(current.record?.size, 5);
      const written = await proven(store, trust, { claim: 'written', ...cat });
      assert.equal(written.change?.object, [['photos', 'cat.jpg']]);
      await proven(store, trust, { claim: 'absent', bucket: 'photos', key: 'dog.jpg' });
      await proven(store, trust, { claim: 'empty', bucket: 'photos', key: 'd' });
      const listing = await proven(store, trust, { claim: 'listing', bucket: 'photos', key: '' });
      assert.equal(
        listing.head.leaf.map(([, [, key]]) => key),
        ['cat.jpg'],
      );
      await proven(store, trust, { claim: 'current', bucket: '', key: 'photos' });
      const all = { claim: 'listing', bucket: 'photos', key: '' } as const;
      await proven(store, trust, { ...all, leavesMax: 1 });
      const long = ledgerOf(store).prove({ ...all, leavesMax: 0 });
      await failsWith('INVALID_ARGUMENT', long);
      try {
        await proven(store, trust, { claim: 'absent', ...cat });
        assert.unreachable('a present key was proven absent');
      } catch (error) {
        assert.ok(isLogStoreError(error, 'NOT_SEALED'));
      }
    })(),
  );
});

it('goes on after a restart, and adds a block for what was sealed no more', async () => {
  const world = new SimulatedWorld(2);
  await world.run(
    (async () => {
      const store = await openSealed(world);
      await store.createBucket('photos');
      await store.put('photos', 'a', body);
      await store.close();
      await using again = await openSealed(world);
      assert.is(ledgerOf(again).standing().size, 1, 'closing seals');
      await again.put('photos', 'b', body);
      const { size, signedSize } = await ledgerOf(again).seal();
      assert.equal([size, signedSize], [2, 2]);
      const trust = await trustIn(ledgerOf(again));
      for (const key of ['a', 'b']) {
        const { block } = await proven(again, trust, { claim: 'current', bucket: 'photos', key });
        assert.is(block.map[0], 3);
      }
      assert.is((await ledgerOf(again).consistency(1, 2)).length, 1);
    })(),
  );
});

it('seals by itself, ten seconds after a change', async () => {
  const world = new SimulatedWorld(3);
  const store = await world.run(openSealed(world));
  await world.run(store.createBucket('photos'));
  await world.advance(9_000);
  assert.is(ledgerOf(store).standing().size, 0);
  await world.advance(2_000);
  assert.is(ledgerOf(store).standing().signedSize, 1);
  await world.advance(600_000);
  assert.is(ledgerOf(store).standing().size, 1, 'nothing has changed');
  await world.advance(3_600_000);
  assert.is(ledgerOf(store).standing().size, 2, 'a heartbeat');
  await world.run(store.close());
});

it('begins a ledger on a store that has lived without one', async () => {
  const world = new SimulatedWorld(4);
  await world.run(
    (async () => {
      const store = await openSealed(world, { ledger: undefined });
      await store.createBucket('photos');
      for (let index = 0; index < 50; index++) await store.put('photos', `k${index % 20}`, body);
      await store.close();
      await using again = await openSealed(world);
      const { size } = await ledgerOf(again).seal();
      assert.is(size, 1);
      const trust = await trustIn(ledgerOf(again));
      const { head } = await proven(again, trust, { claim: 'listing', bucket: 'photos', key: '' });
      assert.is(head.leaf.length, 20);
    })(),
  );
});

it('proves at the newest heights, after a restart as well, whatever came of the cache', async () => {
  const world = new SimulatedWorld(5);
  const openWith = () =>
    openSealed(world, { ledger: ledgerOn(world, {}, { snapshotAfter: 20 }), cacheBytes: 0 });
  const present = async (store: Store, trust: Trust, height: number) => {
    const request = { bucket: 'photos', key: '', height };
    const listing = await proven(store, trust, { claim: 'listing', ...request });
    assert.is(listing.block.height, height);
    return listing.head.leaf.length;
  };
  const snapshot = 'ledger/1/map.snapshot';
  await world.run(
    (async () => {
      const store = await openWith();
      await store.createBucket('photos');
      for (let index = 0; index < 70; index++) {
        await store.put('photos', `k${index}`, body);
        await ledgerOf(store).seal();
      }
      const trust = await trustIn(ledgerOf(store));
      for (let height = 6; height < 70; height++) {
        assert.is(await present(store, trust, height), height + 1);
      }
      const older = { claim: 'absent', bucket: 'photos', key: 'k9', height: 8 } as const;
      await proven(store, trust, older);
      try {
        await present(store, trust, 5);
        assert.unreachable('65 heights');
      } catch (error) {
        assert.ok(isLogStoreError(error, 'NOT_SEALED'));
      }
      await store.close();
      const sizeBytes = (await world.disk.sizeBytes(snapshot)) ?? 0;
      assert.ok(sizeBytes > 0, 'the map was written out');
      for (const damage of ['none', 'a byte', 'lost']) {
        if (damage === 'a byte') await overwriteByte(world, snapshot, sizeBytes - 200);
        if (damage === 'lost') await world.disk.unlink(snapshot);
        await using again = await openWith();
        for (let height = 60; height < 70; height++) {
          assert.is(await present(again, trust, height), height + 1, damage);
        }
      }
    })(),
  );
});

async function overwriteByte(world: SimulatedWorld, path: string, offset: number): Promise<void> {
  const file = await world.disk.open(path, 'write');
  await file.write(offset, [Uint8Array.of(1)]);
  await file.close();
}

it.run();
