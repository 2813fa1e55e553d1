import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import * as assert from 'uvu/assert';
import type { ErrorCode } from '../../src/base/errors.js';
import { failureOf } from '../failure-of.js';
import {
  failsWith,
  inChunks,
  keysOf,
  type Promises,
  patterned,
  readAll,
  sha256,
  shown,
} from './store-words.js';

export function objectPromises(promises: Promises): void {
  promises('returns exactly the bytes that were put, whatever their size', async (store) => {
    const sizes = [0, 1, 1000, 65_535, 65_536, 65_537, 262_144, 262_145, 1_000_003];
    for (const sizeBytes of sizes) {
      const bytes = patterned(sizeBytes, sizeBytes);
      for (const body of [bytes, inChunks(bytes, 77_777)]) {
        const info = await store.put('bucket', 'k', body);
        assert.is(info.sizeBytes, sizeBytes);
        assert.is(Buffer.compare(info.sha256 ?? Buffer.alloc(0), sha256(bytes)), 0);
        assert.is(Buffer.compare(await readAll(store, 'bucket', 'k'), bytes), 0);
        assert.is(Buffer.compare(await store.getBytes('bucket', 'k'), bytes), 0);
        assert.is(shown(await store.head('bucket', 'k')), shown(info));
      }
    }
  });

  promises(
    "gives bytes and facts that are the reader's own: spoiling them spoils nothing",
    async (store) => {
      const bytes = patterned(5000);
      const put = await store.put('bucket', 'k', bytes, { userMetadata: { colour: 'red' } });
      for (let round = 0; round < 2; round++) {
        (await store.getBytes('bucket', 'k')).fill(0);
        (await (await store.get('bucket', 'k')).bytes()).fill(0);
        for await (const chunk of (await store.get('bucket', 'k')).body()) chunk.fill(0);
        const info = await store.head('bucket', 'k');
        info.sha256?.fill(0);
        Reflect.set(info.userMetadata, 'colour', 'blue');
      }
      assert.is(Buffer.compare(await store.getBytes('bucket', 'k'), bytes), 0);
      assert.is(Buffer.compare(await readAll(store, 'bucket', 'k'), bytes), 0);
      const info = await store.head('bucket', 'k');
      assert.is(Buffer.compare(info.sha256 ?? Buffer.alloc(0), sha256(bytes)), 0);
      assert.equal(info.userMetadata, { colour: 'red' });
      assert.is(info.etag, put.etag);
    },
  );

  promises('gives any range of an object', async (store) => {
    const bytes = patterned(800_000);
    await store.put('bucket', 'large', bytes);
    await store.put('bucket', 'small', bytes.subarray(0, 5000));
    const edges = [0, 1, 4999, 262_143, 262_144, 262_145, 524_288, 799_999];
    for (const key of ['large', 'small']) {
      const whole = key === 'large' ? bytes : bytes.subarray(0, 5000);
      for (const startBytes of edges) {
        for (const endBytes of [...edges, whole.length]) {
          const range = { startBytes, endBytes };
          const isIn = startBytes < endBytes && endBytes <= whole.length;
          if (!isIn) {
            await failsWith('INVALID_RANGE', store.get('bucket', key, { range }));
            continue;
          }
          const part = await (await store.get('bucket', key, { range })).bytes();
          assert.is(Buffer.compare(part, whole.subarray(startBytes, endBytes)), 0);
        }
      }
    }
  });

  promises('keeps headers, metadata and checksums', async (store) => {
    const headers = { contentType: 'text/plain', cacheControl: 'no-cache', expires: 'never' };
    const userMetadata = { 'a-name': 'ein Wört', b: '' };
    const md5 = createHash('md5').update('body').digest();
    const options = { headers, userMetadata, md5: true, checksumAlgorithm: 'CRC32' } as const;
    await store.put('bucket', 'k', Buffer.from('body'), options);
    const info = await store.head('bucket', 'k');
    assert.equal(info.headers, headers);
    assert.equal(info.userMetadata, userMetadata);
    assert.is(info.etag, md5.toString('hex'));
    assert.is(info.checksums.length, 1);
    assert.is(info.checksums[0]?.algorithm, 'CRC32');
    const crc = Buffer.from(info.checksums[0]?.value ?? []).readUInt32BE();
    assert.is(crc, crc32('body'));
  });

  promises('takes any key of 1 to 1,024 bytes', async (store) => {
    const keys = ['/', '..', 'a//b', '\u0000', 'ü', '\u{1f600}', 'a'.repeat(1024), '\uffff', ' '];
    for (const key of keys) await store.put('bucket', key, Buffer.from(key));
    for (const key of keys) {
      assert.is(Buffer.from(await store.getBytes('bucket', key)).toString(), key);
    }
    await failsWith('KEY_TOO_LONG', store.put('bucket', 'ü'.repeat(513), Buffer.from('v')));
    await failsWith('KEY_TOO_LONG', store.getBytes('bucket', 'a'.repeat(5000)));
    await failsWith('INVALID_ARGUMENT', store.put('bucket', '', Buffer.from('v')));
    await failsWith('INVALID_ARGUMENT', store.put('bucket', '\ud800', Buffer.from('v')));
  });

  promises(
    'faults 78: deletes what is there once, and is content the second time',
    async (store) => {
      await store.put('bucket', 'k', Buffer.from('v'));
      assert.is((await store.delete('bucket', 'k')).removed, true);
      assert.is((await store.delete('bucket', 'k')).removed, false);
      await failsWith('NO_SUCH_KEY', store.get('bucket', 'k'));
      await failsWith('NO_SUCH_KEY', store.head('bucket', 'k'));
      await failsWith('NO_SUCH_BUCKET', store.delete('other', 'k'));
    },
  );

  promises('faults 78: the same put again is the same object', async (store) => {
    const first = await store.put('bucket', 'k', Buffer.from('v'));
    const again = await store.put('bucket', 'k', Buffer.from('v'));
    assert.is(again.etag, first.etag);
    assert.ok(again.version > first.version);
    assert.equal(keysOf(await store.list('bucket')), ['k']);
  });

  promises('faults 79: a body that fails leaves the old value', async (store) => {
    await store.put('bucket', 'k', Buffer.from('old'));
    const large = patterned(600_000);
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield large;
      throw new Error('the sender went away');
    }
    assert.match(String(await failureOf(store.put('bucket', 'k', broken()))), 'went away');
    for (const body of [large, Buffer.from('small')]) {
      const sent: [ErrorCode, object][] = [
        ['INCOMPLETE_BODY', { sizeBytes: 5_000 }],
        ['CHECKSUM_MISMATCH', { md5: Buffer.alloc(16) }],
        ['CHECKSUM_MISMATCH', { sha256: Buffer.alloc(32) }],
        ['CHECKSUM_MISMATCH', { checksum: { algorithm: 'CRC32C', value: Buffer.alloc(4) } }],
      ];
      for (const [code, expected] of sent) {
        await failsWith(code, store.put('bucket', 'k', body, { expected }));
      }
      const expectedAtEnd = () =>
        ({ checksum: { algorithm: 'SHA1', value: Buffer.alloc(20) } }) as const;
      const options = { checksumAlgorithm: 'SHA1', expectedAtEnd } as const;
      await failsWith('CHECKSUM_MISMATCH', store.put('bucket', 'k', body, options));
    }
    const giveUp = new AbortController();
    async function* stalled(): AsyncGenerator<Uint8Array> {
      yield large;
      giveUp.abort();
      await new Promise(() => {});
    }
    await failsWith('ABORTED', store.put('bucket', 'k', stalled(), { signal: giveUp.signal }));
    assert.is(Buffer.from(await store.getBytes('bucket', 'k')).toString(), 'old');
  });

  promises(
    'faults 56: a bit that flips on the way is refused by what the sender summed up, which is kept',
    async (store, place) => {
      const kept = new Map<string, string>();
      for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)
        for (const sizeBytes of [1_000, 300_000]) {
          const [key, body] = [`${algorithm} ${sizeBytes}`, patterned(sizeBytes, sizeBytes)];
          const first = await store.put('bucket', key, body, { checksumAlgorithm: algorithm });
          const value = Buffer.from(first.checksums[0]?.value ?? []);
          const sums = [
            { checksum: { algorithm, value } },
            { md5: createHash('md5').update(body).digest() },
            { sha256: sha256(body) },
          ];
          for (const [index, expected] of sums.entries()) {
            const at = Math.floor(((sizeBytes - 1) * index) / 2);
            const spoilt = Buffer.from(body);
            spoilt.writeUInt8(spoilt.readUInt8(at) ^ (1 << index), at);
            for (const source of [spoilt, inChunks(spoilt, 70_000)])
              await failsWith('CHECKSUM_MISMATCH', store.put('bucket', key, source, { expected }));
          }
          assert.is((await store.head('bucket', key)).version, first.version, 'the old one stays');
          const expected = { checksum: { algorithm, value } };
          await store.put('bucket', key, body, { expected });
          kept.set(key, value.toString('hex'));
        }
      await store.close();
      await using again = await place.open();
      for (const [key, hex] of kept) {
        const { checksums } = await again.head('bucket', key);
        const [algorithm] = key.split(' ');
        assert.is(checksums[0]?.algorithm, algorithm);
        assert.is(Buffer.from(checksums[0]?.value ?? []).toString('hex'), hex);
      }
    },
  );

  promises('keeps values of programs', async (store) => {
    const value = { text: 'x', list: [1, 2.5, null, true], nested: { bytes: 'ü' } };
    await store.putValue('bucket', 'v', value);
    assert.equal(await store.getValue('bucket', 'v'), value);
    assert.is((await store.head('bucket', 'v')).headers.contentType, 'application/vnd.msgpack');
  });

  promises('finds an object by its content as long as one has it', async (store) => {
    const bytes = patterned(3000);
    await store.put('bucket', 'a', bytes);
    await store.put('bucket', 'b', bytes);
    await store.delete('bucket', 'a');
    const reader = await store.getBySha256(sha256(bytes));
    assert.is(reader.info.key, 'b');
    assert.is(Buffer.compare(await reader.bytes(), bytes), 0);
    await store.put('bucket', 'b', Buffer.from('other'));
    await failsWith('NO_SUCH_KEY', store.getBySha256(sha256(bytes)));
  });

  promises('gives a reader the version that it opened', async (store) => {
    const before = patterned(900_000, 1);
    await store.put('bucket', 'k', before);
    const reader = await store.get('bucket', 'k');
    await store.put('bucket', 'k', patterned(900_000, 2));
    await store.delete('bucket', 'k');
    assert.is(Buffer.compare(await reader.bytes(), before), 0);
  });
}
