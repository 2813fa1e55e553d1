import { createCipheriv, createDecipheriv } from 'node:crypto';
import { LogStoreError } from '../base/errors.js';
import { hmac } from './signing-key.js';

interface StoreKey {
  /** 8 bytes. */
  readonly id: Uint8Array;
  readonly key: Uint8Array;
}

/** The store's own keys (SPEC.md §15.4), as far as secrets need them. */
export interface SecretKeys {
  /** Where they are kept, for messages. */
  readonly place: string;
  readonly current: StoreKey | undefined;
  find(id: Uint8Array): StoreKey | undefined;
  make(): Promise<StoreKey>;
}

const idBytes = 8;
const nonceBytes = 12;
const tagBytes = 16;
const cipher = 'aes-256-gcm';

/**
 * Encrypts the secrets of users for the log (SPEC.md §4.1). A secret is bound to its user and its
 * access key: it opens nowhere else.
 */
export class SecretBox {
  constructor(
    private readonly keys: SecretKeys,
    private readonly random: { bytes(countBytes: number): Uint8Array },
  ) {}

  /** @throws LogStoreError `IO` where the first key cannot be kept */
  async seal(userName: string, accessKeyId: string, secret: string): Promise<string> {
    const { id, key } = this.keys.current ?? (await this.keys.make());
    const nonce = this.random.bytes(nonceBytes);
    const sealing = createCipheriv(cipher, secretsKey(key), nonce);
    sealing.setAAD(bound(userName, accessKeyId));
    const sealed = [sealing.update(secret, 'utf8'), sealing.final(), sealing.getAuthTag()];
    return Buffer.concat([id, nonce, ...sealed]).toString('base64');
  }

  /** @throws LogStoreError `INVALID_ARGUMENT` where its key is not there, or is another one */
  open(userName: string, accessKeyId: string, sealed: string): string {
    const bytes = Buffer.from(sealed, 'base64');
    const found = this.keys.find(bytes.subarray(0, idBytes));
    if (found === undefined || bytes.length < idBytes + nonceBytes + tagBytes)
      throw this.#unopened(userName, 'is not there');
    const [start, end] = [idBytes + nonceBytes, bytes.length - tagBytes];
    const nonce = bytes.subarray(idBytes, start);
    const opening = createDecipheriv(cipher, secretsKey(found.key), nonce);
    opening.setAAD(bound(userName, accessKeyId));
    opening.setAuthTag(bytes.subarray(end));
    try {
      const secret = opening.update(bytes.subarray(start, end), undefined, 'utf8');
      return secret + opening.final('utf8');
    } catch (cause) {
      throw this.#unopened(userName, 'does not open it', cause);
    }
  }

  #unopened(userName: string, why: string, cause?: unknown): LogStoreError {
    return new LogStoreError(
      'INVALID_ARGUMENT',
      `the key that the secret of user '${userName}' is encrypted with ${why}; ` +
        `see '${this.keys.place}'`,
      { cause },
    );
  }
}

function secretsKey(storeKey: Uint8Array): Uint8Array {
  return hmac(storeKey, 'logstore user secret key\n');
}

function bound(userName: string, accessKeyId: string): Uint8Array {
  return Buffer.from(`logstore user secret\n${userName}\n${accessKeyId}`);
}
