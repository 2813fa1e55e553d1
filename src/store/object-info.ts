import { etagText } from '../catalog/conditions.js';
import type { StateFacts } from '../catalog/object-states.js';
import { checksumOf } from '../format/checksum-numbers.js';
import { type EncryptionField, encryptionMethods } from '../format/encryption.js';
import type { ObjectRecord } from '../format/mutation.js';
import { storedHeaders, userMetadata } from './attributes.js';
import { lockOf } from './object-state.js';
import type { ObjectInfo } from './object-types.js';

/** What a commit's object record tells of the version that it made. */
export function objectInfo(
  bucket: string,
  key: string,
  version: number,
  modifiedUnixMs: number,
  object: ObjectRecord,
  versionId: string | undefined,
  facts: Omit<StateFacts, 'sequence' | 'mutation' | 'version'> | undefined,
): ObjectInfo {
  return {
    bucket,
    key,
    version,
    versionId,
    sizeBytes: object.sizeBytes,
    etag: etagText(object.etag, object.partCount),
    modifiedUnixMs,
    expiresUnixMs: object.expiresUnixMs === 0 ? undefined : object.expiresUnixMs,
    sha256: object.sha256 === null ? undefined : new Uint8Array(object.sha256), // theirs alone
    checksums: object.checksums.length === 0 ? none : object.checksums.map(checksumOf),
    headers: storedHeaders(object.headers),
    userMetadata: userMetadata(object.metadata),
    parts: partsOf(object.parts),
    tagCount: facts === undefined ? 0 : facts.tagCount,
    lock: lockOf(facts),
    encryptedBy: encryptedBy(object.encryption),
  };
}

export function encryptedBy(field: EncryptionField | undefined): ObjectInfo['encryptedBy'] {
  if (field === undefined) return undefined;
  if (field.method === encryptionMethods.customer) return 'customer';
  return field.name === undefined ? 'store' : `kms:${field.name}`;
}

const none: readonly never[] = Object.freeze([]);

function partsOf(fields: readonly number[]): ObjectInfo['parts'] {
  if (fields.length === 0) return none;
  const parts: { number: number; sizeBytes: number }[] = [];
  for (let at = 0; at + 3 < fields.length; at += 4) {
    parts.push({ number: fields[at] ?? 0, sizeBytes: fields[at + 3] ?? 0 });
  }
  return parts;
}
