import { utf8ToBytes } from '@noble/hashes/utils.js';
import { type Change, changeRecord } from '../format/change-record.js';
import type { Commit } from '../format/commit.js';
import { keyPrefix, versionKey } from '../format/key-encoding.js';
import type { Ends, Mutation } from '../format/mutation.js';
import { mapLeafHash } from '../merkle/map-hash.js';
import type { ObjectMap } from '../merkle/object-map.js';
import type { Hash } from '../merkle/rfc6962.js';
import { recordOfBucket, recordOfObject } from './derive-record.js';

/** A bucket is the key of its name in the bucket ''. */
interface Effect {
  readonly bucket: string;
  readonly key: string;
  readonly ends: Ends;
  /** The text of the record that it adds, if it adds one. */
  readonly record?: (before: Uint8Array | undefined) => string;
}

/** A change record, with what of the record that it adds stands nowhere else. */
export interface MapChange {
  readonly text: string;
  /** Index of the mutation in its commit. */
  readonly mutation: number;
  /** Leaf hash of what was the key's newest version until then. */
  readonly before: Uint8Array | undefined;
}

/**
 * What a commit does to the map (SPEC.md, Change record): applies it, and returns a change record
 * for each mutation that changes the map, in order. It follows the fold (SPEC.md §8): what is put
 * into a bucket that is not there is not added. Uploads, configurations and states of objects
 * change nothing in the map.
 * @param keyed if given, change records hold this of a key prefix instead of names
 */
export function applyToMap(
  hash: Hash,
  map: ObjectMap,
  commit: Commit,
  keyed?: (keyPrefix: Uint8Array) => Uint8Array,
): MapChange[] {
  return commit.mutations.flatMap((mutation, index) => {
    const effect = effectOf(hash, map, mutation, commit.timeUnixMs);
    if (effect === undefined) return [];
    const { before, ...change } = applyEffect(hash, map, effect, commit.version + index);
    if (change.removed.length + change.added.length === 0) return [];
    const { bucket, key } = effect;
    const name =
      keyed === undefined
        ? { object: [[bucket, key] as const], keyed: [] }
        : { object: [], keyed: [keyed(keyPrefix(bucket, key))] };
    const text = changeRecord.encode({ ...change, ...name, time: commit.timeUnixMs });
    return [{ text, mutation: index, before }];
  });
}

function applyEffect(
  hash: Hash,
  map: ObjectMap,
  { bucket, key, ends, record }: Effect,
  version: number,
): Pick<Change, 'version' | 'removed' | 'added'> & Pick<MapChange, 'before'> {
  const newest = map.firstWithPrefix(keyPrefix(bucket, key));
  const before = newest === undefined ? undefined : mapLeafHash(hash, newest);
  const removed: [number, Uint8Array][] = [];
  for (let at = 2; at < ends.length; at += 3) {
    const ended = ends[at] ?? 0;
    const endedKey = versionKey(bucket, key, ended);
    const recordHash = map.recordHash(endedKey);
    // What ends beside versions of the key, an upload or parts, is not in the map.
    if (recordHash === undefined) continue;
    map.remove(endedKey);
    removed.push([ended, recordHash]);
  }
  if (record === undefined) return { version, removed, added: [], before };
  const recordHash = hash(utf8ToBytes(record(before)));
  map.set(versionKey(bucket, key, version), recordHash);
  return { version, removed, added: [[version, recordHash]], before };
}

function effectOf(
  hash: Hash,
  map: ObjectMap,
  mutation: Mutation,
  timeUnixMs: number,
): Effect | undefined {
  switch (mutation.is) {
    case 'putObject': {
      const { bucket, key, ends, object, bucketVersion } = mutation;
      if (map.recordHash(versionKey('', bucket, bucketVersion)) === undefined) {
        return { bucket, key, ends };
      }
      const record = (before?: Uint8Array) => recordOfObject(hash, object, timeUnixMs, before);
      return { bucket, key, ends, record };
    }
    case 'deleteObject':
      return mutation;
    case 'createBucket': {
      const record = () => recordOfBucket(hash, mutation, timeUnixMs);
      return { bucket: '', key: mutation.bucket, ends: [], record };
    }
    case 'deleteBucket':
      return { bucket: '', key: mutation.bucket, ends: mutation.ends };
    case 'createUpload':
    case 'putPart':
    case 'abortUpload':
    case 'configureBucket':
    case 'setObjectState':
    case 'setAccess':
      return undefined;
  }
}
