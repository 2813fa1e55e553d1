import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../src/base/errors.js';
import { snapshotFile } from '../../src/format/file-names.js';
import { replayStore } from '../../src/store/replay.js';
import { openStoreOn } from '../../src/store/store.js';
import type { Store } from '../../src/store/types.js';
import { verifyStore } from '../../src/store/verify.js';
import { SeededRandom } from './seeded-random.js';
import { SimulatedWorld } from './simulated-host.js';

export const tinySegments = { segmentBytes: 24 * 1024, hashThreadsMax: 0 } as const;

interface Held {
  readonly body: Uint8Array;
  readonly expiresUnixMs: number | undefined;
}

interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
  etag: string | undefined;
  body: Uint8Array | undefined;
}

/** A key that nobody else writes in this round: the one wanted, or any. */
type Taken = (wanted?: string) => string | undefined;

const keyCount = 12;
const sizesBytes = [0, 3, 300, 2_000, 6_000, 70_000];

/**
 * A store under all that writers do at once, with compaction at random points, restarts and
 * crashes in between, held against a Map. All of it follows from the seed.
 */
export class CompactionHistory {
  readonly #random: SeededRandom;
  #world: SimulatedWorld;
  #store: Store | undefined;
  #held = new Map<string, Held>();
  #uploads: OpenUpload[] = [];
  /** Of earlier closes: an older one may come back from a copy of the directory. */
  readonly #snapshots: Uint8Array[] = [];
  #bucketIsBusy = false;
  compactionCount = 0;

  constructor(readonly seed: number) {
    this.#random = new SeededRandom(seed);
    this.#world = new SimulatedWorld(seed);
  }

  async live(rounds: number): Promise<void> {
    await this.#open();
    await this.#run((store) => store.createBucket('bucket'));
    for (let round = 0; round < rounds; round++) {
      await this.#round();
      if (this.#random.chance(0.12)) await this.#restart();
    }
    await this.#run((store) => store.compact({ all: true }));
    await this.#check('compacted at the end');
    await this.#restart('without a snapshot');
    await this.#run((store) => store.close());
    const report = await this.#world.run(verifyStore(this.#world));
    assert.ok(report.sound, JSON.stringify(report.findings.slice(0, 3)));
  }

  #run<T>(work: (store: Store) => Promise<T>): Promise<T> {
    const store = this.#store;
    if (store === undefined) throw new Error('no store is open');
    return this.#world.run(work(store));
  }

