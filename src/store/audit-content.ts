import { createHash } from 'node:crypto';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Host } from '../base/host.js';
import { NotProven } from '../base/not-proven.js';
import { emptyState } from '../catalog/catalog.js';
import { applyCommit } from '../catalog/fold.js';
import { decodeCommitMeta } from '../format/commit.js';
import { decodeVersionKey, versionKey } from '../format/key-encoding.js';
import type { Mutation, ObjectRecord } from '../format/mutation.js';
import { recordOfBucket, recordOfObject } from '../ledger/derive-record.js';
import { applyToMap } from '../ledger/map-changes.js';
import { nodeSha256 } from '../ledger/node-hash.js';
import { openLog } from '../log/open-log.js';
import type { Log } from '../log/types.js';
import { treeHash } from '../merkle/growing-tree.js';
import type { ObjectMap } from '../merkle/object-map.js';
import { equalHashes } from '../merkle/rfc6962.js';
import { BodyReader, bodyOf } from './body-reader.js';
import { Commits } from './commits.js';

/** By version: where its commit stands, and what of its record stands in the ledger alone. */
export type LivePlaces = Map<
  number,
  { readonly sequence: number; readonly mutation: number; readonly before: Uint8Array | undefined }
>;

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
    const isThere =
      name.bucket === ''
        ? buckets.get(name.key)?.version === name.version
        : objects.find(versionKey(name.bucket, name.key, name.version)) >= 0;
    if (!isThere) throw wrong(name, 'is in the ledger, and the store does not have it');
    await content.check(name);
  }
  if (objects.count + buckets.size === names.length) return names.length;
  throw new NotProven('map', 'the store holds objects that are not in its ledger');
}

type VersionName = ReturnType<typeof decodeVersionKey>;

/** What was committed after the last block: it is in no block yet, and in the store. */
function addLater(map: ObjectMap, live: LivePlaces, sequence: number, meta: Uint8Array): void {
  const commit = decodeCommitMeta(meta);
  for (const { mutation, before } of applyToMap(nodeSha256, map, commit)) {
    live.set(commit.version + mutation, { sequence, mutation, before });
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
    const { sequence, before } = place;
    const stored = await this.#commits.read(sequence);
    const { mutations, timeUnixMs } = stored.commit;
    const mutation = mutations[place.mutation];
    const text = recordText(mutation, timeUnixMs, before);
    const key = versionKey(name.bucket, name.key, name.version);
    const recordHash = this.map.recordHash(key) ?? nodeSha256();
    if (text === undefined || !equalHashes(nodeSha256(utf8ToBytes(text)), recordHash)) {
      throw wrong(name, 'is not what the ledger sealed');
    }
    // What is encrypted opens with its key alone, which nobody gives here: its record is all.
    if (mutation?.is !== 'putObject' || mutation.object.encryption !== undefined) return;
    const isSame = await this.#hasContent(
      mutation.object,
      bodyOf(mutation.object, sequence, stored),
    );
    if (!isSame) throw wrong(name, 'has other bytes than the ledger sealed');
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

function recordText(
  mutation: Mutation | undefined,
  timeUnixMs: number,
  before: Uint8Array | undefined,
): string | undefined {
  if (mutation?.is === 'createBucket') return recordOfBucket(nodeSha256, mutation, timeUnixMs);
  if (mutation?.is !== 'putObject') return undefined;
  return recordOfObject(nodeSha256, mutation.object, timeUnixMs, before);
}

function wrong({ bucket, key, version }: VersionName, what: string): NotProven {
  return new NotProven('record', `${JSON.stringify(`${bucket}/${key}`)} (v${version}) ${what}`);
}
