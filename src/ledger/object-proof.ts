import { utf8ToBytes } from '@noble/hashes/utils.js';
import * as form from '../format/text-lines.js';
import { sha256 } from './strict-crypto.js';

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

/**
 * c2sp.org/tlog-proof@v1 without extra data: an entry's path. The checkpoint it leads to, a signed
 * note, follows an empty line.
 */
export const tlogProofLines = form.lineFormat(
  'c2sp.org/tlog-proof@v1',
  { index: form.count, path: form.many(form.digest) },
  (name) => (name === 'index' ? 'index ' : ''),
);

/**
 * Under a sum of it: one path can prove that several keys are absent, and a proof that was damaged
 * must not turn into a true proof of something else.
 */
export function encodeHead(head: ObjectProofHead): string {
  const text = objectProofHead.encode(head);
  return `${text}sum ${form.digest.write(sha256(utf8ToBytes(text)))}\n`;
}

/**
 * SPEC.md, Object proof. The subject is a record, or of the claim `written` a change record, or
 * nothing where there is no one object; the state is what stands in the map for the record of a
 * version whose state was set since.
 */
export function decodeObjectProof(text: string) {
  const { texts, ...logged } = decodeProof(text);
  const [headText = '', subject, state, ...more] = texts;
  const head = objectProofHead.decode(headText.slice(0, headText.lastIndexOf('sum ')));
  if (encodeHead(head) !== headText) form.refuse('the sum of the claim is not as it says');
  if (more.length > 0) form.refuse('there are too many texts before the block');
  return { head, subject, state, ...logged };
}
export type ObjectProof = ReturnType<typeof decodeObjectProof>;

/** Texts, the last of them a block, and a tlog-proof: lines, an empty line, a note with another. */
export function decodeProof(text: string) {
  const parts = text.split('\n\n');
  const signatures = parts.at(-1)?.match(/.*\n/g);
  const isInOrder = signatures?.every((line, at, all) => at === 0 || (all[at - 1] ?? '') < line);
  if (!isInOrder) form.refuse('the signatures in a proof are not in order, each once');
  const texts = parts.slice(0, -2).map((part) => `${part}\n`);
  const lines = tlogProofLines.decode(texts.pop() ?? '');
  const block = texts.pop() ?? '';
  return { texts, block, proof: { ...lines, checkpoint: parts.slice(-2).join('\n\n') } };
}
