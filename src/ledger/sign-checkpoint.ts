import { concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { invariant } from '../base/invariant.js';
import { toBase64 } from '../format/text-lines.js';
import { type Checkpoint, encodeCheckpoint, signedMessage } from './checkpoint.js';
import { type Note, type NoteKey, type NoteSignature, signatureTypes } from './note.js';

/** A key pair in use. The secret stays behind `sign`, which makes 64 bytes of Ed25519. */
export interface CheckpointSigner {
  readonly key: NoteKey;
  sign(message: Uint8Array): Uint8Array;
}

/**
 * One signature line: the log's own, or a witness's cosignature/v1.
 * @param timeUnixS seconds since 1970, part of what a witness signs; a log's signature has none
 */
export function signCheckpoint(
  signer: CheckpointSigner,
  checkpoint: Checkpoint,
  timeUnixS: number,
): NoteSignature {
  const { name, id, type } = signer.key;
  const message = signedMessage(type, encodeCheckpoint(checkpoint), timeUnixS);
  const signature = signer.sign(message);
  invariant(signature.length === 64, 'an Ed25519 signature has 64 bytes');
  if (type !== signatureTypes.witness) return { name, id, signature };
  const time = new DataView(new ArrayBuffer(8));
  time.setBigUint64(0, BigInt(timeUnixS));
  return { name, id, signature: concatBytes(new Uint8Array(time.buffer), signature) };
}

/** The signed note. Its lines stand in order, each once, as proofs want them. */
export function encodeNote({ text, signatures }: Note): string {
  const lines = signatures.map(({ name, id, signature }) => {
    return `\u2014 ${name} ${toBase64(concatBytes(hexToBytes(id), signature))}\n`;
  });
  return `${text}\n${[...new Set(lines)].sort().join('')}`;
}
