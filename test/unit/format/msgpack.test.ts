import { Packr } from 'msgpackr';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../src/base/errors.js';
import { decodeMsgpack } from '../../../src/format/msgpack.js';

const msgpack = suite('MessagePack');
const packr = new Packr({ useRecords: false });

function refusal(...bytes: number[]): string | undefined {
  return refusalOf(Uint8Array.from(bytes));
}

function refusalOf(bytes: Uint8Array): string | undefined {
  try {
    decodeMsgpack(bytes);
  } catch (error) {
    if (isLogStoreError(error, 'RECORD_CORRUPT')) return error.message;
    throw error;
  }
  return undefined;
}

msgpack('reads what msgpackr writes, at each border between two forms', () => {
  const lengths = [0, 1, 15, 16, 31, 32, 47, 48, 49, 255, 256, 65_535, 65_536];
  const integers = [127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];
  const values = [
    ...[null, true, false, 0, ...integers],
    ...lengths.map((length) => 'a'.repeat(length)),
    ...lengths.map((length) => 'ä€😀\0'.repeat(length)),
    ...lengths.map((length) => new Uint8Array(length).fill(length)),
    ...lengths.map((length) => new Array<number>(length).fill(7)),
  ];
  for (const value of values) {
    const packed = Uint8Array.from(packr.pack(value));
    assert.equal(decodeMsgpack(packed), value);
  }
  assert.equal(decodeMsgpack(Uint8Array.from(packr.pack(values))), values);
});

msgpack('keeps a byte order mark, which is part of a key', () => {
  assert.is(decodeMsgpack(packr.pack('\ufeffkey')), '\ufeffkey');
});

msgpack('refuses what SPEC.md §1 does not let occur', () => {
  const refused = {
    ...{ 'map 0': [0x80], 'map 16': [0xde, 0, 0], 'never used': [0xc1], 'ext 8': [0xc7, 0, 1] },
    ...{ 'fixext 1': [0xd4, 0, 0], 'float 32': [0xca, 0, 0, 0, 0], 'negative fixint': [0xff] },
    ...{ 'int 8': [0xd0, 1], 'uint 64': [0xcf, 0, 0, 0, 0, 0, 0, 0, 1] },
    'a fraction': [...packr.pack(1.5)],
    'a negative float': [...packr.pack(-(2 ** 40))],
    'above 2^53 - 1': [...packr.pack(2 ** 53)],
    'not a number': [...packr.pack(Number.NaN)],
    'half a pair, as some write it': [0xa3, 0xed, 0xa0, 0x80],
    ...{ 'bytes behind': [0xc0, 0xc0], nothing: [] },
  };
  for (const [name, bytes] of Object.entries(refused)) {
    assert.type(refusal(...bytes), 'string', name);
  }
});

msgpack('refuses any value that is cut short', () => {
  const whole = packr.pack(['text', 'x'.repeat(300), new Uint8Array(300), [1, 2 ** 20, 2 ** 40]]);
  for (let length = 0; length < whole.length; length++) {
    assert.type(refusal(...whole.subarray(0, length)), 'string', `at ${length}`);
  }
});

msgpack('a length that the input has no bytes for costs no memory', () => {
  const huge = [0xff, 0xff, 0xff, 0xff];
  assert.match(refusal(0xdd, ...huge) ?? '', 'cut short');
  assert.match(refusal(0xdb, ...huge) ?? '', 'cut short');
  assert.match(refusal(0xc6, ...huge) ?? '', 'cut short');
  // Each of these would reserve 30 million places if its head were believed.
  const nested = Array.from({ length: 200_000 }, () => [0xdd, 0x01, 0xc9, 0xc3, 0x80]).flat();
  assert.match(refusalOf(Uint8Array.from(nested)) ?? '', 'cut short');
});

msgpack('arrays too deep for the stack are refused', () => {
  assert.match(refusalOf(new Uint8Array(1_000_000).fill(0x91)) ?? '', 'too deep');
});

msgpack.run();
