import { LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import type { KeySet } from './keys.js';
import { decodeVkey, encodeVkey, type NoteKey, signatureTypes } from './note.js';

type Entry = KeySet['key'][number];

/** How the key of a log is to change. */
export interface RotationPlan {
  /** Blocks that the keys before go on signing, at least 1. */
  readonly overlap: number;
  /** A key that is in other hands since `from`: its id, as in its vkey. */
  readonly revoke?: { readonly id: string; readonly from: number } | undefined;
}

/**
 * The set that the block at `height` is to name.
 * @throws LogStoreError `INVALID_ARGUMENT`
 */
export function plannedKeySet(
  set: KeySet,
  key: NoteKey,
  height: number,
  { overlap, revoke }: RotationPlan,
): KeySet {
  if (overlap < 1) throw invalid('the old key signs the block that names the new one');
  if (revoke === undefined) return rotated(set, key, height, overlap);
  const keys = set.key.map(([vkey]) => decodeVkey(vkey, signatureTypes.log));
  const stolen = keys.find(({ id }) => id === revoke.id);
  if (stolen === undefined) throw invalid(`no key of this log has the id ${revoke.id}`);
  if (revoke.from > height) throw invalid(`block ${revoke.from} is not written yet`);
  return rotated(revoked(set, stolen, revoke.from), key, height, overlap);
}

/** Whether a block at `height` may name `after` where the one before named `before`. */
export function isHandedOn(before: KeySet, after: KeySet, height: number): boolean {
  const isKept = before.key.every(([vkey, from, end, state], index) => {
    const [vkeyNow, fromNow, endNow, stateNow] = after.key[index] ?? [];
    const isCut = endNow !== undefined && (end === undefined || endNow <= end);
    const isWorse = state === stateNow || stateNow === 'revoked';
    return vkey === vkeyNow && from === fromNow && (end === endNow || isCut) && isWorse;
  });
  const added = after.key.slice(before.key.length);
  return before.origin === after.origin && isKept && added.every(([, from]) => from === height);
}

function invalid(message: string): LogStoreError {
  return new LogStoreError('INVALID_ARGUMENT', message);
}

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
