import { createPrivateKey, type KeyObject } from 'node:crypto';
import { LogStoreError } from '../base/errors.js';
import { ed25519Secret, ed25519Signer } from './ed25519-signer.js';
import { signatureTypes } from './note.js';
import type { CheckpointSigner } from './sign-checkpoint.js';

/** A secret key of the ledger: with the origin of a log it signs. Nothing else leaves it. */
export type LedgerSecret = (origin: string) => CheckpointSigner;

export const secretSeedBytes = 32;

/** The text of a key file: PEM of PKCS #8, as `openssl genpkey -algorithm ed25519` writes it. */
export function secretText(seed: Uint8Array): string {
  return String(ed25519Secret(seed).export({ format: 'pem', type: 'pkcs8' }));
}

/** @throws LogStoreError `INVALID_ARGUMENT` for anything but an Ed25519 key */
export function secretOfText(text: string): LedgerSecret {
  const seed = parse(text).export({ format: 'der', type: 'pkcs8' }).subarray(-secretSeedBytes);
  return (origin) => ed25519Signer(origin, signatureTypes.log, seed);
}

/**
 * Keys one behind the other, as they stand in the file.
 * @throws LogStoreError `INVALID_ARGUMENT` where there is none, or anything else
 */
export function secretsOfText(text: string): LedgerSecret[] {
  const keys = text.match(/-----BEGIN [^-]+-----[^-]*-----END [^-]+-----/g) ?? [text];
  return keys.map((key) => secretOfText(key));
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
