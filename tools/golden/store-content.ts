import type { ChecksumAlgorithm } from '../../src/base/checksum-algorithm.js';
import type { ObjectInfo, Store } from '../../src/store/types.js';
import { goldenCustomerKey } from './golden-keys.js';

const KiB = 1024;
/** Of the block number that begins each block, so that no two places of a body look alike. */
const blockBytes = 64 * KiB;

/** A body that compresses well: a ramp, with the number of its block at the head of each block. */
export function patternBytes(sizeBytes: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at++) bytes[at] = at * 31 + seed;
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 4 <= sizeBytes; at += blockBytes) view.setUint32(at, at / blockBytes);
  return bytes;
}

export async function* streamOf(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.slice(at, at + chunkBytes);
}

const algorithms: readonly ChecksumAlgorithm[] = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'];
const thousandYearsMs = 1000 * 365 * 86_400_000;

/** Something of everything that a store of this version can hold. */
export async function fillWithEverything(store: Store): Promise<void> {
  for (const bucket of ['photos', 'archive.2026', 'empty', 'gone'])
    await store.createBucket(bucket);
  await store.deleteBucket('gone');
  await putSmallObjects(store);
  await putLargeObjects(store);
  await putMultipart(store);
  await store.transaction(async (transaction) => {
    await transaction.put('photos', 'transaction/a', patternBytes(100, 1));
    await transaction.put('archive.2026', 'transaction/b', patternBytes(100 * KiB, 2));
    await transaction.delete('photos', 'deleted in a transaction');
  });
}

async function putSmallObjects(store: Store): Promise<void> {
  const text = new TextEncoder().encode('hello world');
  await store.put('photos', 'described', text, {
    headers: {
      ...{ contentType: 'text/plain', cacheControl: 'no-store', contentDisposition: 'inline' },
      ...{ contentEncoding: 'identity', contentLanguage: 'de' },
      expires: 'Thu, 01 Jan 2026 00:00:00 GMT',
    },
    userMetadata: { name: 'value', größe: '12 €', empty: '' },
    ttlMs: thousandYearsMs,
    md5: true,
  });
  await store.put('photos', 'empty', new Uint8Array(0));
  for (const checksumAlgorithm of algorithms) {
    await store.put('photos', `checksum/${checksumAlgorithm}`, text, { checksumAlgorithm });
  }
  const keys = [
    'a/',
    'a//b',
    '../..',
    '%2F+ ;',
    'ключ/😀',
    'nul\u0000key',
    '\ufeffbom',
    'k'.repeat(1024),
  ];
  for (const [index, key] of keys.entries()) {
    await store.put('archive.2026', key, patternBytes(index, index));
  }
  for (const version of [1, 2, 3]) await store.put('photos', 'overwritten', Uint8Array.of(version));
  for (const key of ['deleted', 'deleted in a transaction']) {
    await store.put('photos', key, text);
  }
  await store.delete('photos', 'deleted');
  await store.putValue('photos', 'value', { list: [1, 2.5, null, 'text'] });
  await store.copy({ bucket: 'photos', key: 'described' }, 'archive.2026', 'copy of described');
  await store.copy({ bucket: 'photos', key: 'described' }, 'photos', 'copy, described anew', {
    attributes: { headers: { contentType: 'text/html' } },
    checksumAlgorithm: 'CRC32C',
  });
}

async function putLargeObjects(store: Store): Promise<void> {
  for (const sizeBytes of [64 * KiB, 64 * KiB + 1, 256 * KiB, 256 * KiB + 1]) {
    await store.put('photos', `size/${sizeBytes}`, patternBytes(sizeBytes, 3));
  }
  const body = streamOf(patternBytes(600_000, 4), 70_001);
  await store.put('photos', 'streamed', body, { checksumAlgorithm: 'CRC64NVME' });
  await store.copy({ bucket: 'photos', key: 'streamed' }, 'archive.2026', 'copy of streamed');
}

async function putMultipart(store: Store): Promise<void> {
  await completedUpload(store, 'multipart/full', 'CRC64NVME', 'FULL_OBJECT');
  const copied = await completedUpload(store, 'multipart/composite', 'SHA256', 'COMPOSITE');
  await store.copy({ bucket: 'photos', key: copied.key }, 'photos', 'multipart/copy');

  const aborted = await store.createUpload('photos', 'multipart/aborted');
  await store.putPart('photos', aborted.key, aborted.uploadId, 1, patternBytes(100, 5));
  await store.abortUpload('photos', aborted.key, aborted.uploadId);

  const open = await store.createUpload('photos', 'multipart/open', {
    ...{ headers: { contentType: 'image/png' }, userMetadata: { name: 'value' } },
    checksum: { algorithm: 'CRC32', type: 'COMPOSITE' },
  });
  await store.putPart('photos', open.key, open.uploadId, 1, patternBytes(100, 6));
  await store.putPart('photos', open.key, open.uploadId, 1, patternBytes(200, 7));
  await store.putPart('photos', open.key, open.uploadId, 10_000, patternBytes(70_000, 8));
}

/** Three parts uploaded, the middle one left out; the last one is copied from `streamed`. */
async function completedUpload(
  store: Store,
  key: string,
  algorithm: ChecksumAlgorithm,
  type: 'FULL_OBJECT' | 'COMPOSITE',
): Promise<ObjectInfo> {
  const upload = await store.createUpload('photos', key, { checksum: { algorithm, type } });
  const { uploadId } = upload;
  const first = await store.putPart('photos', key, uploadId, 1, patternBytes(5 * KiB * KiB, 9));
  await store.putPart('photos', key, uploadId, 2, patternBytes(1000, 10));
  const last = await store.copyPart(
    {
      ...{ bucket: 'photos', key: 'streamed' },
      range: { startBytes: 200_000, endBytes: 500_000 },
    },
    ...(['photos', key, uploadId, 3] as const),
  );
  return store.completeUpload('photos', key, uploadId, [first, last]);
}

/** Bodies of every length that frames make a difference to, under both methods; and copies. */
export async function fillEncrypted(
  store: Store,
  prefix: string,
  sizes: readonly number[],
): Promise<void> {
  const byStore = { encryption: { by: 'store' } } as const;
  const byCustomer = { encryption: { by: 'customer', key: goldenCustomerKey } } as const;
  for (const sizeBytes of sizes) {
    const key = `${prefix}/${sizeBytes}`;
    await store.put('photos', `${key}/store`, patternBytes(sizeBytes, 1), byStore);
    await store.put('photos', `${key}/customer`, patternBytes(sizeBytes, 2), byCustomer);
  }
  const key = `${prefix}/parts`;
  const { uploadId } = await store.createUpload('photos', key, byStore);
  const body = streamOf(patternBytes(1000, 3), 300);
  const { etag } = await store.putPart('photos', key, uploadId, 2, body);
  await store.completeUpload('photos', key, uploadId, [{ number: 2, etag }]);
  const source = { bucket: 'photos', key };
  await store.copy(source, 'photos', `${prefix}/shared`, byStore);
  await store.copy(source, 'photos', `${prefix}/for a customer`, byCustomer);
  const open = await store.createUpload('photos', `${prefix}/open`, byCustomer);
  const options = { customerKey: goldenCustomerKey };
  const { uploadId: left } = open;
  await store.putPart('photos', `${prefix}/open`, left, 7, patternBytes(10, 7), options);
}
