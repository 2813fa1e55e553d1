import { utf8ToBytes } from '@noble/hashes/utils.js';
import * as form from '../format/text-lines.js';
import { sha256 } from './strict-crypto.js';
import { decodeTlogProof, encodeTlogProof, type TlogProof } from './tlog-proof.js';

/** The first part of an object proof: what it claims, and the hashes from there to the block. */
export const objectProofHead = form.lineFormat('object-proof/v1', {
  claim: form.oneOf('version', 'current', 'absent', 'empty', 'listing', 'written'),
  object: form.many(form.objectName),
  version: form.many(form.count),
  leaf: form.many(form.tuple(form.count, form.objectName, form.digest)),
  path: form.many(form.tuple(form.count, form.digest)),
  place: form.many(form.count),
  hash: form.many(form.digest),
});
export type ObjectProofHead = ReturnType<typeof objectProofHead.decode>;

/** SPEC.md, Object proof: texts, an empty line behind each, and a tlog-proof. */
export interface ObjectProof {
  readonly head: ObjectProofHead;
  /** A record; the change record of the claim `written`; none where there is no one object. */
  readonly subject: string | undefined;
  /** Of a version whose state was set since: what stands in the map for its record. */
  readonly state?: string | undefined;
  readonly block: string;
  readonly proof: TlogProof;
}

export function encodeObjectProof({ head, subject, state, block, proof }: ObjectProof): string {
  const texts = [subject, state, block].filter((text) => text !== undefined);
  return [encodeHead(head), ...texts, encodeTlogProof(proof)].join('\n');
}

/**
 * Under a sum of it: one path can prove that several keys are absent, and a proof that was damaged
 * must not turn into a true proof of something else.
 */
function encodeHead(head: ObjectProofHead): string {
  const text = objectProofHead.encode(head);
  return `${text}sum ${form.digest.write(sha256(utf8ToBytes(text)))}\n`;
}

export function decodeObjectProof(text: string): ObjectProof {
  const { texts, proof } = decodeProof(text);
  const [headText = '', ...others] = texts;
  const block = others.pop() ?? '';
  const [subject, state, ...more] = others;
  const head = objectProofHead.decode(headText.slice(0, headText.lastIndexOf('sum ')));
  if (encodeHead(head) !== headText) form.refuse('the sum of the claim is not as it says');
  if (more.length > 0) form.refuse('there are too many texts before the block');
  return { head, subject, state, block, proof };
}

/** The texts, and the tlog-proof behind them: lines, an empty line, and a note with another one. */
export function decodeProof(text: string) {
  const parts = text.split('\n\n');
  const texts = parts.slice(0, -3).map((part) => `${part}\n`);
  const signatures = parts.at(-1)?.match(/.*\n/g);
  const isInOrder = signatures?.every((line, at, all) => at === 0 || (all[at - 1] ?? '') < line);
  if (!isInOrder) form.refuse('the signatures in a proof are not in order, each once');
  return { texts, proof: decodeTlogProof(parts.slice(-3).join('\n\n')) };
}
