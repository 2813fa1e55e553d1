import { LogStoreError } from '../base/errors.js';

/** The root user's access key. Its file is JSON, readable by its owner alone. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const accessKeyIdPattern = /^[\x21-\x7e]{3,128}$/;
const secretPattern = /^[\x21-\x7e]{8,128}$/;

const keyIdLetters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const keyIdLength = 20;
const secretBytes = 30; // 40 characters of Base64

/** A fresh pair: 20 letters and digits, and 240 bits of secret. */
export function generateCredentials(random: {
  bytes(countBytes: number): Uint8Array;
}): Credentials {
  let accessKeyId = '';
  while (accessKeyId.length < keyIdLength)
    for (const byte of random.bytes(keyIdLength)) {
      // 252 is the largest multiple of 36 in a byte: beyond it some letters would be more likely
      if (byte < 252 && accessKeyId.length < keyIdLength)
        accessKeyId += keyIdLetters.charAt(byte % keyIdLetters.length);
    }
  const secretAccessKey = Buffer.from(random.bytes(secretBytes)).toString('base64url');
  return { accessKeyId, secretAccessKey };
}

export function formatCredentials({ accessKeyId, secretAccessKey }: Credentials): string {
  return `${JSON.stringify({ accessKeyId, secretAccessKey }, undefined, 2)}\n`;
}

/**
 * @throws LogStoreError `INVALID_ARGUMENT` for what is no pair of printable ASCII; the message
 *   repeats nothing of it
 */
export function parseCredentials(text: string): Credentials {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, and so perhaps the secret: it goes no further.
    throw new LogStoreError('INVALID_ARGUMENT', 'the credentials file is not JSON');
  }
  if (typeof value !== 'object' || value === null)
    throw new LogStoreError('INVALID_ARGUMENT', 'the credentials file holds no JSON object');
  const { accessKeyId, secretAccessKey } = value as Record<string, unknown>;
  return checkCredentials(accessKeyId, secretAccessKey);
}

/** @throws LogStoreError `INVALID_ARGUMENT` */
export function checkCredentials(accessKeyId: unknown, secretAccessKey: unknown): Credentials {
  if (typeof accessKeyId !== 'string' || !accessKeyIdPattern.test(accessKeyId))
    throw new LogStoreError(
      'INVALID_ARGUMENT',
      'an access key id is 3 to 128 printable ASCII characters',
    );
  if (typeof secretAccessKey !== 'string' || !secretPattern.test(secretAccessKey))
    throw new LogStoreError(
      'INVALID_ARGUMENT',
      'a secret access key is 8 to 128 printable ASCII characters',
    );
  return { accessKeyId, secretAccessKey };
}
