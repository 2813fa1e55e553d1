import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLogStoreError } from '../../../src/base/errors.js';
import { type DigestPlan, digestNow } from '../../../src/digest/body-digest.js';
import { BodyDigester, DigestPool } from '../../../src/digest/digest-pool.js';
import { fillSlabs } from '../../../src/digest/slab-filler.js';
import { Slab } from '../../../src/digest/slab-pool.js';

const slabBytes = 4096;
const everything: DigestPlan = { md5: true, sha256: true, checksum: 'CRC32C' };
const pool = suite('digest pool');

const aPool = () => new DigestPool({ workersMax: 2, slabBytes, slabCountMax: 8 });

async function digest(from: DigestPool, plan: DigestPlan, body: Uint8Array) {
  const digester = from.start(plan);
  for await (const { slab, lengthBytes } of fillSlabs(from.slabs, [body])) {
    const crc = digester.update(slab, lengthBytes);
    assert.is(crc, crc32(slab.bytes.subarray(0, lengthBytes)));
    slab.release();
  }
  return digester.finish();
}

pool('agrees with hashing at once, for any body and plan', async () => {
  await using digests = aPool();
  const plans = fc.record({
    md5: fc.boolean(),
    sha256: fc.boolean(),
    checksum: fc.constantFrom(undefined, 'CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'),
  });
  await fc.assert(
    fc.asyncProperty(plans, fc.nat(5 * slabBytes), async (plan, sizeBytes) => {
      const body = Buffer.alloc(sizeBytes, 'some body');
      const { md5, sha256, checksum, ...rest } = await digest(digests, plan, body);
      const expected = digestNow(body, plan);
      assert.is(rest.sizeBytes, expected.sizeBytes);
      const hex = (bytes?: Uint8Array) => bytes && Buffer.from(bytes).toString('hex');
      assert.is(hex(md5), hex(expected.md5));
      assert.is(hex(sha256), hex(expected.sha256));
      assert.is(hex(checksum), hex(expected.checksum));
    }),
    { numRuns: 60 },
  );
  assert.is(digests.slabs.freeCount, 8);
});

pool('keeps many bodies apart while they share a few slabs', async () => {
  await using digests = aPool();
  const bodies = Array.from({ length: 100 }, (_, at) => Buffer.alloc(at * 333, `body ${at}`));
  const answers = await Promise.all(bodies.map((body) => digest(digests, everything, body)));
  for (const [at, body] of bodies.entries())
    assert.is(
      Buffer.from(answers[at]?.sha256 ?? []).toString('hex'),
      createHash('sha256').update(body).digest('hex'),
    );
  assert.is(digests.slabs.freeCount, 8);
});

pool('an abandoned body frees its slabs and leaves the others alone', async () => {
  await using digests = aPool();
  const abandoned = digests.start(everything);
  for (let count = 0; count < 8; count++) {
    const slab = await digests.slabs.take();
    abandoned.update(slab, slabBytes);
    slab.release();
  }
  abandoned.abandon();
  abandoned.abandon();
  const body = Buffer.alloc(10 * slabBytes, 'z'); // more than the pool holds
  const { sha256 } = await digest(digests, everything, body);
  assert.ok(
    createHash('sha256')
      .update(body)
      .digest()
      .equals(sha256 ?? Buffer.alloc(0)),
  );
});

pool('a dead thread fails its bodies with BUSY, frees their slabs, and is replaced', async () => {
  await using digests = aPool();
  const doomed = digests.start(everything);
  const slab = await digests.slabs.take();
  doomed.update(slab, slabBytes);
  slab.release();
  let freed = 0;
  const outside = new Slab(1_000_000, Buffer.alloc(slabBytes), () => freed++); // no such memory
  outside.retain();
  doomed.update(outside, slabBytes);
  outside.release();
  const error = await doomed.finish().catch((thrown: unknown) => thrown);
  assert.ok(isLogStoreError(error, 'BUSY'), String(error));
  let answer: unknown;
  do {
    // both threads got the bad slab; bodies that still met a dying one may fail alike
    answer = await digest(digests, everything, Buffer.alloc(9)).catch((thrown: unknown) => thrown);
  } while (isLogStoreError(answer, 'BUSY'));
  assert.equal(answer, digestLike(Buffer.alloc(9)));
  assert.is(freed, 1);
  assert.is(digests.slabs.freeCount, 8);
});

pool('after closing, bodies under way and new ones get CLOSED', async () => {
  const digests = aPool();
  const underWay = digests.start(everything);
  const slab = await digests.slabs.take();
  underWay.update(slab, slabBytes);
  const finishing = underWay.finish().catch((thrown: unknown) => thrown);
  await digests[Symbol.asyncDispose]();
  await digests[Symbol.asyncDispose]();
  assert.ok(isLogStoreError(await finishing, 'CLOSED'));
  assert.throws(
    () => digests.start(everything).update(slab, 1),
    (error: unknown) => isLogStoreError(error, 'CLOSED'),
  );
  slab.release();
  assert.is(digests.slabs.freeCount, 8);
});

pool('keeps the process alive while it works, and not while it is idle', async () => {
  const script = `
    import { BodyDigester, DigestPool } from ${JSON.stringify(new URL('../../../src/digest/digest-pool.js', import.meta.url))};
    const pool = new DigestPool({ workersMax: 2, slabBytes: 4096, slabCountMax: 8 });
    const digester = pool.start({ md5: true, sha256: true });
    const slab = await pool.slabs.take();
    digester.update(slab, 4096);
    slab.release();
    const { sizeBytes } = await digester.finish(); // nothing else keeps this process alive
    console.log(sizeBytes); // and now nothing does
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  const output: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
  const [code] = await once(child, 'close');
  assert.is(code, 0);
  assert.is(Buffer.concat(output).toString(), '4096\n');
});

/** As a thread's answer arrives: plain arrays instead of Buffers. */
function digestLike(body: Uint8Array) {
  const { sizeBytes, md5, sha256, checksum } = digestNow(body, everything);
  const plain = (bytes?: Uint8Array) => bytes && new Uint8Array(bytes);
  return { sizeBytes, md5: plain(md5), sha256: plain(sha256), checksum: plain(checksum) };
}

pool('sums up what a record holds before anybody hashes it', async () => {
  const slab = new Slab(0, Buffer.alloc(slabBytes, 'some body'), () => {});
  const before = crc32(slab.bytes);
  const spoiling = {
    update: () => slab.bytes.fill(0, 0, 1),
    finish: () => Promise.resolve(new Map()),
    drop: () => {},
  };
  const digester = new BodyDigester({ ...everything, checksum: 'CRC32' }, () => spoiling);
  assert.is(digester.update(slab, slabBytes), before);
  digester.abandon();
});

pool.run();
