import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';
import { keyIdBytes, tagBytes } from '../format/encryption.js';
import { bucketPrefix } from '../format/key-encoding.js';

/** Wrapped keys (SPEC.md §15.1): nonce, the object's key under AES-256-GCM, tag. */

const cipherName = 'aes-256-gcm';
const nonceBytes = 12;
const context = Buffer.from('logstore object key\n');
const namedKeyContext = Buffer.from('logstore named key\n');
const keyIdContext = Buffer.from('logstore store key\n');

/** @param nonce 12 random bytes */
export function wrapKey(
  wrappingKey: Uint8Array,
  objectKey: Uint8Array,
  nonce: Uint8Array,
  bucket: string,
  key: string,
): Uint8Array {
  return wrapBound(wrappingKey, objectKey, nonce, nameOf(bucket, key));
}

/** Undefined where it was wrapped by another key, or for an object of another name. */
export function unwrapKey(
  wrappingKey: Uint8Array,
  wrapped: Uint8Array,
  bucket: string,
  key: string,
): Uint8Array | undefined {
  return unwrapBound(wrappingKey, wrapped, nameOf(bucket, key));
}

/** @param boundTo it opens with this alone */
export function wrapBound(
  wrappingKey: Uint8Array,
  key: Uint8Array,
  nonce: Uint8Array,
  boundTo: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv(cipherName, wrappingKey, nonce);
  cipher.setAAD(boundTo);
  const ciphertext = cipher.update(key);
  cipher.final();
  return Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]);
}

export function unwrapBound(
  wrappingKey: Uint8Array,
  wrapped: Uint8Array,
  boundTo: Uint8Array,
): Uint8Array | undefined {
  const nonce = wrapped.subarray(0, nonceBytes);
  const decipher = createDecipheriv(cipherName, wrappingKey, nonce, { authTagLength: tagBytes });
  decipher.setAAD(boundTo);
  decipher.setAuthTag(wrapped.subarray(wrapped.length - tagBytes));
  const key = decipher.update(wrapped.subarray(nonceBytes, wrapped.length - tagBytes));
  try {
    decipher.final();
  } catch {
    return undefined; // all that an authenticated cipher says of a wrong key
  }
  return key;
}

/** Of a name, under a key of the store (SPEC.md §15.1, method 3). */
export function namedKey(storeKey: Uint8Array, name: string): Uint8Array {
  return createHmac('sha256', storeKey).update(namedKeyContext).update(name).digest();
}

/** Follows from the key, so that no other key goes by its name. */
export function storeKeyId(key: Uint8Array): Uint8Array {
  return createHash('sha256').update(keyIdContext).update(key).digest().subarray(0, keyIdBytes);
}

function nameOf(bucket: string, key: string): Uint8Array {
  return Buffer.concat([context, bucketPrefix(bucket), Buffer.from(key)]);
}
