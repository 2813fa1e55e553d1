import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../src/base/errors.js';
import { InvariantError } from '../../../src/base/invariant.js';
import {
  afterKey,
  afterPrefix,
  bucketPrefix,
  decodeVersionKey,
  encodedBytesMax,
  encodeKeyPrefixInto,
  encodeListingKeyInto,
  encodeVersionKeyInto,
  keyPrefix,
  listingKey,
  versionKey,
  versionOf,
} from '../../../src/format/key-encoding.js';

const it = suite('key encoding');

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return isLogStoreError(error) ? error.code : String(error);
  }
  return 'no error';
}

it('puts bucket, key and version one after another, the version turned round', () => {
  assert.is(hex(versionKey('b', 'k', 1)), '62 00 6b 0001 fffffffffffffffe'.replaceAll(' ', ''));
  assert.is(hex(versionKey('b', '', 0)), '62 00 0001 ffffffffffffffff'.replaceAll(' ', ''));
  const last = hex(versionKey('b', 'é', Number.MAX_SAFE_INTEGER));
  assert.is(last, '62 00 c3a9 0001 ffe0000000000000'.replaceAll(' ', ''));
});

it('escapes 00 in keys, in prefixes too', () => {
  assert.is(hex(keyPrefix('b', '\0a\0\0')), '62 00 00ff 61 00ff00ff 0001'.replaceAll(' ', ''));
  assert.is(hex(listingKey('b', 'a\0')), '62 00 61 00ff'.replaceAll(' ', ''));
  assert.is(hex(bucketPrefix('b')), '6200');
});

it('writes the same bytes into a scratch as into bytes of their own', () => {
  const scratch = new Uint8Array(encodedBytesMax);
  const key = 'x\0ü'.repeat(100);
  const written = (length: number) => hex(scratch.subarray(0, length));
  assert.is(
    written(encodeVersionKeyInto(scratch, 'bucket', key, 77)),
    hex(versionKey('bucket', key, 77)),
  );
  assert.is(written(encodeKeyPrefixInto(scratch, 'bucket', key)), hex(keyPrefix('bucket', key)));
  assert.is(written(encodeListingKeyInto(scratch, 'bucket', key)), hex(listingKey('bucket', key)));
});

it('the longest bucket and key of nothing but 00 fit encodedBytesMax exactly', () => {
  const bytes = versionKey('b'.repeat(63), '\0'.repeat(1024), 5);
  assert.is(bytes.length, encodedBytesMax);
  assert.is(decodeVersionKey(bytes).key, '\0'.repeat(1024));
});

it('refuses a scratch that is too small', () => {
  for (const length of [0, 5, 9])
    assert.throws(
      () => encodeVersionKeyInto(new Uint8Array(length), 'b', 'k\0', 1),
      (error: unknown) => error instanceof InvariantError,
    );
});

it('refuses half of a surrogate pair: two such keys would be one', () => {
  assert.is(
    codeOf(() => keyPrefix('b', 'a\ud800')),
    'INVALID_ARGUMENT',
  );
  assert.is(
    codeOf(() => keyPrefix('b', '\udc00\ud800\0')),
    'INVALID_ARGUMENT',
  );
  assert.is(
    codeOf(() => keyPrefix('b', '😀')),
    'no error',
  );
});

it('ends of ranges are the smallest bytes beyond them', () => {
  assert.is(hex(afterKey('b', 'k')), '62006b0002');
  assert.is(hex(afterPrefix(fromHex('6200')) ?? fromHex('')), '6201');
  assert.is(hex(afterPrefix(fromHex('62ff ff')) ?? fromHex('')), '63');
  const buffer = Buffer.from('b');
  assert.is(hex(afterPrefix(buffer) ?? fromHex('')), '63');
  assert.is(buffer.toString(), 'b', 'the prefix itself stays what it was');
  assert.is(afterPrefix(fromHex('ffff')), undefined);
  assert.is(afterPrefix(fromHex('')), undefined);
});

it('reads the version of any key that ends with one', () => {
  assert.is(versionOf(versionKey('b', 'k', 2 ** 40 + 3)), 2 ** 40 + 3);
  assert.is(versionOf(fromHex('aa fffffffffffffff8')), 7);
});

it('refuses bytes that versionKey never makes', () => {
  const malformed = [
    '',
    '62',
    '0001fffffffffffffffe', // no end of the bucket before the end of the key
    '62 00 6b 0002 fffffffffffffffe', // another terminator
    '62 00 6b 01 fffffffffffffffe',
    '62 00 6b 00 6b 0001 fffffffffffffffe', // 00 without its FF
    '62 00 6b 00 0001 fffffffffffffffe',
    '62 00 ff 0001 fffffffffffffffe', // not UTF-8
    '62 00 6b 0001 7ffffffffffffffe', // a version of 2^63 and more
    '62 00 6b 0001 ffdfffffffffffff', // 2^53
  ];
  for (const text of malformed)
    assert.is(
      codeOf(() => decodeVersionKey(fromHex(text))),
      'RECORD_CORRUPT',
      text,
    );
});

it.run();
