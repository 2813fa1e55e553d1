import { createHash } from 'node:crypto';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Host } from '../base/host.js';
import { NotProven } from '../base/not-proven.js';
import { applyCommit } from '../catalog/fold.js';
import { stateFactsOf } from '../catalog/object-states.js';
import { type CatalogState, emptyState } from '../catalog/state.js';
import { type Change, changeRecord } from '../format/change-record.js';
import { decodeCommitMeta } from '../format/commit.js';
import { decodeVersionKey, versionKey } from '../format/key-encoding.js';
import type { ChangeEntry } from '../format/ledger-record.js';
import type { ObjectRecord } from '../format/mutation.js';
import { applyToMap } from '../ledger/map-changes.js';
import { nodeSha256 } from '../ledger/node-hash.js';
import { recordTextOf } from '../ledger/record-text.js';
import { openLog } from '../log/open-log.js';
import type { Log } from '../log/types.js';
import { treeHash } from '../merkle/growing-tree.js';
import type { ObjectMap } from '../merkle/object-map.js';
import { equalHashes } from '../merkle/rfc6962.js';
import { BodyReader, bodyOf } from './body-reader.js';
import { Commits } from './commits.js';

/** Where the commit of a record stands, and what of it stands in the ledger alone. */
type Place = Pick<ChangeEntry, 'sequence' | 'mutation' | 'before'>;

/** By version of what is in the map. */
export type LivePlaces = Map<number, { readonly first: Place; readonly state: Place | undefined }>;

/** Follows what a change does to the map. */
export function notePlaces(
  live: LivePlaces,
  { removed, added }: Change,
  { sequence, mutation, before }: Place,
): void {
  const place = { sequence, mutation, before };
  const [version] = added[0] ?? [];
  const was = version === undefined ? undefined : live.get(version);
  for (const [one] of removed) live.delete(one);
  if (version === undefined) return;
  live.set(
    version,
    was === undefined ? { first: place, state: undefined } : { ...was, state: place },
  );
}

/**
 * Holds a map against the store's own log: each version that the map names has that record and
 * that content, and the log holds no other.
 * @param live where the versions in the map come from
 * @param sequenceNext what of the log the map holds: everything below
 * @returns how many versions were read
 * @throws NotProven naming the first that is not so; LogStoreError
 */
export async function auditContent(
  host: Host,
  map: ObjectMap,
  live: LivePlaces,
  sequenceNext: number,
): Promise<number> {
  const state = emptyState();
  const later: [sequence: number, meta: Uint8Array][] = [];
  const commit = (sequence: number, meta: Uint8Array) => {
    applyCommit(state, decodeCommitMeta(meta), sequence);
    if (sequence >= sequenceNext) later.push([sequence, meta.slice()]);
  };
  await using log = await openLog(host, { mode: 'read' }, { commit, lost: () => undefined });
  for (const [sequence, meta] of later) addLater(map, live, sequence, meta);
  const names: VersionName[] = [];
  map.forEach(({ key }) => {
    names.push(decodeVersionKey(key));
  });
  const { objects, buckets } = state;
  const content = new ContentAudit(log, map, live);
  for (const name of names) {
    if (!isInStore(state, name)) {
      throw wrong(name, 'is in the ledger, and the store does not have it');
    }
    checkState(state, map, name);
    await content.check(name);
  }
  let count = objects.count + buckets.size;
  for (const { configurations } of buckets.values()) count += configurations.size;
  if (count === names.length) return names.length;
  throw new NotProven('map', 'the store holds objects that are not in its ledger');
}

type VersionName = ReturnType<typeof decodeVersionKey>;

function isInStore({ objects, buckets }: CatalogState, name: VersionName): boolean {
  const { bucket, key, version } = name;
  if (bucket !== '') return objects.find(versionKey(bucket, key, version)) >= 0;
  const [ofBucket = '', kind] = key.split('/');
  const found = buckets.get(ofBucket);
  if (kind === undefined) return found?.version === version;
  const all: ReadonlyMap<string, { readonly version: number }> | undefined = found?.configurations;
  return all?.get(kind)?.version === version;
}

