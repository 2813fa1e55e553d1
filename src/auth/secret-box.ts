import { createCipheriv, createDecipheriv } from 'node:crypto';
import { LogStoreError } from '../base/errors.js';

const nonceBytes = 12;
const tagBytes = 16;
const cipher = 'aes-256-gcm';

/**
 * Encrypts the secrets of users for the log (SPEC.md §4.1). A secret is bound to its user and its
 * access key: it opens nowhere else.
 */
export class SecretBox {
  readonly #key: Uint8Array;

  constructor(
    key: Uint8Array,
    private readonly random: { bytes(countBytes: number): Uint8Array },
  ) {
    this.#key = key;
  }

  seal(userName: string, accessKeyId: string, secret: string): string {
    const nonce = this.random.bytes(nonceBytes);
    const sealing = createCipheriv(cipher, this.#key, nonce);
    sealing.setAAD(bound(userName, accessKeyId));
    const sealed = [nonce, sealing.update(secret, 'utf8'), sealing.final(), sealing.getAuthTag()];
    return Buffer.concat(sealed).toString('base64');
  }

  /** @throws LogStoreError `INVALID_ARGUMENT`: it was sealed with another key */
  open(userName: string, accessKeyId: string, sealed: string): string {
    const bytes = Buffer.from(sealed, 'base64');
    const end = bytes.length - tagBytes;
    try {
      const opening = createDecipheriv(cipher, this.#key, bytes.subarray(0, nonceBytes));
      opening.setAAD(bound(userName, accessKeyId));
      opening.setAuthTag(bytes.subarray(end));
      const secret = opening.update(bytes.subarray(nonceBytes, end), undefined, 'utf8');
      return secret + opening.final('utf8');
    } catch (cause) {
      throw new LogStoreError(
        'INVALID_ARGUMENT',
        `the secret of the user '${userName}' was encrypted with another secrets key`,
        { cause },
      );
    }
  }
}

function bound(userName: string, accessKeyId: string): Uint8Array {
  return Buffer.from(`logstore user secret/v1\0${userName}\0${accessKeyId}`);
}

/** As the file of the key has it. */
export function formatSecretsKey(key: Uint8Array): string {
  return `${Buffer.from(key).toString('hex')}\n`;
}

/** @throws LogStoreError `INVALID_ARGUMENT`; the message repeats nothing of it */
export function parseSecretsKey(text: string): Uint8Array {
  if (/^[0-9a-f]{64}\n?$/.test(text)) return Buffer.from(text.trim(), 'hex');
  throw new LogStoreError('INVALID_ARGUMENT', 'a secrets key is 64 hexadecimal digits');
}
