import { type Change, changeRecord } from '../format/change-record.js';
import type { Commit } from '../format/commit.js';
import {
  decodeVersionKey,
  encodedBytesMax,
  encodeKeyPrefixInto,
  keyPrefix,
  listingKey,
  versionKey,
  writeVersion,
} from '../format/key-encoding.js';
import type { Ends, Mutation, SetObjectState } from '../format/mutation.js';
import { mapLeafHash } from '../merkle/map-hash.js';
import type { ObjectMap } from '../merkle/object-map.js';
import type { Restated } from '../merkle/restated-table.js';
import type { Hash } from '../merkle/rfc6962.js';
import {
  recordOfBucket,
  recordOfConfiguration,
  recordOfObject,
  recordOfState,
} from './derive-record.js';

/** A change record, with what of the record that it adds stands nowhere else. */
export interface MapChange {
  readonly text: string;
  /** Index of the mutation in its commit. */
  readonly mutation: number;
  /** Leaf hash of what was the key's newest version until then; of a state what it replaces. */
  readonly before: Uint8Array | undefined;
}

/** What is done to one key of the map. A bucket is the key of its name in the bucket ''. */
interface Effect {
  readonly bucket: string;
  readonly key: string;
  readonly removed: readonly VersionInMap[];
  readonly added: readonly VersionInMap[];
  readonly before: Uint8Array | undefined;
}

const versionBytes = 8;
/** Filled and used within one call: fresh arrays each time cost more than the map itself. */
const keyScratch = new Uint8Array(encodedBytesMax);
const textScratch = new Uint8Array(4096);
const encoder = new TextEncoder();

type VersionInMap = [version: number, recordHash: Uint8Array];
/** The text of a record, once it is known what was before. */
type RecordText = (before: Uint8Array | undefined) => string;

/**
 * What a commit does to the map (SPEC.md §14.4): applies it, and returns its change records, in
 * order. It follows the fold (SPEC.md §8): what belongs to a bucket or a version that is not there
 * adds nothing. Uploads and what the store says of its users change nothing in the map.
 * @param keyed if given, change records hold this of a key prefix instead of names
 */
export function applyToMap(
  hash: Hash,
  map: ObjectMap,
  commit: Commit,
  keyed?: (keyPrefix: Uint8Array) => Uint8Array,
): MapChange[] {
  return commit.mutations.flatMap((mutation, index) => {
    const change = new MutationOnMap(hash, map, commit.version + index, commit.timeUnixMs);
    const effects = change.apply(mutation).filter((one) => one.removed.length + one.added.length);
    return effects.map(({ bucket, key, removed, added, before }) => {
      const name =
        keyed === undefined
          ? { object: [[bucket, key] as const], keyed: [] }
          : { object: [], keyed: [keyed(keyPrefix(bucket, key))] };
      const { version, timeUnixMs: time } = change;
      const text = changeRecord.encode({ version, time, ...name, removed, added });
      return { text, mutation: index, before };
    });
  });
}

/** What a change record says, done to a map. */
export function applyChange(
  map: ObjectMap,
  { version: change, object, removed, added }: Change,
): void {
  const [[bucket, key] = ['', '']] = object;
  const [[version, recordHash] = [change, undefined]] = added;
  const restated = restatedBy(map, versionKey(bucket, key, version), change);
  for (const [one] of removed) map.remove(versionKey(bucket, key, one));
  if (recordHash !== undefined) map.set(versionKey(bucket, key, version), recordHash, restated);
}

/** What the map is to remember of a version that is there, and gets another record. */
function restatedBy(map: ObjectMap, key: Uint8Array, change: number): Restated | undefined {
  const firstRecord = map.restated(key)?.firstRecord ?? map.recordHash(key);
  return firstRecord === undefined ? undefined : { firstRecord, change };
}

class MutationOnMap {
  constructor(
    private readonly hash: Hash,
    private readonly map: ObjectMap,
    readonly version: number,
    readonly timeUnixMs: number,
  ) {}

