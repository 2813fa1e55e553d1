import { invariant } from '../base/invariant.js';
import type { KeySet } from './keys.js';
import { encodeVkey, type NoteKey } from './note.js';

type Entry = KeySet['key'][number];

/** The set of a log that begins: one key, for all heights. */
export function firstKeySet(key: NoteKey): KeySet {
  return { origin: key.name, key: [[encodeVkey(key), 0, undefined, 'good']] };
}

/**
 * A new key signs from `height` on. The ones before it go on for `overlap` blocks, so that whoever
 * knows only them still reads a checkpoint that covers a block with the new set.
 */
export function rotated(set: KeySet, key: NoteKey, height: number, overlap: number): KeySet {
  invariant(key.name === set.origin, 'the name of a key is the origin of its log');
  invariant(overlap >= 1, 'the old key signs the block that names the new one');
  const vkey = encodeVkey(key);
  invariant(
    set.key.every(([known]) => known !== vkey),
    'a key comes into a set once',
  );
  const until = height + overlap;
  const before = set.key.map(([known, from, end, state]): Entry => {
    return [known, from, end === undefined || end > until ? until : end, state];
  });
  return { origin: set.origin, key: [...before, [vkey, height, undefined, 'good']] };
}

/** No signature of the key counts any more by itself; from `height` on it was in other hands. */
export function revoked(set: KeySet, key: NoteKey, height: number): KeySet {
  const vkey = encodeVkey(key);
  invariant(
    set.key.some(([known]) => known === vkey),
    'a key that is revoked is in the set',
  );
  const entries = set.key.map((entry): Entry => {
    const [known, from, end] = entry;
    const until = end === undefined || end > height ? height : end;
    return known === vkey ? [known, from, until, 'revoked'] : entry;
  });
  return { origin: set.origin, key: entries };
}