  async #open(): Promise<void> {
    // Every second history has parity made of its segments meanwhile.
    const parity = this.seed % 2 === 0 ? 'inline' : 'off';
    this.#store = await this.#world.run(openStoreOn(this.#world, { ...tinySegments, parity }));
  }

  /** Several operations at once on different keys, and compaction beside them. */
  async #round(): Promise<void> {
    const random = this.#random;
    const keys = Array.from({ length: keyCount }, (_, index) => `key-${index}`);
    // Each key has one writer at a time, so that the Map knows who came last.
    const taken = (wanted?: string) => {
      const at = wanted === undefined ? random.below(keys.length) : keys.indexOf(wanted);
      return at < 0 ? undefined : keys.splice(at, 1)[0];
    };
    await this.#run(async (store) => {
      const work: Promise<void>[] = [];
      if (random.chance(0.35)) work.push(this.#compact(store));
      for (let count = random.between(1, 4); count > 0; count--)
        work.push(this.#step(store, taken));
      if (random.chance(0.2)) work.push(this.#compact(store));
      await Promise.all(work);
    });
    if (random.chance(0.1)) await this.#world.advance(90_000); // expired ones are swept meanwhile
    if (random.chance(0.1)) await this.#check('between');
  }

  async #compact(store: Store): Promise<void> {
    try {
      await store.compact({ all: this.#random.chance(0.6) });
      this.compactionCount++;
    } catch (error) {
      if (!isLogStoreError(error, 'BUSY')) throw error;
    }
  }

  async #step(store: Store, taken: Taken): Promise<void> {
    const dice = this.#random.below(100);
    const [key = '', other = ''] = [taken(), taken()];
    if (dice < 35) return await this.#put(store, key);
    if (dice < 50) return await this.#delete(store, key);
    if (dice < 65) return await this.#copyBesideDelete(store, key, other);
    if (dice < 77) return await this.#transact(store, key, other);
    if (dice < 95 || this.#bucketIsBusy) return await this.#upload(store, key, taken);
    this.#bucketIsBusy = true;
    await this.#bucketAnew(store);
    this.#bucketIsBusy = false;
  }

  #body(): Uint8Array {
    return this.#random.bytes(this.#random.pick(sizesBytes));
  }

  async #put(store: Store, key: string): Promise<void> {
    const body = this.#body();
    const options = this.#random.chance(0.2) ? { ttlMs: this.#random.between(10, 80_000) } : {};
    const { expiresUnixMs } = await store.put('bucket', key, body, options);
    this.#held.set(key, { body, expiresUnixMs });
  }

  async #delete(store: Store, key: string): Promise<void> {
    await store.delete('bucket', key);
    this.#held.delete(key);
  }

  /** The source may go in the same moment; then the copy is whole, or has not happened. */
  async #copyBesideDelete(store: Store, from: string, to: string): Promise<void> {
    const source = this.#held.get(from);
    const copying = store.copy({ bucket: 'bucket', key: from }, 'bucket', to).then(
      (info) => info,
      (error: unknown) => {
        if (!isLogStoreError(error, 'NO_SUCH_KEY')) throw error;
        return undefined;
      },
    );
    const deletes = this.#random.chance(0.5);
    const [info] = await Promise.all([copying, deletes ? store.delete('bucket', from) : undefined]);
    if (deletes) this.#held.delete(from);
    if (info === undefined) return;
    assert.ok(source !== undefined, 'what is copied was there');
    this.#held.set(to, { body: source.body, expiresUnixMs: info.expiresUnixMs });
  }

  async #transact(store: Store, put: string, removed: string): Promise<void> {
    const body = this.#body();
    const gives = this.#random.chance(0.2);
    const transaction = store.transaction(async (all) => {
      await all.put('bucket', put, body);
      await all.delete('bucket', removed);
      if (gives) throw new Error('given up');
    });
    if (gives) return await transaction.catch(() => undefined);
    try {
      await transaction;
    } catch (error) {
      if (!isLogStoreError(error, 'CONFLICT')) throw error; // an expired object was removed
      return;
    }
    this.#held.set(put, { body, expiresUnixMs: undefined });
    this.#held.delete(removed);
  }

  /** Begins an upload, or goes on with one: another part, the same part anew, its end. */
  async #upload(store: Store, key: string, taken: Taken): Promise<void> {
    const random = this.#random;
    const going = random.chance(0.7) ? this.#uploads.splice(0, 1)[0] : undefined;
    if (going !== undefined && going.key !== key && taken(going.key) === undefined) {
      this.#uploads.push(going); // somebody else writes there just now
      return;
    }
    if (going === undefined) {
      const { uploadId } = await store.createUpload('bucket', key);
      this.#uploads.push({ key, uploadId, etag: undefined, body: undefined });
      return;
    }
    const { uploadId } = going;
    const dice = random.below(10);
    if (dice < 5 || going.etag === undefined) {
      const body = this.#body();
      await store.putPart('bucket', going.key, uploadId, 2, this.#body());
      const { etag } = await store.putPart('bucket', going.key, uploadId, 1, body);
      this.#uploads.push({ ...going, etag, body });
    } else if (dice < 7) await store.abortUpload('bucket', going.key, uploadId);
    else {
      const parts = [{ number: 1, etag: going.etag }];
      await store.completeUpload('bucket', going.key, uploadId, parts);
      if (going.body !== undefined) {
        this.#held.set(going.key, { body: going.body, expiresUnixMs: undefined });
      }
    }
  }

  /** A second bucket is filled, emptied, deleted and created again: what was in it is gone. */
  async #bucketAnew(store: Store): Promise<void> {
    try {
      await store.createBucket('other');
    } catch (error) {
      if (!isLogStoreError(error, 'BUCKET_EXISTS')) throw error;
      await store.delete('other', 'only');
      await store.deleteBucket('other');
      await store.createBucket('other');
    }
    assert.equal((await store.list('other')).objects, []);
    const { uploadId } = await store.createUpload('other', 'only');
    await store.putPart('other', 'only', uploadId, 1, this.#body());
    await store.put('other', 'only', this.#body());
  }

  async #restart(snapshot: 'any' | 'without a snapshot' = 'any'): Promise<void> {
    const random = this.#random;
    await this.#check('before a restart');
    if (random.chance(0.5)) {
      await this.#run((store) => store.close());
      this.#world = this.#world.crash(random.word(), random.pick(['kill', 'power']));
      this.#snapshots.push(this.#world.disk.testBytesOf(snapshotFile));
    } else this.#world = this.#world.crash(random.word(), random.pick(['kill', 'power']));
    if (snapshot !== 'any' || random.chance(0.4)) {
      const old = this.#snapshots.length > 0 && random.chance(0.6);
      this.#replaceSnapshot(snapshot === 'any' && old ? random.pick(this.#snapshots) : undefined);
    }
    await this.#open();
    const digest = await this.#run((store) => store.indexDigest());
    const { indexDigest } = await this.#world.run(replayStore(this.#world, {}, () => undefined));
    assert.equal(digest, indexDigest, 'the index is what the log alone makes of it');
    await this.#check('after a restart');
  }

  #replaceSnapshot(bytes: Uint8Array | undefined): void {
    const { disk } = this.#world;
    if (disk.testPaths().includes(snapshotFile)) disk.testRemove(snapshotFile);
    if (bytes !== undefined) disk.testPlant(snapshotFile, bytes);
  }

  async #check(when: string): Promise<void> {
    const nowMs = this.#world.clock.nowUnixMs();
    for (const [key, { expiresUnixMs }] of this.#held) {
      if (expiresUnixMs !== undefined && expiresUnixMs <= nowMs) this.#held.delete(key);
    }
    await this.#run(async (store) => {
      const listed: string[] = [];
      for await (const { key } of store.objects('bucket')) listed.push(key);
      assert.equal(listed, [...this.#held.keys()].sort(), when);
      for (const [key, { body, expiresUnixMs = Infinity }] of this.#held) {
        if (expiresUnixMs <= this.#world.clock.nowUnixMs() + 1_000) continue; // reading takes time
        const got = await store.getBytes('bucket', key);
        assert.ok(Buffer.compare(got, body) === 0, `${when}: ${key} has its bytes`);
      }
      for (const { key, uploadId, etag } of this.#uploads) {
        const { parts } = await store.listParts('bucket', key, uploadId);
        assert.is(parts[0]?.etag, etag, `${when}: the upload of ${key} has its part`);
      }
    });
  }
}
