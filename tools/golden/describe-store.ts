import { createHash } from 'node:crypto';
import type { Checksum, Store, UploadInfo } from '../../src/store/types.js';
import { goldenCustomerKey } from './golden-keys.js';
import { type Plain, toHex, toPlain } from './plain-json.js';

/**
 * What golden stores must say for ever, bodies as hashes. Field by field, so that what a later
 * version adds to the API changes nothing here.
 */
export async function describeStore(store: Store): Promise<Plain> {
  const buckets: unknown[] = [];
  const objects: unknown[] = [];
  const uploads: unknown[] = [];
  for (const { name, createdUnixMs } of await store.listBuckets()) {
    buckets.push({ name, createdUnixMs });
    for await (const { key } of store.objects(name)) objects.push(await object(store, name, key));
    for (const upload of (await store.listUploads(name)).uploads) {
      uploads.push(await uploadAndParts(store, upload));
    }
  }
  const indexDigest = toHex(await store.indexDigest());
  return toPlain({ buckets, objects, uploads, indexDigest });
}

async function object(store: Store, bucket: string, key: string): Promise<unknown> {
  const { encryptedBy } = await store.head(bucket, key);
  const options = encryptedBy === 'customer' ? { customerKey: goldenCustomerKey } : {};
  await using reader = await store.get(bucket, key, options);
  const hash = createHash('sha256');
  for await (const chunk of reader.body()) hash.update(chunk);
  const { info } = reader;
  return {
    ...{ bucket, key, version: info.version, sizeBytes: info.sizeBytes, etag: info.etag },
    ...{ modifiedUnixMs: info.modifiedUnixMs, expiresUnixMs: info.expiresUnixMs },
    ...{ contentSha256: hash.digest('hex'), sha256: info.sha256 },
    checksums: info.checksums.map(checksum),
    ...{ headers: info.headers, userMetadata: info.userMetadata },
    parts: info.parts.map(({ number, sizeBytes }) => ({ number, sizeBytes })),
  };
}

async function uploadAndParts(store: Store, upload: UploadInfo): Promise<unknown> {
  const { bucket, key, uploadId, initiatedUnixMs } = upload;
  const { parts } = await store.listParts(bucket, key, uploadId, {});
  return {
    ...{ bucket, key, uploadId, initiatedUnixMs },
    checksum: upload.checksum && checksum(upload.checksum),
    parts: parts.map((part) => ({
      ...{ number: part.number, sizeBytes: part.sizeBytes, etag: part.etag },
      modifiedUnixMs: part.modifiedUnixMs,
      checksum: part.checksum && checksum(part.checksum),
    })),
  };
}

function checksum({ algorithm, type, value }: Partial<Checksum>): Partial<Checksum> {
  return {
    ...(algorithm === undefined ? {} : { algorithm }),
    ...(type === undefined ? {} : { type }),
    ...(value === undefined ? {} : { value }),
  };
}
