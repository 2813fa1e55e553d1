import * as form from '../format/text-lines.js';
import { decodeVkey, type NoteKey, signatureTypes } from './note.js';

const state = form.oneOf('good', 'revoked');

/**
 * keys/v1: which key signs for a log at which heights; its SHA-256 stands in each block. A key that
 * is not `good` was stolen or lost at `until`: no signature of it counts by itself, not even one
 * that claims to be older, as its thief can write any height.
 */
export const keySet = form.lineFormat('keys/v1', {
  origin: form.word,
  /** vkey, first height, first height that is no longer its own, state. */
  key: form.many(form.tuple(form.word, form.count, form.orNone(form.count), state)),
});
export type KeySet = ReturnType<typeof keySet.decode>;

/** The keys that may sign a checkpoint whose last block has this height. */
export function keysAt(set: KeySet, height: number): NoteKey[] {
  return set.key
    .filter(([, from, until, state]) => {
      return state === 'good' && from <= height && (until === undefined || height < until);
    })
    .map(([vkey]) => decodeVkey(vkey, signatureTypes.log));
}
