import { utf8ToBytes } from '@noble/hashes/utils.js';
import { LogStoreError } from '../base/errors.js';
import { changeRecord } from '../format/change-record.js';
import { decodeVersionKey, keyPrefix, listingKey, versionKey } from '../format/key-encoding.js';
import type { ChangeEntry } from '../format/ledger-record.js';
import { GrowingTree, inclusionPath } from '../merkle/growing-tree.js';
import type { MapView } from '../merkle/map-view.js';
import { leafHash } from '../merkle/rfc6962.js';
import { encodeTlogProof, type TlogProof } from './encode-proof.js';
import type { LedgerLog } from './ledger-log.js';
import { nodeSha256 } from './node-hash.js';
import { proveAbsence, proveListing, proveVersion, proveWritten } from './prove.js';
import { type SealedMaps, sealedMapsMax } from './sealed-maps.js';
import type {
  ChangesPage,
  ProofParts,
  ProofRequest,
  PrunedPage,
  RecordSource,
} from './sealer-link.js';

/** A page of them is below 4 MiB, whatever the names. */
const changesPerPageMax = 1_000;

/** A signed note and the number of blocks that it covers. */
export interface SignedCheckpoint {
  readonly note: string;
  readonly size: number;
}

type Named = Pick<ProofRequest, 'bucket' | 'key'>;

/** A change with its place in its block, and all changes of that block. */
interface FoundChange {
  readonly entry: ChangeEntry;
  readonly place: number;
  readonly entries: readonly ChangeEntry[];
  readonly height: number;
}

const noRecord = { record: undefined, state: undefined };

interface LoggedBlock {
  readonly block: string;
  readonly proof: TlogProof;
}

async function loggedBlock(
  ledger: LedgerLog,
  height: number,
  { note, size }: SignedCheckpoint,
): Promise<LoggedBlock> {
  if (height >= size) throw new LogStoreError('NOT_SEALED', `there is no signed block ${height}`);
  const { text } = await ledger.block(height);
  const path = ledger.tree.inclusion(height, size);
  return { block: text, proof: { index: height, path, checkpoint: note } };
}

/** SPEC.md, Object proof: the text, the last block, which names it, and the way to a checkpoint. */
export async function keysProof(
  ledger: LedgerLog,
  text: string,
  checkpoint: SignedCheckpoint,
): Promise<string> {
  const { block, proof } = await loggedBlock(ledger, checkpoint.size - 1, checkpoint);
  return [text, block, encodeTlogProof(proof)].join('\n');
}

/** Makes proofs that lead to one signed checkpoint. */
export class SealedProofs {
  constructor(
    private readonly ledger: LedgerLog,
    private readonly maps: SealedMaps,
    private readonly checkpoint: SignedCheckpoint,
  ) {}

  /** @throws LogStoreError `NOT_SEALED` for what does not hold there */
  async prove(request: ProofRequest): Promise<ProofParts> {
    if (request.claim === 'written') return await this.#written(request);
    const { bucket, key, claim, height = this.checkpoint.size - 1 } = request;
    const { block, proof } = await this.block(height);
    const map = this.#mapAt(height);
    if (claim === 'version' || claim === 'current') {
      const proven = await this.#version(map, claim, { ...request, height });
      return { ...proven, block, proof, change: undefined };
    }
    if (claim === 'listing') refuseLong(map, request);
    const head =
      claim === 'listing' ? proveListing(map, bucket, key) : proveAbsence(map, claim, bucket, key);
    if (head === undefined) throw notSo(request, height);
    return { ...noRecord, head, block, proof, change: undefined };
  }

