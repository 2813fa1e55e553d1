import { createHash, hash } from 'node:crypto';

/** What is shorter is put together first: one call costs a quarter of what three parts cost. */
const joined = new Uint8Array(4096);

/** SHA-256 of the machine: the store's side of the ledger hashes with it, verifiers with noble. */
export function nodeSha256(...parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return hash('sha256', only, 'buffer');
  let sizeBytes = 0;
  for (const part of parts) sizeBytes += part.length;
  if (sizeBytes > joined.length) return hashInParts(parts);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return hash('sha256', joined.subarray(0, at), 'buffer');
}

function hashInParts(parts: readonly Uint8Array[]): Uint8Array {
  const running = createHash('sha256');
  for (const part of parts) running.update(part);
  return running.digest();
}
