import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import * as form from '../format/text-lines.js';
import { sha256 } from './strict-crypto.js';

/** C2SP signed-note: the one byte that says how a key signs. */
export const signatureTypes = { log: 0x01, witness: 0x04 } as const;

/** A public key under its name. Name and id (8 hex digits) say which key made a signature. */
export interface NoteKey {
  readonly name: string;
  readonly id: string;
  readonly type: number;
  readonly publicKey: Uint8Array;
}

/** One line `— name base64(key id || signature)`. */
export type NoteSignature = Pick<NoteKey, 'name' | 'id'> & { readonly signature: Uint8Array };

export interface Note {
  /** With its last newline: what is signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const namePattern = /^[^+\p{Z}\p{C}]+$/u;

/** @throws NotProven for a name with spaces or `+` */
export function noteKey(name: string, type: number, publicKey: Uint8Array): NoteKey {
  if (!namePattern.test(name)) form.refuse(`not a name of a key: ${JSON.stringify(name)}`);
  const id = sha256(utf8ToBytes(`${name}\n`), Uint8Array.of(type), publicKey).subarray(0, 4);
  return { name, id: bytesToHex(id), type, publicKey };
}

/** `name+id+base64(type || public key)`, as people hand it to one another. */
export function encodeVkey({ name, id, type, publicKey }: NoteKey): string {
  return `${name}+${id}+${form.toBase64(concatBytes(Uint8Array.of(type), publicKey))}`;
}

/** @throws NotProven if it is not the encoding of an Ed25519 key of `type` */
export function decodeVkey(vkey: string, type: number): NoteKey {
  const [name = '', , ...base64] = vkey.split('+');
  const key = noteKey(name, type, form.fromBase64(base64.join('+')).slice(1));
  const isCanonical = key.publicKey.length === 32 && encodeVkey(key) === vkey;
  return isCanonical ? key : form.refuse(`not the encoding of a key of type ${type}: ${vkey}`);
}

/** @throws NotProven unless it is a text, an empty line and lines of signatures */
export function decodeNote(encoded: string): Note {
  const split = encoded.lastIndexOf('\n\n');
  const lines = encoded.slice(split + 2).split('\n');
  if (split < 0 || lines.pop() !== '' || lines.length === 0) form.refuse('not a signed note');
  const signatures = lines.map((line) => {
    const [dash, name = '', base64 = '', ...more] = line.split(' ');
    const material = form.fromBase64(base64);
    const isWhole = dash === '\u2014' && namePattern.test(name) && material.length > 4;
    if (!isWhole || more.length > 0) form.refuse('a line of a note is not a signature');
    return { name, id: bytesToHex(material.subarray(0, 4)), signature: material.slice(4) };
  });
  return { text: encoded.slice(0, split + 1), signatures };
}
