import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../../../src/base/invariant.js';
import { versionKey } from '../../../src/format/key-encoding.js';
import { ObjectMap } from '../../../src/merkle/object-map.js';
import { nodeSha256, toHex } from '../ledger/golden.js';

const it = suite('object map');

/** SHA-256 that counts how often it ran. */
function countingHash() {
  const hash = (...parts: readonly Uint8Array[]) => {
    counting.count++;
    return nodeSha256(...parts);
  };
  const counting = { hash, count: 0 };
  return counting;
}

function key(index: number): Uint8Array {
  return versionKey('bucket', `object-${toHex(nodeSha256(Uint8Array.of(index, index >> 8)))}`, 1);
}

function mapOf(count: number, hash = nodeSha256): ObjectMap {
  const map = new ObjectMap(hash);
  for (let index = 0; index < count; index++) map.set(key(index), nodeSha256(key(index)));
  for (const _ of map.rehash());
  return map;
}

it('hashes what lies above a change and nothing else', () => {
  const counting = countingHash();
  const map = mapOf(4000, counting.hash);
  counting.count = 0;
  for (const _ of map.rehash());
  map.root();
  assert.is(counting.count, 0);
  map.set(key(7), new Uint8Array(32));
  for (const _ of map.rehash());
  // Each node above the leaf, and the leaves that hang from one of them.
  const depth = map.depthOf(key(7));
  assert.ok(counting.count >= depth && counting.count <= 2 * depth + 1, `${counting.count}`);
});

it('hashes a node once, however many changes lie below it', () => {
  const counting = countingHash();
  const map = mapOf(1000, counting.hash);
  counting.count = 0;
  for (let index = 0; index < 1000; index++) map.set(key(index), new Uint8Array(32));
  for (const _ of map.rehash());
  assert.is(counting.count, 999 + 1000);
});

it('pauses every few nodes, and goes on where it was', () => {
  const map = new ObjectMap(nodeSha256);
  for (let index = 0; index < 1000; index++) map.set(key(index), nodeSha256(key(index)));
  let pauseCount = 0;
  for (const _ of map.rehash()) pauseCount++;
  assert.ok(pauseCount >= 10, `${pauseCount}`);
  const given = new ObjectMap(nodeSha256);
  for (let index = 0; index < 1000; index++) given.set(key(index), nodeSha256(key(index)));
  const first = given.rehash();
  first.next();
  for (const _ of given.rehash()); // another one, the first given up
  assert.is(toHex(given.root()), toHex(map.root()));
});

it('refuses to go on hashing after a change, and to prove before it is hashed', () => {
  const map = new ObjectMap(nodeSha256);
  for (let index = 0; index < 1000; index++) map.set(key(index), nodeSha256(key(index)));
  const hashing = map.rehash();
  hashing.next();
  map.remove(key(3));
  assert.throws(
    () => hashing.next(),
    (error: unknown) => error instanceof InvariantError,
  );
  assert.throws(
    () => map.root(),
    (error: unknown) => error instanceof InvariantError,
  );
  assert.throws(
    () => map.prove(key(1)),
    (error: unknown) => error instanceof InvariantError,
  );
  for (const _ of map.rehash());
  assert.is(map.root().length, 32);
});

it('is empty again when all is removed', () => {
  const map = mapOf(50);
  for (let index = 0; index < 50; index++) assert.ok(map.remove(key(index)));
  assert.not(map.remove(key(0)));
  for (const _ of map.rehash());
  assert.is(map.count, 0);
  assert.is(toHex(map.root()), toHex(nodeSha256()));
  assert.is(map.prove(key(0)), undefined);
});

it('hashes keys that were crafted to lie deep, without recursion', () => {
  const map = new ObjectMap(nodeSha256);
  const deepest = 'a'.repeat(1000);
  for (let length = 1; length <= 1000; length++) {
    map.set(versionKey('bucket', deepest.slice(0, length), length), new Uint8Array(32));
  }
  for (const _ of map.rehash());
  const last = versionKey('bucket', deepest, 1000);
  assert.is(map.depthOf(last), 999);
  assert.is(map.prove(last)?.path.length, 999);
});

it.run();
