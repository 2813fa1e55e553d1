import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { digestNow } from '../../../src/digest/body-digest.js';
import { compositeChecksum, fullObjectChecksum } from '../../../src/digest/multipart-checksum.js';
import { checksumBytes, checksumKinds, runningHash } from '../../../src/digest/running-hash.js';

const digests = suite('body digests');
const algorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
const nothing = { md5: false, sha256: false };
const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

digests('gives what the plan asks for and nothing else', () => {
  const body = Buffer.from('123456789');
  const all = digestNow(body, { md5: true, sha256: true, checksum: 'CRC32' });
  assert.is(all.sizeBytes, 9);
  assert.is(hex(all.md5), '25f9e794323b453885f5181f1b624d0b');
  assert.is(hex(all.sha256), createHash('sha256').update(body).digest('hex'));
  assert.is(hex(all.checksum), 'cbf43926');
  assert.equal(digestNow(body, nothing), {
    sizeBytes: 9,
    md5: undefined,
    sha256: undefined,
    checksum: undefined,
  });
});

const vectors = {
  CRC32: 'cbf43926',
  CRC32C: 'e3069283',
  CRC64NVME: 'ae8b14860a799888',
  SHA1: 'f7c3bc1d808e04732adf679965ccc34ca7ae3441',
  SHA256: '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
};
for (const algorithm of algorithms)
  digests(`gives ${algorithm} in network order, at once and piece by piece`, () => {
    const plan = { ...nothing, checksum: algorithm };
    assert.is(hex(digestNow(Buffer.from('123456789'), plan).checksum), vectors[algorithm]);
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 99 })), (pieces) => {
        const running = runningHash(checksumKinds[algorithm]);
        for (const piece of pieces) running.update(piece);
        const value = running.digest();
        assert.is(value.length, checksumBytes[algorithm]);
        assert.is(hex(value), hex(digestNow(Buffer.concat(pieces), plan).checksum));
      }),
    );
  });

for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME'] as const)
  digests(`derives the ${algorithm} of a whole object from its parts`, () => {
    const checksumOf = (bytes: Uint8Array) =>
      digestNow(bytes, { ...nothing, checksum: algorithm }).checksum ?? new Uint8Array(0);
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 99 })), (parts) => {
        const given = parts.map((part) => ({
          checksum: checksumOf(part),
          sizeBytes: part.length,
        }));
        const whole = checksumOf(Buffer.concat(parts));
        assert.is(hex(fullObjectChecksum(algorithm, given)), hex(whole));
      }),
    );
  });

for (const algorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const)
  digests(`a composite ${algorithm} is that of the parts' raw values`, () => {
    const checksumOf = (bytes: Uint8Array) =>
      digestNow(bytes, { ...nothing, checksum: algorithm }).checksum ?? new Uint8Array(0);
    const parts = ['one', 'two', 'three'].map((part) => checksumOf(Buffer.from(part)));
    const composite = compositeChecksum(algorithm, parts);
    assert.is(hex(composite), hex(checksumOf(Buffer.concat(parts))));
    assert.throws(() => compositeChecksum(algorithm, [new Uint8Array(3)]), /every part/);
  });

digests.run();
