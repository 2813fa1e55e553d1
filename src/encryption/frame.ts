import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { LogStoreError } from '../base/errors.js';
import { frameBytes, tagBytes } from '../format/encryption.js';

/**
 * Frames (SPEC.md §15.2): AES-256-GCM under a key of one body alone, with the frame's place in
 * that body for nonce. So a frame opens at its own place and nowhere else.
 *
 * It is done at once, on the thread of the requests: a frame takes 75 us there, and handing it to
 * another thread and back costs more than that.
 */

const cipherName = 'aes-256-gcm';
const partKeyContext = Buffer.from('logstore part key\n');
const etagContext = Buffer.from('logstore etag\n');

/** The last frame of a body is the one that is not full. */
function nonceOf(index: number, plainBytes: number): Uint8Array {
  const nonce = new Uint8Array(12);
  nonce[0] = plainBytes < frameBytes ? 1 : 0;
  new DataView(nonce.buffer).setBigUint64(4, BigInt(index));
  return nonce;
}

/** The frame as it lies: ciphertext, then tag. */
export function sealFrame(
  key: Uint8Array,
  index: number,
  plain: Uint8Array,
): readonly [ciphertext: Uint8Array, tag: Uint8Array] {
  const cipher = createCipheriv(cipherName, key, nonceOf(index, plain.length));
  const ciphertext = cipher.update(plain);
  cipher.final();
  return [ciphertext, cipher.getAuthTag()];
}

/** @throws LogStoreError `RECORD_CORRUPT` for bytes that are not this frame of this body */
export function openFrame(key: Uint8Array, index: number, sealed: Uint8Array): Uint8Array {
  const plainBytes = sealed.length - tagBytes;
  if (plainBytes < 0 || plainBytes > frameBytes) throw notThisFrame(index);
  const decipher = createDecipheriv(cipherName, key, nonceOf(index, plainBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAuthTag(sealed.subarray(plainBytes));
  const plain = decipher.update(sealed.subarray(0, plainBytes));
  try {
    decipher.final();
  } catch (cause) {
    throw notThisFrame(index, cause);
  }
  return plain;
}

/** Of one part of an upload: parts of one number that replace each other differ in their salts. */
export function partKey(objectKey: Uint8Array, salt: Uint8Array, partNumber: number): Uint8Array {
  const number = Buffer.alloc(4);
  number.writeUInt32BE(partNumber);
  return createHmac('sha256', objectKey)
    .update(partKeyContext)
    .update(salt)
    .update(number)
    .digest();
}

/** 16 bytes in the place of an MD5, which would tell of content that only a customer may know. */
export function sealedEtag(key: Uint8Array, sha256: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(etagContext).update(sha256).digest().subarray(0, 16);
}

function notThisFrame(index: number, cause?: unknown): LogStoreError {
  const message = `frame ${index} of an encrypted body does not open with its key`;
  return new LogStoreError('RECORD_CORRUPT', message, { cause });
}
