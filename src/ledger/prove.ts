import { invariant } from '../base/invariant.js';
import { decodeVersionKey, keyPrefix, listingKey, versionKey } from '../format/key-encoding.js';
import type { MapLeaf } from '../merkle/map-nodes.js';
import type { MapView } from '../merkle/map-view.js';
import type { ObjectProofHead } from './object-proof.js';

/** A map as it is, or as it was. */
type ReadableMap = Pick<MapView, 'prove' | 'proveListing' | 'firstWithPrefix'>;
type Leaf = ObjectProofHead['leaf'][number];

/** Heads of object proofs (SPEC.md, Object proof) from a map that was rehashed. */
const nothing = { version: [], leaf: [], path: [], place: [], hash: [] };

/** Of a version that is in the map; `current` only if it is the newest of its key. */
export function proveVersion(
  map: ReadableMap,
  claim: 'version' | 'current',
  bucket: string,
  key: string,
  version: number,
): ObjectProofHead {
  const found = map.prove(versionKey(bucket, key, version));
  invariant(found !== undefined, 'the map holds what is to be proven');
  const path = found.path;
  return { ...nothing, claim, object: [[bucket, key]], version: [version], path };
}

/** That no version of a key, or nothing with a prefix, is there; undefined if something is. */
export function proveAbsence(
  map: ReadableMap,
  claim: 'absent' | 'empty',
  bucket: string,
  key: string,
): ObjectProofHead | undefined {
  const prefix = claim === 'absent' ? keyPrefix(bucket, key) : listingKey(bucket, key);
  if (map.firstWithPrefix(prefix) !== undefined) return undefined;
  const neighbour = map.prove(prefix);
  const leaf = neighbour === undefined ? [] : [leafLine(neighbour)];
  const path = neighbour?.path ?? [];
  return { ...nothing, claim, object: [[bucket, key]], leaf, path };
}

/** Everything there is with a prefix; undefined if there is nothing: that is the claim `empty`. */
export function proveListing(
  map: ReadableMap,
  bucket: string,
  prefix: string,
): ObjectProofHead | undefined {
  const found = map.proveListing(listingKey(bucket, prefix));
  if (found === undefined) return undefined;
  const leaf = found.leaves.map((one) => leafLine(one));
  const path = found.path;
  return { ...nothing, claim: 'listing', object: [[bucket, prefix]], leaf, path };
}

/** That a change stands at `place` of its block's delta tree; `path` by inclusionPath(). */
export function proveWritten(place: number, path: readonly Uint8Array[]): ObjectProofHead {
  return { ...nothing, claim: 'written', object: [], place: [place], hash: path };
}

function leafLine({ key: versionKey, recordHash }: MapLeaf): Leaf {
  const { bucket, key, version } = decodeVersionKey(versionKey);
  return [version, [bucket, key], recordHash];
}
