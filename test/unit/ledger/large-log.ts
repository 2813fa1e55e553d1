import { versionKey } from '../../../src/format/key-encoding.js';
import { ledgerBlock } from '../../../src/format/ledger-block.js';
import type { ObjectRecord } from '../../../src/format/mutation.js';
import type { Checkpoint } from '../../../src/ledger/checkpoint.js';
import { encodeCheckpoint } from '../../../src/ledger/checkpoint.js';
import { recordOfObject } from '../../../src/ledger/derive-record.js';
import { encodeObjectProof } from '../../../src/ledger/encode-proof.js';
import { encodeVkey, signatureTypes } from '../../../src/ledger/note.js';
import type { ObjectProofHead } from '../../../src/ledger/object-proof.js';
import { proveAbsence, proveVersion } from '../../../src/ledger/prove.js';
import { encodeNote, signCheckpoint } from '../../../src/ledger/sign-checkpoint.js';
import { GrowingTree, inclusionPath } from '../../../src/merkle/growing-tree.js';
import { ObjectMap } from '../../../src/merkle/object-map.js';
import { leafHash } from '../../../src/merkle/rfc6962.js';
import { nodeSha256, nodeSigner } from './golden.js';

const origin = 'store.example/ledger';
const signer = nodeSigner('42'.repeat(32), origin, signatureTypes.log);
const encoder = new TextEncoder();
const blockCount = 1000;

/** In all that a large log holds, `index % 10` says what became of an object. */
export const fate = { deleted: 3, hasNewerVersion: 4, stored: 5 } as const;

/**
 * A map of many objects, sealed in the last block of a log of 1,000. Every tenth object is deleted
 * again, every tenth has a second version.
 */
export class LargeLog {
  readonly map = new ObjectMap(nodeSha256);
  readonly vkey = encodeVkey(signer.key);
  readonly checkpoint: Checkpoint;
  readonly #block: string;
  readonly #note: string;
  readonly #path: readonly Uint8Array[];

  constructor(readonly objectCount: number) {
    for (const [key, recordHash] of changesOf(objectCount)) {
      if (recordHash === undefined) this.map.remove(key);
      else this.map.set(key, recordHash);
    }
    for (const _ of this.map.rehash());
    this.#block = ledgerBlock.encode({
      ...{ origin, height: blockCount - 1, prev: nodeSha256(), time: 1_700_000_000_000 },
      ...{ versions: [1, 2 * objectCount], map: [this.map.count, this.map.root()] },
      ...{ delta: [0, nodeSha256()], keys: nodeSha256(), follows: [] },
    });
    const levels: Uint8Array[][] = [];
    const tree = new GrowingTree(nodeSha256, (level, index, hash) => {
      levels[level] ??= [];
      levels[level][index] = hash;
    });
    for (let height = 0; height < blockCount; height++) {
      const entry = height === blockCount - 1 ? this.#block : `block ${height}`;
      tree.append(leafHash(nodeSha256, encoder.encode(entry)));
    }
    const hashAt = (level: number, index: number) => levels[level]?.[index] ?? nodeSha256();
    this.#path = inclusionPath(nodeSha256, hashAt, blockCount - 1, blockCount);
    this.checkpoint = { origin, size: blockCount, root: tree.root() };
    const signatures = [signCheckpoint(signer, this.checkpoint, 0)];
    this.#note = encodeNote({ text: encodeCheckpoint(this.checkpoint), signatures });
  }

  /** The whole proof of a head. */
  proof(head: ObjectProofHead, subject?: string): string {
    const tlog = { index: blockCount - 1, path: this.#path, checkpoint: this.#note };
    return encodeObjectProof({ head, subject, block: this.#block, proof: tlog });
  }

  /** That an object is there, and its newest version. */
  proofOfObject(index: number): string {
    const head = proveVersion(this.map, 'current', 'bucket', nameOf(index), index + 1);
    return this.proof(head, recordOf(index));
  }

  /** That a key is not there; undefined if it is. */
  proofOfAbsence(key: string): string | undefined {
    const head = proveAbsence(this.map, 'absent', 'bucket', key);
    return head === undefined ? undefined : this.proof(head);
  }
}

/** What is done to the map, in order: a key gets a record, or goes. */
export function* changesOf(
  objectCount: number,
): Generator<readonly [key: Uint8Array, recordHash: Uint8Array | undefined]> {
  for (let index = 0; index < objectCount; index++) {
    yield [versionKey('bucket', nameOf(index), index + 1), hashOf(recordOf(index))];
  }
  for (let index = 0; index < objectCount; index++) {
    const name = nameOf(index);
    if (index % 10 === fate.deleted) yield [versionKey('bucket', name, index + 1), undefined];
    if (index % 10 === fate.hasNewerVersion) {
      yield [versionKey('bucket', name, objectCount + index), hashOf(recordOf(index + 1))];
    }
  }
}

export function nameOf(index: number): string {
  return `folder-${index % 50}/${index.toString(36)}${index % 7 === 0 ? '/deeper' : ''}`;
}

export function recordOf(index: number): string {
  const salt = nodeSha256(encoder.encode(String(index))).slice(0, 16);
  const object: ObjectRecord = {
    ...{ sizeBytes: index, etag: salt, partCount: 0, sha256: nodeSha256(salt), partsRoot: null },
    ...{ checksums: [], runs: [], parts: [], headers: [], metadata: [], expiresUnixMs: 0 },
    ...{ salt, uploadVersion: 0, flags: 0 },
  };
  return recordOfObject(nodeSha256, object, index, undefined);
}

function hashOf(text: string): Uint8Array {
  return nodeSha256(encoder.encode(text));
}
