import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { LogStoreError } from '../base/errors.js';
import { noteKey, signatureTypes } from './note.js';
import type { CheckpointSigner } from './sign-checkpoint.js';

/** A secret key of the ledger in use. Nothing of it leaves but signatures. */
export interface LedgerSecret {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes of Ed25519. */
  sign(message: Uint8Array): Uint8Array;
}

export const secretSeedBytes = 32;

/** PKCS #8 of an Ed25519 key up to its seed (RFC 8410 §7). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The text of a key file, as `openssl genpkey -algorithm ed25519` writes it. */
export function secretText(seed: Uint8Array): string {
  const der = Buffer.concat([pkcs8Head, seed]).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`;
}

/** @throws LogStoreError `INVALID_ARGUMENT` for anything but an Ed25519 key */
export function secretOfText(text: string): LedgerSecret {
  const secret = parse(text);
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' });
  return {
    publicKey: Uint8Array.from(spki.subarray(-32)),
    sign: (message) => Uint8Array.from(sign(null, message, secret)),
  };
}

function parse(text: string): KeyObject {
  try {
    const secret = createPrivateKey(text);
    if (secret.asymmetricKeyType === 'ed25519') return secret;
  } catch {
    // Told below: the cause may hold of the secret.
  }
  throw new LogStoreError('INVALID_ARGUMENT', 'a ledger key is an Ed25519 key in PEM (PKCS #8)');
}

/** The secret as the key of the log `origin`. */
export function signerOf(secret: LedgerSecret, origin: string): CheckpointSigner {
  const key = noteKey(origin, signatureTypes.log, secret.publicKey);
  return { key, sign: (message) => secret.sign(message) };
}
