import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../src/base/errors.js';
import { openFrame, partKey, sealedEtag, sealFrame } from '../../../src/encryption/frame.js';
import { storeKeyId, unwrapKey, wrapKey } from '../../../src/encryption/wrapped-key.js';
import { frameBytes, frameCount, sealedBytes } from '../../../src/format/encryption.js';

const frames = suite('frames and wrapped keys');

const upFrom = (first: number, count: number) =>
  Uint8Array.from({ length: count }, (_, index) => first + index);
const objectKey = upFrom(0, 32);
const storeKey = upFrom(32, 32);
const hello = Buffer.from('hello');
const seal = (index: number, plain: Uint8Array) =>
  Buffer.concat(sealFrame(objectKey, index, plain));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const isCorrupt = (error: unknown) => isLogStoreError(error, 'RECORD_CORRUPT');

frames('the example of SPEC.md §15.5 is what is written', () => {
  const spec = readFileSync(fileURLToPath(new URL('../../../../SPEC.md', import.meta.url)), 'utf8');
  const section = spec.slice(spec.indexOf('### 15.5 Worked example'));
  const lines = /```hex\n(.*?)```/s.exec(section)?.[1] ?? '';
  const stated = lines.replace(/;.*$/gm, '').replace(/\s/g, '');
  const written = Buffer.concat([
    storeKeyId(storeKey),
    wrapKey(storeKey, objectKey, upFrom(64, 12), 'photos', 'cat.jpg'),
    seal(0, hello),
    partKey(objectKey, upFrom(16, 16), 3),
    sealedEtag(objectKey, sha256(hello)),
  ]);
  assert.is(written.toString('hex'), stated);
  const full = seal(0, new Uint8Array(frameBytes));
  assert.ok(section.includes(sha256(full).toString('hex')));
  assert.ok(section.includes(seal(1, new Uint8Array(0)).toString('hex')));
});

frames('a frame opens at its own place, under its own key, and nowhere else', () => {
  const sealed = seal(1, hello);
  assert.equal(Buffer.from(openFrame(objectKey, 1, sealed)), hello);
  assert.throws(() => openFrame(objectKey, 0, sealed), isCorrupt);
  assert.throws(() => openFrame(objectKey, 2, sealed), isCorrupt);
  assert.throws(() => openFrame(storeKey, 1, sealed), isCorrupt);
  assert.throws(() => openFrame(objectKey, 1, sealed.subarray(1)), isCorrupt);
  assert.throws(() => openFrame(objectKey, 1, sealed.subarray(0, 15)), isCorrupt);
});

frames('faults 46: a frame with any bit flipped does not open', () => {
  const sealed = seal(0, hello);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const flipped = Buffer.from(sealed);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.throws(() => openFrame(objectKey, 0, flipped), isCorrupt, `bit ${bit}`);
  }
});

frames('a full frame is never the last', () => {
  assert.is(frameCount(0), 0);
  assert.is(frameCount(frameBytes - 1), 1);
  assert.is(frameCount(frameBytes), 2);
  assert.is(sealedBytes(frameBytes), frameBytes + 32);
});

frames('a wrapped key opens under its own name and key alone', () => {
  const wrapped = wrapKey(storeKey, objectKey, upFrom(64, 12), 'photos', 'cat.jpg');
  const opened = unwrapKey(storeKey, wrapped, 'photos', 'cat.jpg') ?? new Uint8Array(0);
  assert.equal(Buffer.from(opened), Buffer.from(objectKey));
  assert.is(unwrapKey(storeKey, wrapped, 'photos', 'dog.jpg'), undefined);
  assert.is(unwrapKey(storeKey, wrapped, 'phot', 'oscat.jpg'), undefined);
  assert.is(unwrapKey(objectKey, wrapped, 'photos', 'cat.jpg'), undefined);
});

frames.run();