  /** One effect for each key. */
  apply(mutation: Mutation): Effect[] {
    const { hash, timeUnixMs } = this;
    switch (mutation.is) {
      case 'putObject': {
        const { bucket, key, ends, object, bucketVersion } = mutation;
        if (!this.#hasBucket(bucket, bucketVersion)) return [this.#replace(bucket, key, ends)];
        const record: RecordText = (before) => recordOfObject(hash, object, timeUnixMs, before);
        return [this.#replace(bucket, key, ends, record)];
      }
      case 'deleteObject':
        return [this.#replace(mutation.bucket, mutation.key, mutation.ends)];
      case 'createBucket':
        return [
          this.#replace('', mutation.bucket, [], () => recordOfBucket(hash, mutation, timeUnixMs)),
        ];
      case 'deleteBucket':
        return this.#deleteBucket(mutation.bucket, mutation.ends);
      case 'configureBucket': {
        const { bucket, bucketVersion, name, ends, value } = mutation;
        if (!this.#hasBucket(bucket, bucketVersion)) return [];
        const record: RecordText | undefined =
          value === null
            ? undefined
            : (before) => recordOfConfiguration(hash, value, timeUnixMs, before);
        return [this.#replace('', `${bucket}/${name}`, ends, record)];
      }
      case 'setObjectState':
        return this.#setState(mutation);
      case 'createUpload':
      case 'putPart':
      case 'abortUpload':
      case 'setAccess':
        return [];
    }
  }

  #hasBucket(bucket: string, bucketVersion: number): boolean {
    return this.map.recordHash(versionKey('', bucket, bucketVersion)) !== undefined;
  }

  /** Takes out what ends, and puts in a version of this mutation's if there is a record of one. */
  #replace(bucket: string, key: string, ends: Ends, record?: RecordText): Effect {
    const { hash, map, version } = this;
    const prefixBytes = encodeKeyPrefixInto(keyScratch, bucket, key);
    const before = map.firstLeafHash(keyScratch.subarray(0, prefixBytes));
    const inMap = keyScratch.subarray(0, prefixBytes + versionBytes);
    const removed: VersionInMap[] = [];
    for (let at = 2; at < ends.length; at += 3) {
      const ended = ends[at] ?? 0;
      writeVersion(keyScratch, prefixBytes, ended);
      const recordHash = map.recordHash(inMap);
      // What ends beside versions of the key, an upload or parts, is not in the map.
      if (recordHash === undefined) continue;
      map.remove(inMap);
      removed.push([ended, recordHash]);
    }
    if (record === undefined) return { bucket, key, removed, added: [], before };
    const recordHash = hashOfText(hash, record(before));
    writeVersion(keyScratch, prefixBytes, version);
    map.set(inMap, recordHash);
    return { bucket, key, removed, added: [[version, recordHash]], before };
  }

  /** The bucket goes, and then its configurations, in the order of their keys. */
  #deleteBucket(bucket: string, ends: Ends): Effect[] {
    const effects = [this.#replace('', bucket, ends)];
    if (effects[0]?.removed.length === 0) return [];
    const prefix = listingKey('', `${bucket}/`);
    for (;;) {
      const found = this.map.firstWithPrefix(prefix);
      if (found === undefined) return effects;
      const { key, version } = decodeVersionKey(found.key);
      effects.push(this.#replace('', key, [0, 0, version]));
    }
  }

  #setState({ bucket, key, version, state }: SetObjectState): Effect[] {
    const { hash, map, timeUnixMs } = this;
    const inMap = versionKey(bucket, key, version);
    const replaced = map.recordHash(inMap);
    const restated = restatedBy(map, inMap, this.version);
    if (replaced === undefined || restated === undefined) return [];
    const before = mapLeafHash(hash, [inMap, replaced]);
    const text = recordOfState(hash, restated.firstRecord, state, timeUnixMs, before);
    const recordHash = hashOfText(hash, text);
    map.set(inMap, recordHash, restated);
    const added: VersionInMap[] = [[version, recordHash]];
    return [{ bucket, key, removed: [[version, replaced]], added, before }];
  }
}

function hashOfText(hash: Hash, text: string): Uint8Array {
  const { read, written } = encoder.encodeInto(text, textScratch);
  return hash(read === text.length ? textScratch.subarray(0, written) : encoder.encode(text));
}
