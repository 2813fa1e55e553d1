import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../src/base/errors.js';
import { highWaterFile } from '../../../src/ledger/ledger-files.js';
import { verifyObjectProof } from '../../../src/ledger/verify.js';
import { type LedgerReport, verifyLedger } from '../../../src/store/ledger-reports.js';
import type { ProofRequest, Store } from '../../../src/store/types.js';
import { ledgerOf, openSealed, trustIn } from '../../sim/sealed-store.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';

const it = suite('store: all state in the ledger');
const body = new TextEncoder().encode('hello');
const untilUnixMs = Date.UTC(2030, 0, 1);

async function proven(store: Store, request: ProofRequest) {
  const trust = await trustIn(ledgerOf(store));
  const verdict = verifyObjectProof(await ledgerOf(store).prove(request), trust);
  if (!verdict.isProven) throw new Error(`${verdict.check}: ${verdict.reason}`);
  return verdict.proven;
}

function audit(world: SimulatedWorld): Promise<LedgerReport> {
  const highWater = { disk: world.disk, path: highWaterFile };
  return verifyLedger(world, { full: true, highWater });
}

/** Buckets, configurations, versions, markers, tags and locks, of all of which some are gone. */
async function fill(store: Store, seal: () => Promise<unknown>): Promise<void> {
  await store.createBucket('photos', { objectLock: true });
  await store.createBucket('gone');
  await store.setBucketConfiguration('gone', 'policy', '{"a":1}');
  await store.setBucketConfiguration('gone', 'cors', '<x/>');
  await store.setBucketConfiguration('photos', 'policy', '{"v":1}');
  await seal();
  await store.setBucketConfiguration('photos', 'policy', '{"v":2}');
  await store.setBucketConfiguration('photos', 'website', '<x/>');
  await store.setBucketConfiguration('photos', 'website', null);
  await store.put('photos', 'plain', body);
  await store.put('photos', 'tagged', body, { tags: { a: '1' } });
  await store.put('photos', 'held', body);
  await seal();
  await store.setTags('photos', 'tagged', { a: '2' });
  await store.setTags('photos', 'tagged', { b: '3' });
  await store.setLegalHold('photos', 'held', true);
  await store.setRetention('photos', 'held', { mode: 'GOVERNANCE', untilUnixMs });
  await seal();
  await store.setLegalHold('photos', 'held', false);
  await store.setTags('photos', 'tagged', {});
  await store.put('photos', 'marked', body);
  await store.delete('photos', 'marked');
  await store.deleteBucket('gone');
}

it('is what the store holds, sealed often or at once, before compaction and after', async () => {
  for (const often of [true, false]) {
    const world = new SimulatedWorld(1);
    await world.run(
      (async () => {
        const store = await openSealed(world, { hashThreadsMax: 0 });
        await fill(store, async () => often && (await ledgerOf(store).seal()));
        await ledgerOf(store).seal();
        await store.compact();
        await store.put('photos', 'later', body);
        await store.setTags('photos', 'later', { z: '1' });
        await store.close();
      })(),
    );
    const report = await world.run(audit(world));
    assert.is(report.wrong, undefined);
    // The bucket with its lock, versioning and policy; five keys, of which one has two versions.
    assert.is(report.objectCount, 4 + 6, `sealed often: ${often}`);
  }
});

it('proves policies and that there are none, markers, tags and locks', async () => {
  const world = new SimulatedWorld(2);
  await world.run(
    (async () => {
      await using store = await openSealed(world, { hashThreadsMax: 0 });
      await fill(store, async () => undefined);
      await ledgerOf(store).seal();
      const current = (bucket: string, key: string) =>
        proven(store, { claim: 'current', bucket, key });
      const policy = await current('', 'photos/policy');
      assert.is(policy.record?.kind, 'configuration');
      assert.is(policy.record?.size, 7);
      await proven(store, { claim: 'absent', bucket: '', key: 'photos/website' });
      await proven(store, { claim: 'absent', bucket: '', key: 'gone' });
      await proven(store, { claim: 'empty', bucket: '', key: 'gone/' });
      assert.is((await current('photos', 'marked')).record?.kind, 'marker');
      assert.is((await current('photos', 'plain')).state, undefined);
      const held = await current('photos', 'held');
      assert.is(held.record?.state, undefined, 'it was put without');
      assert.is(held.state?.state?.length, 32);
      const cleared = await current('photos', 'tagged');
      assert.is(cleared.record?.state?.length, 32, 'it was put with a tag');
      assert.ok(cleared.state !== undefined && cleared.state.state === undefined);
      for (const key of ['gone', 'gone/cors', 'gone/policy']) {
        const written = proven(store, { claim: 'written', bucket: '', key });
        await written.then(
          () => assert.unreachable('nothing of it is there'),
          (error) => assert.ok(isLogStoreError(error, 'NOT_SEALED')),
        );
      }
    })(),
  );
});

it('refuses a state of another version, and one that is left out', async () => {
  const world = new SimulatedWorld(3);
  await world.run(
    (async () => {
      await using store = await openSealed(world, { hashThreadsMax: 0 });
      await store.createBucket('photos');
      for (const key of ['a', 'b']) {
        await store.put('photos', key, body);
        await store.setTags('photos', key, { of: key });
      }
      await ledgerOf(store).seal();
      const trust = await trustIn(ledgerOf(store));
      const proofOf = async (key: string) =>
        (await ledgerOf(store).prove({ claim: 'current', bucket: 'photos', key })).split('\n\n');
      const [head = '', record = '', state = '', ...rest] = await proofOf('a');
      const other = await proofOf('b');
      const isProven = (...texts: string[]) =>
        verifyObjectProof([...texts, ...rest].join('\n\n'), trust).isProven;
      assert.ok(isProven(head, record, state));
      assert.not(isProven(head, record));
      assert.not(isProven(head, state, record));
      assert.not(isProven(head, record, state, state));
      assert.not(isProven(head, other[1] ?? '', state));
      assert.not(isProven(head, record, other[2] ?? ''));
    })(),
  );
});

it.run();
