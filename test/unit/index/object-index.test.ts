import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../../../src/base/invariant.js';
import {
  bucketPrefix,
  decodeVersionKey,
  keyPrefix,
  listingKey,
  versionKey,
} from '../../../src/format/key-encoding.js';
import { ObjectIndex } from '../../../src/index/object-index.js';
import { anIndexOf, contentHash, digestOf, entryOf } from './sample-entries.js';

const it = suite('object index');

const breaksAPromise = (error: unknown) => error instanceof InvariantError;

it('gives back every field of an entry, and its version from the key', () => {
  const index = new ObjectIndex();
  const plain = index.insert(versionKey('b', 'k', 2 ** 52 + 1), entryOf(12_345));
  const hashed = index.insert(versionKey('b', 'k', 7), entryOf(3, 'content'));
  assert.equal(index.entry(plain), { ...entryOf(12_345), version: 2 ** 52 + 1 });
  assert.equal(index.entry(hashed), { ...entryOf(3, 'content'), version: 7 });
  assert.is(index.sequenceAt(hashed), 3 + 2 ** 40);
  assert.is(index.mutationAt(hashed), 3);
  assert.is(index.sizeAt(hashed), 9 + 2 ** 33);
  assert.is(index.timeAt(hashed), 1_700_000_000_003);
  assert.is(index.expiresAt(hashed), 1_800_000_000_003);
  assert.is(index.flagsAt(hashed), 21);
  assert.is(index.versionAt(hashed), 7);
});

it('the current version is the newest, and no other key is taken for it', () => {
  const index = new ObjectIndex();
  for (const version of [5, 9, 7]) index.insert(versionKey('b', 'k', version), entryOf(version));
  index.insert(versionKey('b', 'k0', 100), entryOf(100));
  assert.is(index.versionAt(index.current(keyPrefix('b', 'k'))), 9);
  assert.ok(index.remove(versionKey('b', 'k', 9)));
  assert.is(index.versionAt(index.current(keyPrefix('b', 'k'))), 7);
  for (const [bucket, key] of [
    ['b', ''],
    ['b', 'k1'],
    ['b', 'k\0'],
    ['a', 'k'],
    ['bk', ''],
  ] as const)
    assert.is(index.current(keyPrefix(bucket, key)), -1);
});

it('lists a bucket, or a prefix of it, in order', () => {
  const index = anIndexOf(300);
  index.insert(versionKey('bucket-2', 'key-1', 1000), entryOf(1000));
  const listed = (prefix: Uint8Array) => {
    const keys: string[] = [];
    index.scan(prefix, (slot) => {
      if (!index.keyStartsWith(slot, prefix)) return false;
      keys.push(decodeVersionKey(index.key(slot)).key);
      return true;
    });
    return keys;
  };
  const all = Array.from({ length: 300 }, (_, i) => `key-${i + 1}`).sort();
  assert.equal(listed(bucketPrefix('bucket')), all);
  const some = all.filter((key) => key.startsWith('key-2'));
  assert.equal(listed(listingKey('bucket', 'key-2')), some);
});

it('removes what is there and says so, and nothing else', () => {
  const index = anIndexOf(10);
  const { keyBytes } = index;
  assert.not(index.remove(versionKey('bucket', 'key-3', 4)));
  assert.ok(index.remove(versionKey('bucket', 'key-3', 3)));
  assert.not(index.remove(versionKey('bucket', 'key-3', 3)));
  assert.is(index.count, 9);
  assert.is(index.keyBytes, keyBytes - versionKey('bucket', 'key-3', 3).length);
});

it('a removed entry leaves nothing in a slot that is used again', () => {
  const index = new ObjectIndex();
  const slot = index.insert(versionKey('b', 'k', 1), entryOf(1, 'content'));
  index.remove(versionKey('b', 'k', 1));
  const bare = { ...entryOf(0), sequence: 1, etag: new Uint8Array(16) };
  assert.is(index.insert(versionKey('b', 'k', 2), bare), slot);
  assert.equal(index.entry(slot), { ...bare, version: 2 });
});

it('finds all slots of one content, and only these', () => {
  const index = anIndexOf(1000);
  const slots = index.withContent(contentHash('content 4')).map((slot) => index.versionAt(slot));
  const expected = Array.from({ length: 1000 }, (_, i) => i + 1).filter(
    (number) => number % 10 === 4 && number % 3 !== 0,
  );
  assert.equal(
    slots.sort((a, b) => a - b),
    expected,
  );
  assert.equal(index.withContent(contentHash('no such content')), []);
  assert.equal(new ObjectIndex().withContent(contentHash('content 4')), []);
});

it('stops at the first slot of a content when told to', () => {
  const index = anIndexOf(100);
  let visits = 0;
  index.scanContent(contentHash('content 1'), () => ++visits < 2);
  assert.is(visits, 2);
});

it('forgets contents in any order of removals: first, last and inner ones', () => {
  for (const order of [
    [1, 2, 3, 4],
    [4, 3, 2, 1],
    [2, 4, 1, 3],
  ]) {
    const index = new ObjectIndex();
    for (const number of order.toSorted())
      index.insert(versionKey('b', 'same', number), entryOf(number, 'same'));
    const left = new Set(order);
    for (const number of order) {
      index.remove(versionKey('b', 'same', number));
      left.delete(number);
      const found = index.withContent(contentHash('same')).map((slot) => index.versionAt(slot));
      assert.equal(new Set(found), left);
    }
    assert.is(index.shape.contentCount, 0);
  }
});

