import { encodeHead, type ObjectProofHead, tlogProofLines } from './object-proof.js';

/** A block's height, the path from it, and the signed note of the checkpoint it leads to. */
export interface TlogProof {
  readonly index: number;
  readonly path: readonly Uint8Array[];
  readonly checkpoint: string;
}

/** What decodeObjectProof() finds. The verifier's part has nothing that only its writer needs. */
export interface ProofTexts {
  readonly head: ObjectProofHead;
  readonly subject: string | undefined;
  readonly state?: string | undefined;
  readonly block: string;
  readonly proof: TlogProof;
}

export function encodeObjectProof({ head, subject, state, block, proof }: ProofTexts): string {
  const texts = [subject, state, block].filter((text) => text !== undefined);
  return [encodeHead(head), ...texts, encodeTlogProof(proof)].join('\n');
}

export function encodeTlogProof(proof: TlogProof): string {
  return `${tlogProofLines.encode(proof)}\n${proof.checkpoint}`;
}
