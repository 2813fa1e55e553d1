import { encodeHead, type ObjectProofHead, tlogProofLines } from './object-proof.js';

/** A block's height, the path from it, and the signed note of the checkpoint to which that leads. */
export interface TlogProof {
  readonly index: number;
  readonly path: readonly Uint8Array[];
  readonly checkpoint: string;
}

/** What decodeObjectProof() finds: the verifier's part has no more of the writer's than it needs. */
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