  /** @throws LogStoreError `NOT_SEALED` for a block whose map is not kept any more */
  #mapAt(height: number): MapView {
    const map = this.maps.at(height);
    if (map !== undefined) return map;
    const kept = `maps are kept of the newest blocks alone, up to ${sealedMapsMax}`;
    throw new LogStoreError('NOT_SEALED', `block ${height} is older: ${kept}`);
  }

  /** @throws LogStoreError `NOT_SEALED` for a block that is not signed */
  block(height: number): Promise<LoggedBlock> {
    return loggedBlock(this.ledger, height, this.checkpoint);
  }

  /** @throws LogStoreError `NOT_SEALED` for a block that is not signed */
  async changes(height: number, from: number): Promise<ChangesPage> {
    const { size } = this.checkpoint;
    if (height >= size) throw new LogStoreError('NOT_SEALED', `there is no signed block ${height}`);
    const entries = await this.ledger.changes(await this.ledger.block(height));
    const end = from + changesPerPageMax;
    const changes = entries.slice(from, end).map(({ text }) => text);
    return { changes, next: end < entries.length ? end : undefined };
  }

  /** @throws LogStoreError `NOT_SEALED` while the last block without changes is not signed */
  async pruned(from: number): Promise<PrunedPage> {
    const { anchor } = this.ledger;
    if (anchor === undefined) return { blocks: 0, changes: [], next: undefined };
    const { height, entries } = anchor;
    await this.block(height);
    const changes = (await this.ledger.anchoredAt(from)).map(({ text }) => text);
    return { blocks: height + 1, changes, next: from + 1 < entries.length ? from + 1 : undefined };
  }

  /** @throws LogStoreError `NOT_SEALED` for a block that is not signed */
  async keysAt(height: number): Promise<string> {
    const { size } = this.checkpoint;
    if (height >= size) throw new LogStoreError('NOT_SEALED', `there is no signed block ${height}`);
    return await this.ledger.keys(await this.ledger.block(height));
  }

  consistency(older: number, newer: number): readonly Uint8Array[] {
    const { size } = this.checkpoint;
    if (1 <= older && older <= newer && newer <= size)
      return this.ledger.tree.consistency(older, newer);
    throw new LogStoreError('NOT_SEALED', `there are no sizes ${older} and ${newer} below ${size}`);
  }

  keys(text: string): Promise<string> {
    return keysProof(this.ledger, text, this.checkpoint);
  }

  async #version(
    map: MapView,
    claim: 'version' | 'current',
    request: ProofRequest & { readonly height: number },
  ) {
    const { bucket, key, height } = request;
    const newest = map.firstWithPrefix(keyPrefix(bucket, key));
    if (newest === undefined) throw notSo(request, height);
    const newestVersion = decodeVersionKey(newest.key).version;
    const version = claim === 'current' ? newestVersion : (request.version ?? newestVersion);
    const recordHash = map.recordHash(versionKey(bucket, key, version));
    if (recordHash === undefined) throw notSo(request, height);
    const head = proveVersion(map, claim, bucket, key, version);
    const restated = map.restated(versionKey(bucket, key, version));
    const first = restated?.firstRecord ?? recordHash;
    return {
      head,
      record: await this.#recordSource(request, version, first),
      state: restated && (await this.#recordSource(request, restated.change, recordHash)),
    };
  }

  /** @param change version of the change that made it */
  async #recordSource(named: Named, change: number, recordHash: Uint8Array): Promise<RecordSource> {
    const anchored = await this.ledger.anchoredChange(change);
    const entry = anchored ?? (await this.#changeOf(named, change)).entry;
    const { sequence, mutation, before } = entry;
    return { sequence, mutation, before, recordHash };
  }

  /** The change of that key with that version, its place in its block, and all of that block. */
  async #changeOf(named: Named, version: number): Promise<FoundChange> {
    const height = await this.ledger.heightOf(version);
    if (height !== undefined) {
      const entries = await this.ledger.changes(await this.ledger.block(height));
      const line = `change/v1\nversion ${version}\n`;
      const place = entries.findIndex(({ text }) => text.startsWith(line) && isOf(named, text));
      const entry = entries[place];
      if (entry !== undefined) return { entry, place, entries, height };
    }
    throw new LogStoreError('NOT_SEALED', `no block holds version ${version} of that key`);
  }

  async #written(request: ProofRequest): Promise<ProofParts> {
    const version = request.version ?? this.#newestVersion(request);
    const { entry, place, entries, height } = await this.#changeOf(request, version);
    const levels: Uint8Array[][] = [];
    const tree = new GrowingTree(nodeSha256, (level, index, subtree) => {
      const hashes = levels[level] ?? [];
      hashes[index] = subtree;
      levels[level] = hashes;
    });
    for (const { text } of entries) tree.append(leafHash(nodeSha256, utf8ToBytes(text)));
    const hashAt = (level: number, index: number) => levels[level]?.[index] ?? nodeSha256();
    const path = inclusionPath(nodeSha256, hashAt, place, entries.length);
    const logged = await this.block(height);
    return { ...noRecord, head: proveWritten(place, path), ...logged, change: entry.text };
  }

  #newestVersion(request: ProofRequest): number {
    const height = this.checkpoint.size - 1;
    const newest = this.#mapAt(height).firstWithPrefix(keyPrefix(request.bucket, request.key));
    if (newest === undefined) throw notSo(request, height);
    return decodeVersionKey(newest.key).version;
  }
}

/** Before anything of it is made: a listing takes memory for each of its leaves. */
function refuseLong(map: MapView, { bucket, key, leavesMax }: ProofRequest): void {
  if (leavesMax === undefined || !map.hasMoreWithPrefix(listingKey(bucket, key), leavesMax)) return;
  const message = `more than ${leavesMax} leaves have this prefix: ask for longer ones`;
  throw new LogStoreError('INVALID_ARGUMENT', message);
}

/** The deletion of a bucket makes several changes under one version. */
function isOf({ bucket, key }: Named, change: string): boolean {
  const { object } = changeRecord.decode(change);
  return object.some((name) => name[0] === bucket && name[1] === key);
}

function notSo({ claim, bucket, key }: ProofRequest, height: number): LogStoreError {
  const name = JSON.stringify(`${bucket}/${key}`);
  return new LogStoreError('NOT_SEALED', `block ${height} does not show ${name} to be ${claim}`);
}
