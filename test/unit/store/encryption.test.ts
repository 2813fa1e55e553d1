import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../src/base/errors.js';
import {
  type KeyRing,
  keyFileText,
  keysOfText,
  type StoreKey,
  storeKey,
} from '../../../src/encryption/key-ring.js';
import { openStoreOn } from '../../../src/store/store.js';
import type { Store } from '../../../src/store/types.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { SimulatedWorld } from '../../sim/simulated-host.js';

const encryption = suite('encryption in the store');

const random = new SeededRandom(11);

function aKey(): StoreKey {
  const key = storeKey(random.bytes(32));
  if (key === undefined) throw new Error('a key has 32 bytes');
  return key;
}

/** Keys in memory; `rotate` adds one. */
function aRing(): KeyRing & { rotate(): void } {
  const keys = [aKey()];
  return {
    place: 'the ring of this test',
    get current() {
      return keys.at(-1);
    },
    find: (id) => keys.find((each) => Buffer.compare(each.id, id) === 0),
    make: () => Promise.reject(new Error('there is a key')),
    rotate: () => void keys.push(aKey()),
  };
}

const options = { hashThreadsMax: 0, segmentBytes: 1024 ** 2 };
const sealed = { encryption: { by: 'store' } } as const;
const customerKey = random.bytes(32);
const ofCustomer = { encryption: { by: 'customer', key: customerKey } } as const;

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (isLogStoreError(error)) return error.code;
    throw error;
  }
  return 'none';
}

/** A store on a world of its own, again after each `reopen`. */
async function inWorld(
  act: (open: (keys: KeyRing | undefined) => Promise<Store>) => Promise<void>,
): Promise<void> {
  const world = new SimulatedWorld(3);
  await world.run(act((keys) => openStoreOn(world, { ...options, keys })));
}

encryption('a key of before a rotation reads on; a ring without it says which is missing', () =>
  inWorld(async (open) => {
    const ring = aRing();
    const store = await open(ring);
    await store.createBucket('box');
    await store.put('box', 'old', Buffer.from('of the old key'), sealed);
    ring.rotate();
    await store.put('box', 'new', Buffer.from('of the new key'), sealed);
    await store.close();
    const again = await open(ring);
    assert.is(Buffer.from(await again.getBytes('box', 'old')).toString(), 'of the old key');
    assert.is(Buffer.from(await again.getBytes('box', 'new')).toString(), 'of the new key');
    await again.close();
    for (const keys of [aRing(), undefined]) {
      const without = await open(keys);
      assert.is(await codeOf(without.getBytes('box', 'old')), 'NO_STORE_KEY');
      assert.is((await without.head('box', 'old')).encryptedBy, 'store');
      await without.close();
    }
  }),
);

encryption('where keys were used and their file is gone, no new key is made', () =>
  inWorld(async (open) => {
    const store = await open(aRing());
    await store.createBucket('box');
    await store.put('box', 'k', Buffer.from('x'), sealed);
    await store.close();
    const empty: KeyRing = {
      ...{ place: 'an empty file', current: undefined, find: () => undefined },
      make: () => Promise.reject(new Error('a key was made')),
    };
    const again = await open(empty);
    const put = again.put('box', 'other', Buffer.from('y'), sealed);
    assert.is(await codeOf(put), 'NO_STORE_KEY');
    await again.close();
  }),
);

encryption('without keys of its own a store encrypts nothing, and says so', () =>
  inWorld(async (open) => {
    const store = await open(undefined);
    await store.createBucket('box');
    const put = store.put('box', 'k', Buffer.from('x'), sealed);
    assert.is(await codeOf(put), 'NO_STORE_KEY');
    assert.is(await codeOf(store.head('box', 'k')), 'NO_SUCH_KEY');
    await store.close();
  }),
);

encryption("a customer's object is not found by its content, the store's own is", () =>
  inWorld(async (open) => {
    const store = await open(aRing());
    await store.createBucket('box');
    const mine = await store.put('box', 'mine', Buffer.from('of a customer'), ofCustomer);
    const { sha256 } = await store.put('box', 'ours', Buffer.from('of the store'), sealed);
    assert.is(await codeOf(store.getBySha256(mine.sha256 ?? new Uint8Array(32))), 'NO_SUCH_KEY');
    const found = await store.getBySha256(sha256 ?? new Uint8Array(32));
    assert.is(Buffer.from(await found.bytes()).toString(), 'of the store');
    await store.close();
  }),
);

encryption('a transaction encrypts as the bucket says, and reads its own writes', () =>
  inWorld(async (open) => {
    const ring = aRing();
    const store = await open(ring);
    await store.createBucket('box');
    await store.setBucketConfiguration('box', 'encryption', 'AES256');
    const large = random.bytes(300_000);
    await store.transaction(async (transaction) => {
      await transaction.put('box', 'k', large);
      assert.equal(Buffer.from(await transaction.get('box', 'k')), Buffer.from(large));
    });
    assert.is((await store.head('box', 'k')).encryptedBy, 'store');
    await store.close();
    const again = await open(ring);
    assert.equal(Buffer.from(await again.getBytes('box', 'k')), Buffer.from(large));
    await again.close();
  }),
);

encryption('compaction moves what is encrypted as it lies', () =>
  inWorld(async (open) => {
    const store = await open(aRing());
    await store.createBucket('box');
    const bodies = new Map<string, Uint8Array>();
    for (let at = 0; at < 12; at++) {
      const body = random.bytes(270_000);
      bodies.set(`k${at % 4}`, body);
      await store.put('box', `k${at % 4}`, body, at % 2 === 0 ? sealed : ofCustomer);
    }
    const report = await store.compact({ all: true });
    assert.ok(report.rewrittenSegmentCount > 0);
    for (const [key, body] of bodies) {
      const info = await store.head('box', key);
      const how = info.encryptedBy === 'customer' ? { customerKey } : {};
      const reader = await store.get('box', key, how);
      assert.equal(Buffer.from(await reader.bytes()), Buffer.from(body), key);
    }
    await store.close();
  }),
);

encryption('a key file says what it holds, and nothing else is taken for one', () => {
  const key = aKey();
  const text = keyFileText([key]);
  const [read] = keysOfText(text, 'f');
  assert.equal(Buffer.from(read?.key ?? []), Buffer.from(key.key));
  const other = Buffer.from(random.bytes(32)).toString('base64');
  const wrong = text.replace(Buffer.from(key.key).toString('base64'), other);
  for (const bad of ['', '{}', '{"keys":[]}', '{"keys":[{}]}', '{"keys":[1]}', wrong]) {
    assert.throws(
      () => keysOfText(bad, 'f'),
      (error: unknown) => isLogStoreError(error, 'INVALID_ARGUMENT'),
    );
  }
});

encryption.run();