/** What was said last of a version is what the ledger has of it. */
function checkState(state: CatalogState, map: ObjectMap, name: VersionName): void {
  const { bucket, key, version } = name;
  const saidLast = stateFactsOf(state, bucket, key, version)?.version ?? version;
  const sealed = map.restated(versionKey(bucket, key, version))?.change ?? version;
  if (saidLast !== sealed) throw wrong(name, 'has other tags or locks than the ledger sealed');
}

/** What was committed after the last block: it is in no block yet, and in the store. */
function addLater(map: ObjectMap, live: LivePlaces, sequence: number, meta: Uint8Array): void {
  const commit = decodeCommitMeta(meta);
  for (const { text, ...change } of applyToMap(nodeSha256, map, commit)) {
    notePlaces(live, changeRecord.decode(text), { sequence, ...change });
  }
}

class ContentAudit {
  readonly #commits: Commits;
  readonly #reader: BodyReader;

  constructor(
    log: Log,
    private readonly map: ObjectMap,
    private readonly live: LivePlaces,
  ) {
    this.#commits = new Commits(log, 0);
    this.#reader = new BodyReader(log, this.#commits);
  }

  /** @throws NotProven unless the record and the bytes of a version are as the map has them */
  async check(name: VersionName): Promise<void> {
    const place = this.live.get(name.version);
    if (place === undefined) throw wrong(name, 'is in no change record');
    const first = await this.#recordAt(place.first, undefined);
    const recordHash =
      place.state === undefined
        ? first.recordHash
        : (await this.#recordAt(place.state, first.recordHash)).recordHash;
    const sealed = this.map.recordHash(versionKey(name.bucket, name.key, name.version));
    if (sealed === undefined || !equalHashes(recordHash, sealed)) {
      throw wrong(name, 'is not what the ledger sealed');
    }
    const { mutation, body } = first;
    if (mutation?.is !== 'putObject' || body === undefined) return;
    // What is encrypted opens with its key alone, which nobody gives here: its record is all.
    if (mutation.object.encryption !== undefined) return;
    if (!(await this.#hasContent(mutation.object, body))) {
      throw wrong(name, 'has other bytes than the ledger sealed');
    }
  }

  /** The hash of a record, made from its commit; of nothing if that makes none. */
  async #recordAt({ sequence, mutation: index, before }: Place, firstRecord?: Uint8Array) {
    const stored = await this.#commits.read(sequence);
    const { mutations, timeUnixMs } = stored.commit;
    const mutation = mutations[index];
    const text = recordTextOf(nodeSha256, mutation, timeUnixMs, { before, firstRecord });
    const body =
      mutation?.is === 'putObject' ? bodyOf(mutation.object, sequence, stored) : undefined;
    return { mutation, body, recordHash: nodeSha256(utf8ToBytes(text ?? '')) };
  }

  async #hasContent(object: ObjectRecord, body: ReturnType<typeof bodyOf>): Promise<boolean> {
    const { sha256, partsRoot, sizeBytes, parts } = object;
    if (sha256 !== null) return equalHashes(sha256, await this.#hash(body, 0, sizeBytes));
    const leaves: Uint8Array[] = [];
    let start = 0;
    for (let at = 3; at < parts.length; at += 4) {
      const end = start + (parts[at] ?? 0);
      const leaf = new Uint8Array(8 + 32);
      new DataView(leaf.buffer).setBigUint64(0, BigInt(end - start));
      leaf.set(await this.#hash(body, start, end), 8);
      leaves.push(leaf);
      start = end;
    }
    return partsRoot !== null && equalHashes(partsRoot, treeHash(nodeSha256, leaves));
  }

  async #hash(
    body: ReturnType<typeof bodyOf>,
    startBytes: number,
    endBytes: number,
  ): Promise<Uint8Array> {
    const hash = createHash('sha256');
    for await (const chunk of this.#reader.read(body, startBytes, endBytes)) hash.update(chunk);
    return hash.digest();
  }
}

function wrong({ bucket, key, version }: VersionName, what: string): NotProven {
  return new NotProven('record', `${JSON.stringify(`${bucket}/${key}`)} (v${version}) ${what}`);
}
