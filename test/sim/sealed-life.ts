import * as assert from 'uvu/assert';
import { errnoOf, isLogStoreError } from '../../src/base/errors.js';
import { changeRecord } from '../../src/format/change-record.js';
import { decodeCheckpoint } from '../../src/ledger/checkpoint.js';
import { highWaterFile } from '../../src/ledger/ledger-files.js';
import type { LedgerSecret } from '../../src/ledger/ledger-secret.js';
import type { SealerOptions } from '../../src/ledger/open-sealer.js';
import { type LedgerReport, readLedger, verifyLedger } from '../../src/store/ledger-reports.js';
import type { StoreOptions } from '../../src/store/store-options.js';
import type { Store } from '../../src/store/types.js';
import { ledgerOf, ledgerOn, openSealed, testSecret } from './sealed-store.js';
import { ProcessDied, SimulatedWorld } from './simulated-host.js';

const decoder = new TextDecoder();
const body = new TextEncoder().encode('hello');
export const sealedBucket = 'photos';

/** All that a key was made to sign, in whatever life: by origin and size the root. */
export class SignedHeads {
  readonly #roots: Map<string, string>;

  /** @param until what was signed before: two worlds may go on from there, each on its own */
  constructor(until?: SignedHeads) {
    this.#roots = new Map(until === undefined ? [] : until.#roots);
  }

  readonly secret: LedgerSecret = (origin) => {
    const signer = testSecret(origin);
    const sign = (message: Uint8Array) => {
      const { size, root } = decodeCheckpoint(decoder.decode(message));
      this.#note(`${origin} ${size}`, Buffer.from(root).toString('hex'));
      return signer.sign(message);
    };
    return { key: signer.key, sign };
  };

  get count(): number {
    return this.#roots.size;
  }

  /** The ledger as it is goes on from all that was signed. */
  async holdIn(world: SimulatedWorld): Promise<void> {
    await using opened = await readLedger(world);
    for (const [head, root] of this.#roots) {
      const [origin, size] = head.split(' ');
      assert.is(origin, opened.origin, 'no other log was begun');
      assert.ok(Number(size) <= opened.ledger.size, `${size} blocks were signed`);
      const now = opened.ledger.tree.rootAt(Number(size));
      assert.is(Buffer.from(now).toString('hex'), root, `what ${size} blocks were`);
    }
  }

  #note(head: string, root: string): void {
    assert.is(this.#roots.get(head) ?? root, root, `two signed roots: ${head}`);
    this.#roots.set(head, root);
  }
}

export interface Life {
  readonly signed: SignedHeads;
  /** Part of the names of what is put. */
  readonly name: string;
  readonly sealer?: Partial<SealerOptions>;
  readonly options?: StoreOptions;
}

export function openForLife(world: SimulatedWorld, life: Life): Promise<Store> {
  const sealer = { secrets: [life.signed.secret], snapshotAfter: 3, ...life.sealer };
  const ledger = ledgerOn(world, {}, sealer);
  return openSealed(world, { ledger, hashThreadsMax: 0, cacheBytes: 0, ...life.options });
}

/** Some of everything is written and sealed, in three blocks. */
export async function live(world: SimulatedWorld, life: Life): Promise<Store> {
  const { name } = life;
  const store = await openForLife(world, life);
  await ensureBucket(store);
  await store.put(sealedBucket, `${name}/a`, body);
  await store.put(sealedBucket, `${name}/b`, body, { tags: { of: name } });
  await ledgerOf(store).seal();
  await store.setTags(sealedBucket, `${name}/a`, { of: name });
  await store.delete(sealedBucket, `${name}/b`);
  await store.setBucketConfiguration(sealedBucket, 'policy', `{"of":"${name}"}`);
  await ledgerOf(store).seal();
  await store.put(sealedBucket, `${name}/a`, body);
  await store.close();
  return store;
}

async function ensureBucket(store: Store): Promise<void> {
  try {
    await store.createBucket(sealedBucket);
  } catch (error) {
    if (!isLogStoreError(error, 'BUCKET_EXISTS')) throw error;
  }
}

/** How a life ended; whatever is no error of ours rises. */
export async function outcomeOf(world: SimulatedWorld, life: Life): Promise<string> {
  try {
    await world.run(live(world, life));
    return 'all';
  } catch (error) {
    if (error instanceof ProcessDied) return 'died';
    if (isLogStoreError(error)) return error.code;
    const isOfStore = errnoOf(error) !== undefined && !String(error).includes("'ledger/");
    if (isOfStore) return 'the disk fails the store';
    throw error;
  }
}

export function auditOf(world: SimulatedWorld): Promise<LedgerReport> {
  const highWater = { disk: world.disk, path: highWaterFile };
  return world.run(verifyLedger(world, { full: true, highWater }));
}

/** After an ordinary start all is sealed and signed, nothing twice, and what was signed holds. */
export async function goesOn(world: SimulatedWorld, before: SignedHeads): Promise<void> {
  const signed = new SignedHeads(before);
  const life = { signed, name: 'after' };
  assert.is(await outcomeOf(world, life), 'all');
  const store = await world.run(openForLife(world, life));
  const { is, size, signedSize, reason } = await world.run(ledgerOf(store).seal());
  assert.equal([is, signedSize, reason], ['ok', size, undefined]);
  await world.run(store.close());
  await world.run(signed.holdIn(world));
  await world.run(eachChangeOnce(world));
  assert.is((await auditOf(world)).wrong, undefined);
}

async function eachChangeOnce(world: SimulatedWorld): Promise<void> {
  await using opened = await readLedger(world);
  const seen = new Set<string>();
  for (let height = 0; height < opened.ledger.size; height++) {
    for (const { text } of await opened.ledger.changes(await opened.ledger.block(height))) {
      const { version, object } = changeRecord.decode(text);
      const change = `${version} ${object.join()}`;
      assert.not(seen.has(change), `twice: ${change}`);
      seen.add(change);
    }
  }
}

/** A closed store with a ledger of several blocks, and all that was signed. */
export async function aWorld(seed = 1, name = 'one') {
  const world = new SimulatedWorld(seed);
  const life: Life = { signed: new SignedHeads(), name };
  await world.run(live(world, life));
  return { world: world.crash(1, 'kill'), life };
}

/** Opens a store, does something with it, and closes it. */
export async function inStore<T>(
  world: SimulatedWorld,
  life: Life,
  act: (store: Store) => Promise<T>,
) {
  return await world.run(
    (async () => {
      await using store = await openForLife(world, life);
      return await act(store);
    })(),
  );
}

export function ledgerPaths(world: SimulatedWorld): string[] {
  return world.disk.testPaths().filter((path) => path.startsWith('ledger/'));
}
