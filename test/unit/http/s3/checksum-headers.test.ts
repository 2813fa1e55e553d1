import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  checksumAlgorithm,
  checksumOfHeader,
  checksumValue,
  readChecksumClaims,
  uploadChecksum,
} from '../../../../src/http/s3/checksum-headers.js';
import { S3Error } from '../../../../src/http/s3/s3-error.js';

const checksums = suite('checksum headers');
const nothing = { md5: undefined, checksum: undefined, trailer: undefined, algorithm: undefined };
const base64 = (countBytes: number) => Buffer.alloc(countBytes, 7).toString('base64');

const refusedWith = (code: string) => (error: unknown) =>
  error instanceof S3Error && error.code === code;

checksums('a request without any claims nothing', () => {
  assert.equal(readChecksumClaims({}), nothing);
});

for (const [algorithm, countBytes] of [
  ['CRC32', 4],
  ['CRC32C', 4],
  ['CRC64NVME', 8],
  ['SHA1', 20],
  ['SHA256', 32],
] as const) {
  const name = `x-amz-checksum-${algorithm.toLowerCase()}`;
  checksums(`${algorithm} is read from its header and announced as a trailer`, () => {
    const value = Buffer.alloc(countBytes, 7);
    assert.equal(readChecksumClaims({ [name]: base64(countBytes) }), {
      ...nothing,
      checksum: { algorithm, value },
      algorithm,
    });
    const trailer = { 'x-amz-trailer': name, 'x-amz-sdk-checksum-algorithm': algorithm };
    assert.equal(readChecksumClaims(trailer), { ...nothing, trailer: algorithm, algorithm });
    assert.is(checksumOfHeader(name), algorithm);
    assert.is(checksumAlgorithm(algorithm), algorithm);
    assert.equal(checksumValue(algorithm, `${base64(countBytes)}-12`), value);
  });
  checksums(`a value of ${algorithm} that is not ${countBytes} bytes of Base64 is refused`, () => {
    for (const text of ['', 'x', base64(countBytes - 1), base64(countBytes + 1), '!'.repeat(9)])
      assert.throws(() => readChecksumClaims({ [name]: text }), refusedWith('InvalidRequest'));
  });
}

checksums('Content-MD5 is 16 bytes in Base64', () => {
  const { md5 } = readChecksumClaims({ 'content-md5': base64(16) });
  assert.equal(md5, Buffer.alloc(16, 7));
  for (const text of ['', 'abc', base64(15), base64(17), base64(16).slice(0, -1), '0'.repeat(32)])
    assert.throws(() => readChecksumClaims({ 'content-md5': text }), refusedWith('InvalidDigest'));
});

checksums('more than one checksum, and names that fit nothing, are refused', () => {
  const crc32 = { 'x-amz-checksum-crc32': base64(4) };
  for (const headers of [
    { ...crc32, 'x-amz-checksum-sha1': base64(20) },
    { ...crc32, 'x-amz-trailer': 'x-amz-checksum-sha1' },
    { ...crc32, 'x-amz-sdk-checksum-algorithm': 'SHA1' },
    { 'x-amz-checksum-crc32': [base64(4), base64(4)] },
    { 'x-amz-sdk-checksum-algorithm': 'CRC32' },
    { 'x-amz-trailer': 'x-amz-checksum-crc32,x-amz-checksum-sha1' },
    { 'x-amz-trailer': 'x-amz-meta-a' },
    { 'x-amz-trailer': '' },
  ])
    assert.throws(() => readChecksumClaims(headers), refusedWith('InvalidRequest'));
  assert.throws(() => checksumAlgorithm('MD5'), refusedWith('InvalidRequest'));
});

checksums('a multipart upload has the type that its algorithm allows', () => {
  const upload = (algorithm?: string, type?: string) =>
    uploadChecksum({ 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': type });
  assert.is(upload(), undefined);
  assert.equal(upload('CRC32'), { algorithm: 'CRC32', type: 'COMPOSITE' });
  assert.equal(upload('CRC32C', 'FULL_OBJECT'), { algorithm: 'CRC32C', type: 'FULL_OBJECT' });
  assert.equal(upload('CRC64NVME'), { algorithm: 'CRC64NVME', type: 'FULL_OBJECT' });
  assert.equal(upload('SHA256'), { algorithm: 'SHA256', type: 'COMPOSITE' });
  for (const [algorithm, type] of [
    ['CRC64NVME', 'COMPOSITE'],
    ['SHA1', 'FULL_OBJECT'],
    ['SHA256', 'FULL_OBJECT'],
    ['CRC32', 'HALF'],
    [undefined, 'COMPOSITE'],
    ['MD5', undefined],
  ])
    assert.throws(() => upload(algorithm, type), refusedWith('InvalidRequest'));
});

checksums.run();
