import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogStoreError } from '../../src/base/errors.js';
import { nodeHost } from '../../src/host/node-host.js';
import { openStoreOn } from '../../src/store/store.js';
import type { Store } from '../../src/store/types.js';
import { verifyStore } from '../../src/store/verify.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { temporaryDirectory } from '../unit/host/temporary-directory.js';

const compaction = suite('compaction against a map');
const segmentBytes = 1024 ** 2;
const historyCount = Number(process.env.LOGSTORE_TEST_HISTORIES ?? 12);
const stepCount = 120;

function bodyOf(random: SeededRandom): Uint8Array {
  const kinds = [10, 2_000, 60_000, 90_000, 300_000];
  const size = kinds[random.below(kinds.length)] ?? 10;
  return createHash('shake128', { outputLength: size })
    .update(String(random.below(2 ** 30)))
    .digest();
}

class History {
  readonly expected = new Map<string, Uint8Array>();
  store: Store | undefined;

  constructor(
    private readonly path: string,
    private readonly random: SeededRandom,
  ) {}

  async open(): Promise<Store> {
    this.store = await openStoreOn(nodeHost(this.path), { segmentBytes });
    return this.store;
  }

  #key(): string {
    return `key-${this.random.below(25)}`;
  }

  async step(store: Store): Promise<void> {
    const { random, expected } = this;
    const dice = random.below(100);
    if (dice < 50) {
      const [key, body] = [this.#key(), bodyOf(random)];
      await store.put('bucket', key, body);
      expected.set(key, body);
    } else if (dice < 65) {
      const key = this.#key();
      await store.delete('bucket', key);
      expected.delete(key);
    } else if (dice < 80) {
      const [from, to] = [this.#key(), this.#key()];
      const body = expected.get(from);
      if (body === undefined || from === to) return;
      await store.copy({ bucket: 'bucket', key: from }, 'bucket', to);
      expected.set(to, body);
    } else if (dice < 85) {
      const [a, b, body] = [this.#key(), this.#key(), bodyOf(random)];
      await store.transaction(async (transaction) => {
        await transaction.put('bucket', a, body);
        await transaction.delete('bucket', b);
      });
      expected.set(a, body);
      expected.delete(b);
    } else if (dice < 92) await this.#upload(store);
    else await store.compact({ all: random.below(2) === 0 });
  }

  /** Small objects by multipart: one part, replaced once in a while, or given up. */
  async #upload(store: Store): Promise<void> {
    const { random, expected } = this;
    const [key, body] = [this.#key(), bodyOf(random)];
    const { uploadId } = await store.createUpload('bucket', key);
    await store.putPart('bucket', key, uploadId, 2, bodyOf(random));
    const { etag } = await store.putPart('bucket', key, uploadId, 1, body);
    const dice = random.below(4);
    if (dice === 0) await store.abortUpload('bucket', key, uploadId);
    if (dice < 2) return; // given up, or left open
    await store.completeUpload('bucket', key, uploadId, [{ number: 1, etag }]);
    expected.set(key, body);
  }

  async check(store: Store, when: string): Promise<void> {
    const listed: string[] = [];
    for await (const { key } of store.objects('bucket')) listed.push(key);
    assert.equal(listed, [...this.expected.keys()].sort(), when);
    for (const [key, body] of this.expected) {
      const got = await store
        .getBytes('bucket', key)
        .catch((error: LogStoreError) => error.message);
      assert.ok(
        typeof got !== 'string' && Buffer.compare(got, body) === 0,
        `${when}: ${key} ${got}`,
      );
    }
  }
}

for (let seed = 1; seed <= historyCount; seed++) {
  compaction(`nothing deleted comes back, nothing live is lost: history ${seed}`, async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'store');
    const random = new SeededRandom(seed);
    const history = new History(path, random);
    let store = await history.open();
    await store.createBucket('bucket');
    for (let step = 0; step < stepCount; step++) {
      await history.step(store);
      if (random.below(30) > 0) continue;
      await history.check(store, `seed ${seed}, step ${step}`);
      const digest = await store.indexDigest();
      await store.close();
      if (random.below(2) === 0) rmSync(join(path, 'index.snapshot'));
      store = await history.open();
      assert.equal(await store.indexDigest(), digest, `the same index: seed ${seed}, step ${step}`);
      await history.check(store, `reopened: seed ${seed}, step ${step}`);
    }
    await store.compact({ all: true });
    await store.close();
    const report = await verifyStore(nodeHost(path));
    assert.ok(report.sound, JSON.stringify(report.findings.slice(0, 3)));
    rmSync(join(path, 'index.snapshot'));
    store = await history.open();
    await history.check(store, `at the end: seed ${seed}`);
    await store.close();
  });
}

compaction.run();
