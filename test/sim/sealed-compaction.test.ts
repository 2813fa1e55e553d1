import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { highWaterFile } from '../../src/ledger/ledger-files.js';
import type { StoreOptions } from '../../src/store/store-options.js';
import type { Store } from '../../src/store/types.js';
import { failsWith } from '../conformance/store-words.js';
import { auditOf, type Life, openForLife, SignedHeads } from './sealed-life.js';
import { ledgerOf, ledgerOn, openSealed } from './sealed-store.js';
import { SeededRandom } from './seeded-random.js';
import { SimulatedWorld } from './simulated-host.js';

const it = suite('a ledger beside compaction');
const bucket = 'photos';
const options: StoreOptions = { segmentBytes: 20_000, hashThreadsMax: 0, cacheBytes: 0 };

it('a full audit passes after many compactions and restarts', async () => {
  const world = new SimulatedWorld(1);
  const random = new SeededRandom(5);
  const life: Life = { signed: new SignedHeads(), name: 'one', options };
  for (let round = 0; round < 6; round++) {
    await world.run(
      (async () => {
        await using store = await openForLife(world, life);
        if (round === 0) await store.createBucket(bucket);
        for (let step = 0; step < 40; step++) {
          const key = `k${random.below(20)}`;
          await store.put(bucket, key, random.bytes(random.between(0, 3000)));
          if (random.chance(0.3)) await store.setTags(bucket, key, { round: String(round) });
          if (random.chance(0.3)) await store.delete(bucket, `k${random.below(20)}`);
          if (random.chance(0.1)) await ledgerOf(store).seal();
        }
        await store.setBucketConfiguration(bucket, 'policy', `{"round":${round}}`);
        await store.compact();
      })(),
    );
    const { wrong, objectCount } = await auditOf(world);
    assert.is(wrong, undefined, `round ${round}`);
    assert.ok((objectCount ?? 0) > 3);
  }
});

it('without its ledger a store forgets nothing that has yet to be sealed', async () => {
  const world = new SimulatedWorld(2);
  const without = { ...options, ledger: undefined };
  await world.run(
    (async () => {
      const store = await openSealed(world, options);
      await store.createBucket(bucket);
      for (let index = 0; index < 30; index++) {
        await store.put(bucket, `k${index % 10}`, new Uint8Array(2000).fill(index));
      }
      await store.close();
      const off = await openSealed(world, without);
      assert.ok((await off.compact()).freedBytes > 0, 'all of it is sealed');
      for (let index = 0; index < 10; index++) await off.delete(bucket, `k${index}`);
      await failsWith('NOT_SEALED', off.compact());
      await off.close();
      const again = await openSealed(world, options);
      await again.compact();
      await again.close();
    })(),
  );
  const { wrong, objectCount } = await auditOf(world);
  assert.equal([wrong, objectCount], [undefined, 1]);
});

it('nothing is forgotten where the ledger cannot read what it has yet to seal', async () => {
  const world = new SimulatedWorld(4);
  let isFailing = false;
  let isRewritten = false;
  world.faults.faultWhen(({ kind, path, to = '' }) => {
    if (kind === 'rename' && to.endsWith('.footer')) isRewritten = true;
    const isRead = path.startsWith('log/') && (kind === 'open' || kind === 'read');
    return isFailing && isRewritten && isRead ? { is: 'refused', errno: 'EIO' } : undefined;
  });
  const fill = async () => {
    {
      await using store = await openSealed(world, options);
      await store.createBucket(bucket);
      for (let index = 0; index < 30; index++) {
        await store.put(bucket, `k${index % 10}`, new Uint8Array(2000).fill(index));
      }
    }
    await using store = await openSealed(world, { ...options, ledger: undefined });
    for (let index = 0; index < 9; index++) await store.delete(bucket, `k${index}`);
  };
  await world.run(fill());
  const warnings: string[] = [];
  const ledger = ledgerOn(world);
  const open = async () => {
    const link = await ledger.open();
    isFailing = isRewritten = true;
    return link;
  };
  const warn = (message: string) => warnings.push(message);
  const store = await world.run(openSealed(world, { ...options, ledger: { open }, warn }));
  await world.advance(100);
  assert.equal(warnings, ['the ledger cannot follow the log: it is tried again']);
  isRewritten = false; // the disk gives everything until the ledger is asked for again
  await world.run(failsWith('IO', store.compact()));
  await world.run(failsWith('IO', ledgerOf(store).seal()));
  isFailing = false;
  await world.advance(11_000);
  const { storeSequenceNext } = ledgerOf(store).standing();
  assert.ok(storeSequenceNext > 40, `up to record ${storeSequenceNext} all is sealed`);
  assert.ok((await world.run(store.compact())).freedBytes > 0);
  await world.run(store.close());
  const { wrong, objectCount } = await auditOf(world);
  assert.equal([wrong, objectCount], [undefined, 2]);
});

async function put(store: Store, index: number): Promise<string> {
  await store.put(bucket, `k${index}`, new Uint8Array(10));
  return `k${index}`;
}

