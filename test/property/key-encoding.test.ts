import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  afterKey,
  afterPrefix,
  bucketPrefix,
  decodeVersionKey,
  keyPrefix,
  listingKey,
  versionKey,
} from '../../src/format/key-encoding.js';

const it = suite('key encoding, any keys');

interface Named {
  bucket: string;
  key: string;
  version: number;
}

// Few letters, so that keys often begin one another; 00, FF-like and astral ones among them.
const letter = fc.constantFrom(
  'a',
  'b',
  '/',
  '\0',
  '\x01',
  '\x02',
  '\x7f',
  '\u00ff',
  '\uffff',
  '😀',
);
const fields = {
  bucket: fc.constantFrom('a', 'a-', 'ab', 'b'),
  key: fc.oneof(
    fc.array(letter, { maxLength: 6 }).map((letters) => letters.join('')),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
  ),
  version: fc.oneof(fc.nat(3), fc.maxSafeNat()),
};
const named: fc.Arbitrary<Named> = fc.record(fields, { noNullPrototype: true });

function order(a: Named, b: Named): number {
  return (
    Buffer.compare(Buffer.from(a.bucket), Buffer.from(b.bucket)) ||
    Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) ||
    Math.sign(b.version - a.version)
  );
}

function encoded({ bucket, key, version }: Named): Uint8Array {
  return versionKey(bucket, key, version);
}

it('sorts as buckets, then keys, then newest version first', () => {
  fc.assert(
    fc.property(named, named, (a, b) => {
      assert.is(Buffer.compare(encoded(a), encoded(b)), order(a, b));
    }),
    { numRuns: 3000 },
  );
});

it('reads back what was encoded', () => {
  fc.assert(fc.property(named, (it) => assert.equal(decodeVersionKey(encoded(it)), it)));
});

it('no encoding begins another', () => {
  fc.assert(
    fc.property(named, named, (a, b) => {
      const [one, other] = [Buffer.from(encoded(a)), Buffer.from(encoded(b))];
      assert.is(one.subarray(0, other.length).equals(other), order(a, b) === 0);
    }),
    { numRuns: 3000 },
  );
});

it('an encoding has a prefix exactly if its key has, and its bucket is the same', () => {
  const begins = (whole: Uint8Array, start: Uint8Array) =>
    Buffer.from(whole).subarray(0, start.length).equals(start);
  fc.assert(
    fc.property(named, named, (a, b) => {
      const sameBucket = a.bucket === b.bucket;
      const bytes = encoded(a);
      assert.is(begins(bytes, bucketPrefix(b.bucket)), sameBucket);
      assert.is(begins(bytes, keyPrefix(b.bucket, b.key)), sameBucket && a.key === b.key);
      const listed = sameBucket && a.key.startsWith(b.key);
      assert.is(begins(bytes, listingKey(b.bucket, b.key)), listed);
    }),
    { numRuns: 3000 },
  );
});

it('afterKey and afterPrefix divide what they name from all that follows', () => {
  fc.assert(
    fc.property(named, named, (a, b) => {
      const isBelow = Buffer.compare(encoded(a), afterKey(b.bucket, b.key)) < 0;
      assert.is(isBelow, order({ ...a, version: 0 }, { ...b, version: 0 }) <= 0);
      const prefix = listingKey(b.bucket, b.key);
      const bytes = Buffer.from(encoded(a));
      const isIn = bytes.subarray(0, prefix.length).equals(prefix);
      const end = afterPrefix(prefix);
      assert.ok(end !== undefined);
      assert.is(bytes.compare(prefix) >= 0 && bytes.compare(end) < 0, isIn);
    }),
    { numRuns: 3000 },
  );
});

it.run();
