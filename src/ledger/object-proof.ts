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
  readonly block: string;
  readonly proof: TlogProof;
}

export function encodeObjectProof({ head, subject, block, proof }: ObjectProof): string {
  const texts = subject === undefined ? [block] : [subject, block];
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
  const headText = upToEmptyLine(text);
  const head = objectProofHead.decode(headText.slice(0, headText.lastIndexOf('sum ')));
  if (encodeHead(head) !== headText) form.refuse('the sum of the claim is not as it says');
  const hasSubject = ['version', 'current', 'written'].includes(head.claim);
  const { texts, proof } = decodeProofOf(text, hasSubject ? 3 : 2);
  return { head, subject: hasSubject ? texts[1] : undefined, block: texts.at(-1) ?? '', proof };
}

/** So many texts, and a tlog-proof in the stricter form that holds inside of proofs. */
export function decodeProofOf(text: string, textCount: number) {
  const texts: string[] = [];
  let rest = text;
  while (texts.length < textCount) {
    texts.push(upToEmptyLine(rest));
    rest = rest.slice((texts.at(-1) ?? '').length + 1);
  }
  const proof = decodeTlogProof(rest);
  const signatures = proof.checkpoint.slice(proof.checkpoint.indexOf('\n\n') + 2).match(/.*\n/g);
  const isInOrder = signatures?.every((line, at, all) => at === 0 || (all[at - 1] ?? '') < line);
  if (!isInOrder) form.refuse('the signatures in a proof are not in order, each once');
  if (proof.extra !== undefined) form.refuse('a proof in a proof has something extra');
  return { texts, proof };
}

function upToEmptyLine(text: string): string {
  const end = text.indexOf('\n\n');
  return end < 0 ? form.refuse('a part of the proof is missing') : text.slice(0, end + 1);
}
