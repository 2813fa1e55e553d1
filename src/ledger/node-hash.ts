import { createHash, hash } from 'node:crypto';

/** SHA-256 of the machine: the store's side of the ledger hashes with it, verifiers with noble. */
export function nodeSha256(...parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return hash('sha256', only, 'buffer');
  const running = createHash('sha256');
  for (const part of parts) running.update(part);
  return running.digest();
}
