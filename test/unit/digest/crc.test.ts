import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { combineCrc32, combineCrc32c, combineCrc64Nvme } from '../../../src/digest/crc-combine.js';
import { crc32c } from '../../../src/digest/crc32c.js';
import { crc64Nvme } from '../../../src/digest/crc64-nvme.js';
import { crc64Bytes } from '../../../src/digest/running-hash.js';

const crc = suite('crc');
const text = (value: string) => new TextEncoder().encode(value);
const hex64 = (bytes: Uint8Array) => Buffer.from(crc64Bytes(crc64Nvme(bytes))).toString('hex');

crc('CRC-32C agrees with the published vectors', () => {
  assert.is(crc32c(text('123456789')), 0xe3069283);
  assert.is(crc32c(new Uint8Array(0)), 0);
  // RFC 3720 §B.4
  assert.is(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.is(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  assert.is(crc32c(Uint8Array.from({ length: 32 }, (_, at) => at)), 0x46dd794e);
  assert.is(crc32c(Uint8Array.from({ length: 32 }, (_, at) => 31 - at)), 0x113fdb5c);
});

crc('CRC-64/NVME agrees with the published vectors', () => {
  assert.is(hex64(text('123456789')), 'ae8b14860a799888');
  // NVM Express NVM Command Set 1.0, figure 122 (4 KiB blocks)
  assert.is(hex64(new Uint8Array(4096)), '6482d367eb22b64e');
  assert.is(hex64(new Uint8Array(4096).fill(255)), 'c0ddba7302eca3ac');
});

crc('both agree with the bit-by-bit definition on random bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.is(BigInt(crc32c(bytes)), slowly(bytes, 0x82f63b78n, 32n));
      assert.is(BigInt(`0x${hex64(bytes)}`), slowly(bytes, 0x9a6c9329ac4bc9b5n, 64n));
    }),
  );
});

crc('goes on over any split as over the whole', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, split) => {
      const head = bytes.subarray(0, split);
      const rest = bytes.subarray(split);
      assert.is(crc32c(rest, crc32c(head)), crc32c(bytes));
      assert.equal(crc64Nvme(rest, crc64Nvme(head)), crc64Nvme(bytes));
    }),
  );
});

crc('CRC-64/NVME takes more than its memory holds, piece by piece', () => {
  const bytes = Uint8Array.from({ length: 200_003 }, (_, at) => (at * at) >>> 5);
  let inSteps = crc64Nvme(new Uint8Array(0));
  for (let at = 0; at < bytes.length; at += 4_999)
    inSteps = crc64Nvme(bytes.subarray(at, at + 4_999), inSteps);
  assert.equal(crc64Nvme(bytes), inSteps);
  assert.is(BigInt(`0x${hex64(bytes)}`), slowly(bytes, 0x9a6c9329ac4bc9b5n, 64n));
});

crc('combines the CRCs of two runs into that of both', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 500 }),
      fc.uint8Array({ maxLength: 500 }),
      (left, right) => {
        const both = Buffer.concat([left, right]);
        assert.is(combineCrc32(crc32(left), crc32(right), right.length), crc32(both));
        assert.is(combineCrc32c(crc32c(left), crc32c(right), right.length), crc32c(both));
        assert.equal(
          combineCrc64Nvme(crc64Nvme(left), crc64Nvme(right), right.length),
          crc64Nvme(both),
        );
      },
    ),
  );
});

crc('combines across lengths beyond 32 bits', () => {
  // 2^33 zero bytes in two ways: at once, and as halves
  const half = 2 ** 32;
  const start = crc32(text('start'));
  const zeros = (lengthBytes: number) => {
    let value = crc32(new Uint8Array(1));
    for (let have = 1; have < lengthBytes; have *= 2) value = combineCrc32(value, value, have);
    return value;
  };
  const inHalves = combineCrc32(combineCrc32(start, zeros(half), half), zeros(half), half);
  assert.is(combineCrc32(start, zeros(2 * half), 2 * half), inHalves);
});

/** The definition: reflected, register and result inverted. */
function slowly(bytes: Uint8Array, polynomial: bigint, width: bigint): bigint {
  const ones = (1n << width) - 1n;
  let state = ones;
  for (const byte of bytes) {
    state ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) state = state & 1n ? (state >> 1n) ^ polynomial : state >> 1n;
  }
  return state ^ ones;
}

crc.run();
