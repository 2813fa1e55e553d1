import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { noteKey } from '../../../src/ledger/note.js';
import type { CheckpointSigner } from '../../../src/ledger/sign-checkpoint.js';

const folder = join(process.cwd(), 'segments/golden/v1/ledger');

/** What `segments/golden/v1/ledger/make.py` wrote: an implementation of SPEC.md of its own. */
export interface LedgerVectors {
  readonly origin: string;
  readonly logSeed: string;
  readonly witnessSeed: string;
  readonly witness: string;
  readonly log: string;
  readonly keys: string;
  readonly cosignedAt: number;
  readonly blocks: readonly string[];
  readonly changes: readonly (readonly string[])[];
  readonly checkpoint: string;
  readonly map: readonly (readonly [key: string, recordHash: string])[];
  readonly mapRoot: string;
  readonly records: readonly (readonly [string, string, number, string])[];
  readonly keyed: string;
}

export const vectors: LedgerVectors = JSON.parse(goldenText('vectors.json'));

export function goldenText(name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}

/** SHA-256 as the store has it. */
export function nodeSha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

const pkcs8Ed25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A signer on Node's own Ed25519. */
export function nodeSigner(seed: string, name: string, type: number): CheckpointSigner {
  const der = Buffer.concat([pkcs8Ed25519, Buffer.from(seed, 'hex')]);
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' });
  const key = noteKey(name, type, Uint8Array.from(spki.subarray(-32)));
  return { key, sign: (message) => Uint8Array.from(sign(null, message, secret)) };
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