it('many slots of one content are entered and taken out one by one, whatever their order', () => {
  // With work of O(duplicates) for each, this would be some 10^10 steps.
  const index = new ObjectIndex();
  const count = 100_000;
  const hash = entryOf(1, 'same');
  for (let i = 1; i <= count; i++) index.append(versionKey('b', `${1_000_000 + i}`, 1), hash);
  assert.is(index.withContent(contentHash('same')).length, count);
  assert.is(index.shape.contentCount, 1);
  for (let i = 1; i <= count; i += 2) index.remove(versionKey('b', `${1_000_000 + i}`, 1));
  for (let i = count; i > 2; i -= 2) index.remove(versionKey('b', `${1_000_000 + i}`, 1));
  assert.equal(index.withContent(contentHash('same')), [index.find(versionKey('b', '1000002', 1))]);
});

it('the content table grows with its contents, so that chains stay short', () => {
  const index = new ObjectIndex();
  for (let n = 1; n <= 5000; n++) index.insert(versionKey('b', `${n}`, n), entryOf(n, `${n}`));
  assert.is(index.shape.contentCount, 5000);
  assert.ok(index.shape.bucketCount >= 5000);
  for (let n = 1; n <= 5000; n++) {
    const found = index.withContent(contentHash(`${n}`)).map((slot) => index.versionAt(slot));
    assert.equal(found, [n]);
  }
});

it('nothing of a removed entry is left in memory that snapshots write', () => {
  const index = anIndexOf(10);
  const secret = entryOf(11, 'secret content');
  index.insert(versionKey('bucket', 'secret-name', 11), secret);
  const holds = (bytes: Buffer) =>
    index.sections().some(({ parts }) => parts.some((part) => Buffer.from(part).includes(bytes)));
  const traces = ['secret', secret.etag, contentHash('secret content')].map((trace) =>
    Buffer.from(trace),
  );
  assert.equal(traces.map(holds), [true, true, true]);
  index.remove(versionKey('bucket', 'secret-name', 11));
  assert.equal(traces.map(holds), [false, false, false]);
});

it('contents whose hashes begin alike are told apart', () => {
  const index = new ObjectIndex();
  const hashOf = (last: number) => new Uint8Array(32).fill(9).fill(last, 31);
  for (let last = 0; last < 200; last++)
    index.insert(versionKey('b', `${last}`, 1), { ...entryOf(1), sha256: hashOf(last) });
  for (let last = 0; last < 200; last += 2) index.remove(versionKey('b', `${last}`, 1));
  for (let last = 0; last < 200; last++) {
    const slot = index.find(versionKey('b', `${last}`, 1));
    assert.equal(index.withContent(hashOf(last)), last % 2 === 0 ? [] : [slot]);
  }
});

it('the digest is of the entries, not of their past', () => {
  const index = anIndexOf(200);
  const other = new ObjectIndex();
  for (let number = 250; number >= 1; number--) {
    const content = number % 3 === 0 ? undefined : `content ${number % 10}`;
    other.insert(versionKey('bucket', `key-${number}`, number), entryOf(number, content));
  }
  assert.is.not(digestOf(other), digestOf(index));
  for (let n = 201; n <= 250; n++) other.remove(versionKey('bucket', `key-${n}`, n));
  assert.is(digestOf(other), digestOf(index));
  other.remove(versionKey('bucket', 'key-7', 7));
  other.insert(versionKey('bucket', 'key-7', 7), entryOf(7, 'content 8'));
  assert.is.not(digestOf(other), digestOf(index));
});

it('keeps what checksum an object has, of which the digest knows nothing', () => {
  const [one, other] = [new ObjectIndex(), new ObjectIndex()];
  const key = versionKey('bucket', 'k', 1);
  one.insert(key, { ...entryOf(1), checksumKind: 0 });
  const slot = other.insert(key, { ...entryOf(1), checksumKind: 0x0203 });
  assert.is(other.entry(slot).checksumKind, 0x0203);
  assert.is(digestOf(one), digestOf(other));
});

it('a million overwrites of one key leave the index the size it was', () => {
  const index = anIndexOf(100);
  const entry = entryOf(1, 'content of the key');
  const overwrite = (version: number) => {
    index.insert(versionKey('bucket', 'key', version), entry);
    if (version > 101) index.remove(versionKey('bucket', 'key', version - 1));
  };
  for (let version = 101; version <= 110; version++) overwrite(version);
  const { shape } = index;
  for (let version = 111; version <= 1_000_110; version++) overwrite(version);
  const same = { root: 0, slotFree: 0, nodeFree: 0 }; // which of them is free may differ
  assert.equal({ ...index.shape, ...same }, { ...shape, ...same });
});

it('refuses entries that no row can hold', () => {
  const index = new ObjectIndex();
  const insert = (change: object) =>
    index.insert(versionKey('b', `${index.count}`, 1), { ...entryOf(1), ...change });
  assert.throws(() => insert({ etag: new Uint8Array(15) }), breaksAPromise);
  assert.throws(() => insert({ sha256: new Uint8Array(31) }), breaksAPromise);
  assert.throws(() => insert({ sha256: new Uint8Array(32) }), breaksAPromise);
});

it.run();
