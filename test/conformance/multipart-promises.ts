import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import * as assert from 'uvu/assert';
import { limits } from '../../src/base/limits.js';
import type { CompletedPart, PartInfo, Store } from '../../src/store/types.js';
import {
  failsWith,
  inChunks,
  keysOf,
  type Promises,
  patterned,
  readAll,
  shown,
} from './store-words.js';

const part1 = patterned(limits.partBytesMin, 1);
const part2 = patterned(limits.partBytesMin + 300_001, 2);
const part3 = Buffer.from('the tail');

function md5(...pieces: readonly Uint8Array[]): Buffer {
  const hash = createHash('md5');
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
}

function crcBytes(crc: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes;
}

function named(parts: readonly PartInfo[]): CompletedPart[] {
  return parts.map(({ number, etag }) => ({ number, etag }));
}

async function threeParts(store: Store, uploadId: string): Promise<PartInfo[]> {
  const put = (number: number, body: Uint8Array | AsyncIterable<Uint8Array>) =>
    store.putPart('bucket', 'k', uploadId, number, body);
  return await Promise.all([put(2, part1), put(5, inChunks(part2, 100_000)), put(9, part3)]);
}

/** Uploads in parts, from their beginning to either end. */
export function multipartPromises(promises: Promises): void {
  promises('makes an object of parts, whole and in ranges', async (store) => {
    const headers = { contentType: 'a/b' };
    const upload = await store.createUpload('bucket', 'k', { headers });
    const parts = await threeParts(store, upload.uploadId);
    const info = await store.completeUpload('bucket', 'k', upload.uploadId, named(parts));
    const whole = Buffer.concat([part1, part2, part3]);
    const etag = md5(md5(part1), md5(part2), md5(part3)).toString('hex');
    assert.is(info.etag, `${etag}-3`);
    assert.is(info.sizeBytes, whole.length);
    assert.equal(info.headers, headers);
    assert.is(info.sha256, undefined);
    assert.equal(
      info.parts.map(({ number, sizeBytes }) => [number, sizeBytes]),
      [
        [2, part1.length],
        [5, part2.length],
        [9, part3.length],
      ],
    );
    assert.is(Buffer.compare(await readAll(store, 'bucket', 'k'), whole), 0);
    for (const [startBytes, endBytes] of [
      [part1.length - 1, part1.length + 1],
      [part1.length, whole.length],
      [part1.length + part2.length - 7, part1.length + part2.length + 3],
      [300_000, 5_700_000],
    ] as const) {
      const range = { startBytes, endBytes };
      const bytes = await (await store.get('bucket', 'k', { range })).bytes();
      assert.is(Buffer.compare(bytes, whole.subarray(startBytes, endBytes)), 0);
    }
    const fifth = await store.get('bucket', 'k', { partNumber: 5 });
    assert.is(Buffer.compare(await fifth.bytes(), part2), 0);
    await failsWith('INVALID_PART', store.get('bucket', 'k', { partNumber: 1 }));
    await failsWith('NO_SUCH_UPLOAD', store.headUpload('bucket', 'k', upload.uploadId));
    assert.equal((await store.listUploads('bucket')).uploads, []);
  });

  promises('faults 80: completing again gives the same answer', async (store, place) => {
    const { uploadId } = await store.createUpload('bucket', 'k');
    const parts = named(await threeParts(store, uploadId));
    const complete = (on: Store) =>
      on.completeUpload('bucket', 'k', uploadId, parts, { ifAbsent: true });
    const [first, second] = await Promise.all([complete(store), complete(store)]);
    assert.is(shown(second), shown(first));
    assert.is(shown(await complete(store)), shown(first));
    await store.close();
    await using again = await place.open();
    assert.is(shown(await complete(again)), shown(first));
    await again.put('bucket', 'k', Buffer.from('newer'));
    await failsWith('NO_SUCH_UPLOAD', complete(again));
  });

  promises('faults 80: a part that is replaced while completing is refused', async (store) => {
    const { uploadId } = await store.createUpload('bucket', 'k');
    const parts = named(await threeParts(store, uploadId));
    const replacing = store.putPart('bucket', 'k', uploadId, 9, Buffer.from('another tail'));
    const completing = store.completeUpload('bucket', 'k', uploadId, parts);
    await failsWith('INVALID_PART', completing);
    const replaced = await replacing;
    const listed = [...parts.slice(0, 2), { number: 9, etag: replaced.etag }];
    const info = await store.completeUpload('bucket', 'k', uploadId, listed);
    assert.is(info.sizeBytes, part1.length + part2.length + 12);
  });

  promises('refuses parts that are not as they are listed', async (store) => {
    const { uploadId } = await store.createUpload('bucket', 'k');
    const [first, second, third] = named(await threeParts(store, uploadId));
    if (!first || !second || !third) throw new Error('three parts');
    const complete = (...parts: CompletedPart[]) =>
      store.completeUpload('bucket', 'k', uploadId, parts);
    await failsWith('INVALID_ARGUMENT', complete());
    await failsWith('INVALID_PART_ORDER', complete(second, first));
    await failsWith('INVALID_PART_ORDER', complete(first, first));
    await failsWith('INVALID_PART', complete(first, { number: 3, etag: first.etag }));
    await failsWith('INVALID_PART', complete(first, { number: 5, etag: first.etag }));
    const small = await store.putPart('bucket', 'k', uploadId, 4, Buffer.from('small'));
    await failsWith('ENTITY_TOO_SMALL', complete(first, small, third));
    await failsWith('INVALID_ARGUMENT', complete(first, { number: 0, etag: '' }));
    const wrongSize = { sizeBytes: 5 };
    await failsWith(
      'INVALID_ARGUMENT',
      store.completeUpload('bucket', 'k', uploadId, [first], wrongSize),
    );
    await failsWith('NO_SUCH_KEY', store.head('bucket', 'k'));
    assert.is((await complete(first, third)).sizeBytes, part1.length + part3.length);
  });

  promises('lists parts and uploads, page by page', async (store) => {
    const keys = ['a/1', 'a/2', 'b', 'b', 'b', 'c/1'];
    const ids: string[] = [];
    for (const key of keys) ids.push((await store.createUpload('bucket', key)).uploadId);
    const seen: string[] = [];
    let keyMarker: string | undefined;
    let uploadIdMarker: string | undefined;
    for (;;) {
      const page = await store.listUploads('bucket', { keyMarker, uploadIdMarker, limit: 2 });
      seen.push(...page.uploads.map(({ uploadId }) => uploadId));
      if (!page.truncated) break;
      keyMarker = page.nextKeyMarker;
      uploadIdMarker = page.nextUploadIdMarker;
    }
    assert.equal(seen, ids);
    const folded = await store.listUploads('bucket', { delimiter: '/' });
    assert.equal(folded.commonPrefixes, ['a/', 'c/']);
    assert.is(folded.uploads.length, 3);

    const uploadId = ids[2] ?? '';
    for (const number of [3, 1, 2]) {
      await store.putPart('bucket', 'b', uploadId, number, Buffer.from(`${number}`));
    }
    const first = await store.listParts('bucket', 'b', uploadId, { limit: 2 });
    assert.equal([first.parts.map(({ number }) => number), first.truncated], [[1, 2], true]);
    const afterPartNumber = first.nextPartNumberMarker;
    const second = await store.listParts('bucket', 'b', uploadId, { afterPartNumber });
    assert.equal([second.parts.map(({ number }) => number), second.truncated], [[3], false]);
    assert.is(second.parts[0]?.etag, md5(Buffer.from('3')).toString('hex'));
  });

  promises('aborts an upload with all its parts', async (store, place) => {
    const { uploadId } = await store.createUpload('bucket', 'k');
    await threeParts(store, uploadId);
    await store.abortUpload('bucket', 'k', uploadId);
    const abort = store.abortUpload('bucket', 'k', uploadId);
    await failsWith('NO_SUCH_UPLOAD', abort);
    await failsWith('NO_SUCH_UPLOAD', store.putPart('bucket', 'k', uploadId, 1, part3));
    await failsWith('NO_SUCH_UPLOAD', store.abortUpload('bucket', 'k', 'nonsense'));
    const digest = await store.indexDigest();
    await store.close();
    await using again = await place.open();
    assert.equal(await again.indexDigest(), digest);
    await failsWith('NO_SUCH_UPLOAD', again.listParts('bucket', 'k', uploadId));
  });

  promises('deletes a bucket with the uploads that are open in it', async (store, place) => {
    const { uploadId } = await store.createUpload('bucket', 'k');
    await store.putPart('bucket', 'k', uploadId, 1, part3);
    const other = store.createUpload('bucket', 'k2');
    await store.deleteBucket('bucket');
    await other;
    await store.createBucket('bucket');
    await failsWith('NO_SUCH_UPLOAD', store.headUpload('bucket', 'k', uploadId));
    assert.equal((await store.listUploads('bucket')).uploads, []);
    const digest = await store.indexDigest();
    await store.close();
    await using again = await place.open();
    assert.equal(await again.indexDigest(), digest);
  });

  promises('keeps checksums of parts, and of the whole as asked for', async (store) => {
    const bodies = [part1, part3];
    const whole = Buffer.concat(bodies);
    for (const type of ['FULL_OBJECT', 'COMPOSITE'] as const) {
      const checksum = { algorithm: 'CRC32', type } as const;
      const { uploadId } = await store.createUpload('bucket', type, { checksum });
      const parts: CompletedPart[] = [];
      for (const [index, body] of bodies.entries()) {
        const info = await store.putPart('bucket', type, uploadId, index + 1, body);
        assert.equal(Buffer.from(info.checksum?.value ?? []), crcBytes(crc32(body)));
        parts.push({ number: index + 1, etag: info.etag, checksum: info.checksum });
      }
      const sha1 = { algorithm: 'SHA1', value: Buffer.alloc(20) } as const;
      const other = { expected: { checksum: sha1 } };
      const put = store.putPart('bucket', type, uploadId, 3, part3, other);
      await failsWith('INVALID_ARGUMENT', put);
      const value =
        type === 'FULL_OBJECT'
          ? crcBytes(crc32(whole))
          : crcBytes(crc32(Buffer.concat(bodies.map((body) => crcBytes(crc32(body))))));
      const complete = (sent: Uint8Array) =>
        store.completeUpload('bucket', type, uploadId, parts, {
          checksum: { algorithm: 'CRC32', value: sent },
        });
      await failsWith('CHECKSUM_MISMATCH', complete(Buffer.alloc(4)));
      const info = await complete(value);
      assert.is(info.checksums[0]?.type, type);
      assert.equal(Buffer.from(info.checksums[0]?.value ?? []), value);
    }
    const wrong = { checksum: { algorithm: 'CRC64NVME', type: 'COMPOSITE' } } as const;
    await failsWith('INVALID_ARGUMENT', store.createUpload('bucket', 'k', wrong));
    assert.equal(keysOf(await store.list('bucket')), ['COMPOSITE', 'FULL_OBJECT']);
  });
}
