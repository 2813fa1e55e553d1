import { type KeyRing, type StoreKey, storeKey } from '../../src/encryption/key-ring.js';

/** What golden stores are encrypted with: keys that everybody knows. */
const first = keyOf(1);
const second = keyOf(2);

/** The first one alone, before the rotation; then both. */
export const goldenKeysAtFirst = ringOf([first]);
export const goldenKeys = ringOf([first, second]);

export const goldenCustomerKey = new Uint8Array(32).fill(3);

function keyOf(byte: number): StoreKey {
  const key = storeKey(new Uint8Array(32).fill(byte));
  if (key === undefined) throw new Error('a key has 32 bytes');
  return key;
}

function ringOf(keys: readonly StoreKey[]): KeyRing {
  return {
    place: 'golden-keys.ts',
    current: keys.at(-1),
    find: (id) => keys.find((each) => Buffer.compare(each.id, id) === 0),
    make: () => Promise.reject(new Error('there is a key')),
  };
}
