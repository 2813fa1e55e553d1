import { utf8ToBytes } from '@noble/hashes/utils.js';
import { must } from '../base/not-proven.js';
import * as form from '../format/text-lines.js';
import { type Note, type NoteKey, signatureTypes } from './note.js';
import { isSignedBy } from './strict-crypto.js';

/** C2SP tlog-checkpoint without extension lines: which log, how many blocks, their root. */
export const { encode: encodeCheckpoint, decode: decodeCheckpoint } = form.lineFormat(
  '',
  { origin: form.word, size: form.count, root: form.digest },
  () => '',
);
export type Checkpoint = ReturnType<typeof decodeCheckpoint>;

/** A key whose signature on a note holds; of a witness also when it signed, in seconds. */
export interface Signer {
  readonly key: NoteKey;
  readonly timeUnixS: number | undefined;
}

/** What a key of `type` signs: the text, or what C2SP tlog-cosignature makes of it. */
export function signedMessage(type: number, text: string, timeUnixS: number): Uint8Array {
  const isWitness = type === signatureTypes.witness;
  return utf8ToBytes(isWitness ? `cosignature/v1\ntime ${timeUnixS}\n${text}` : text);
}

/**
 * Those of `keys` that signed. Signatures of other keys mean nothing and are passed over.
 * @throws NotProven if one of `keys` seems to have signed and has not, or signs twice
 */
export function signersOf(note: Note, keys: readonly NoteKey[]): Signer[] {
  return keys.flatMap((key) => {
    const own = note.signatures.filter(({ name, id }) => name === key.name && id === key.id);
    const [first, second] = own;
    if (first === undefined) return [];
    // A cosignature begins with its time.
    const timeEnd = key.type === signatureTypes.witness ? 8 : 0;
    const time = first.signature.subarray(0, timeEnd).reduce((sum, byte) => sum * 256 + byte, 0);
    const message = signedMessage(key.type, note.text, time);
    const signature = first.signature.subarray(timeEnd);
    const isSigned = second === undefined && isSignedBy(key.publicKey, message, signature);
    must('signature', isSigned, `${key.name}+${key.id} did not sign this, or twice`);
    return [{ key, timeUnixS: timeEnd === 0 ? undefined : time }];
  });
}