it('what is written while the ledger catches up with very much is in it as well', async () => {
  const world = new SimulatedWorld(5);
  const large = { segmentBytes: 1024 ** 3, hashThreadsMax: 0, cacheBytes: 0 };
  const fill = async () => {
    await using store = await openSealed(world, { ...large, ledger: undefined });
    await store.createBucket(bucket);
    for (let index = 0; index < 140; index++) {
      await store.setBucketConfiguration(bucket, 'policy', `${index}`.padEnd(250_000, 'x'));
    }
    for (let index = 0; index < 200; index++) await store.delete(bucket, await put(store, index));
  };
  await world.run(fill());
  const write = async () => {
    await using store = await openSealed(world, large);
    for (let index = 0; index < 40; index++) await put(store, index);
    await ledgerOf(store).seal();
  };
  await world.run(write());
  const { wrong, objectCount } = await auditOf(world);
  assert.equal([wrong, objectCount], [undefined, 42]);
});

it('what was given is in the next block, however often the disk was too full for one', async () => {
  const world = new SimulatedWorld(3);
  let isFull = false;
  const isOfLedger = (path: string) => path.startsWith('ledger/1/log/');
  world.faults.faultWhen(({ kind, path }) =>
    isFull && kind === 'write' && isOfLedger(path) ? { is: 'refused', errno: 'ENOSPC' } : undefined,
  );
  await world.run(
    (async () => {
      await using store = await openSealed(world, options);
      await store.createBucket(bucket);
      await ledgerOf(store).seal();
      isFull = true;
      for (let index = 0; index < 5; index++) {
        await store.put(bucket, `k${index}`, new Uint8Array(10));
        await ledgerOf(store)
          .seal()
          .then(
            () => assert.unreachable('it was full'),
            () => undefined,
          );
      }
      isFull = false;
    })(),
  );
  await world.run(
    (async () => {
      await using store = await openSealed(world, options);
      assert.is((await ledgerOf(store).seal()).is, 'ok');
    })(),
  );
  const { wrong, objectCount, changeCount } = await auditOf(world);
  assert.equal([wrong, objectCount, changeCount], [undefined, 6, 6]);
});

it('a mark that a full disk kept from being made is made when there is room again', async () => {
  for (const kind of ['write', 'sync'] as const) {
    const world = new SimulatedWorld(5);
    let isFull = true;
    world.faults.faultWhen((call) =>
      isFull && call.kind === kind && call.path === highWaterFile
        ? { is: 'refused', errno: 'ENOSPC' }
        : undefined,
    );
    const store = await world.run(openSealed(world, options));
    await world.run(store.createBucket(bucket));
    assert.is((await world.run(ledgerOf(store).seal())).is, 'unsigned');
    isFull = false;
    await world.advance(11_000);
    const { is, size, signedSize } = ledgerOf(store).standing();
    assert.equal([is, signedSize], ['ok', size], kind);
    await world.run(store.close());
    assert.is((await auditOf(world)).wrong, undefined);
  }
});

it('a ledger that a full disk kept from being opened is opened when there is room again', async () => {
  for (const kept of ['all', 'origin', 'some'] as const) {
    const world = new SimulatedWorld(4);
    await world.run(
      (async () => {
        if (kept === 'all') return await (await openSealed(world, { ledger: undefined })).close();
        await using store = await openSealed(world, options);
        await store.createBucket(bucket);
      })(),
    );
    let [isFull, metCount] = [true, 0];
    world.faults.faultWhen(({ kind, path }) => {
      const isMet = isFull && path.startsWith('ledger') && (kind === 'write' || kind === 'open');
      if (!isMet || (kept === 'origin' && !path.includes('/log/'))) return undefined;
      metCount++;
      return { is: 'refused', errno: 'ENOSPC' };
    });
    const warnings: string[] = [];
    const warn = (message: string) => warnings.push(message);
    const store = await world.run(openSealed(world, { ...options, warn }));
    if (kept === 'all') await world.run(store.createBucket(bucket));
    assert.ok(metCount > 0);
    await world.run(store.put(bucket, 'k', new Uint8Array(10)));
    await world.advance(21_000);
    await world.run(failsWith('NO_SPACE', ledgerOf(store).seal()));
    assert.is(ledgerOf(store).standing().is, 'broken');
    assert.ok(warnings.length > 0);
    await world.run(store.put(bucket, 'l', new Uint8Array(10)));
    isFull = false;
    await world.advance(11_000);
    const { is, size, signedSize, reason } = ledgerOf(store).standing();
    assert.equal([is, signedSize, reason], ['ok', size, undefined], kept);
    await world.run(ledgerOf(store).prove({ claim: 'current', bucket, key: 'l' }));
    await world.run(store.close());
    const { wrong, objectCount, changeCount } = await auditOf(world);
    assert.equal([wrong, objectCount, changeCount], [undefined, 3, 3], kept);
  }
});

it.run();
