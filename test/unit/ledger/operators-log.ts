import { versionKey } from '../../../src/format/key-encoding.js';
import { ledgerBlock } from '../../../src/format/ledger-block.js';
import type { ObjectRecord } from '../../../src/format/mutation.js';
import { type Checkpoint, encodeCheckpoint } from '../../../src/ledger/checkpoint.js';
import { recordOfObject } from '../../../src/ledger/derive-record.js';
import { encodeObjectProof } from '../../../src/ledger/encode-proof.js';
import { encodeVkey, signatureTypes } from '../../../src/ledger/note.js';
import type { ObjectProofHead } from '../../../src/ledger/object-proof.js';
import { encodeNote, signCheckpoint } from '../../../src/ledger/sign-checkpoint.js';
import {
  consistencyPath,
  GrowingTree,
  inclusionPath,
  rootAt,
} from '../../../src/merkle/growing-tree.js';
import { ObjectMap } from '../../../src/merkle/object-map.js';
import { leafHash } from '../../../src/merkle/rfc6962.js';
import { nodeSha256 as hash, nodeSigner } from './golden.js';

const origin = 'store.example/ledger';
const signer = nodeSigner('66'.repeat(32), origin, signatureTypes.log);
const encoder = new TextEncoder();

/** What is in a store: content by key and version. */
export type Content = readonly (readonly [key: string, version: number, content: string])[];

/**
 * A log in the hands of someone who has its key and signs whatever is wanted: a block for each
 * state of the store that is to be shown, true or not.
 */
export class OperatorsLog {
  static readonly vkey = encodeVkey(signer.key);
  static readonly key = signer.key;
  readonly maps: ObjectMap[] = [];
  readonly #blocks: string[] = [];
  readonly #levels: Uint8Array[][] = [];

  constructor(states: readonly Content[]) {
    const tree = new GrowingTree(hash, (level, index, node) => {
      const nodes = this.#levels[level] ?? [];
      nodes[index] = node;
      this.#levels[level] = nodes;
    });
    for (const [height, state] of states.entries()) {
      const map = mapOf(state);
      const before = this.#blocks.at(-1);
      const block = ledgerBlock.encode({
        ...{ origin, height, time: 1_700_000_000_000 + height, follows: [] },
        prev: before === undefined ? undefined : leafHash(hash, encoder.encode(before)),
        ...{ versions: [height, height + 1], map: [map.count, map.root()] },
        ...{ delta: [0, hash()], keys: hash() },
      });
      this.maps.push(map);
      this.#blocks.push(block);
      tree.append(leafHash(hash, encoder.encode(block)));
    }
  }

  checkpoint(size: number): Checkpoint {
    return { origin, size, root: rootAt(hash, this.#hashAt, size) };
  }

  /** The signed checkpoint. */
  note(size: number): string {
    const checkpoint = this.checkpoint(size);
    const signatures = [signCheckpoint(signer, checkpoint, 0)];
    return encodeNote({ text: encodeCheckpoint(checkpoint), signatures });
  }

  path(older: number, newer: number): Uint8Array[] {
    return consistencyPath(hash, this.#hashAt, older, newer);
  }

  /** A claim on the state at `height`, under the checkpoint of all blocks. */
  proof(height: number, head: ObjectProofHead, subject?: string): string {
    const size = this.#blocks.length;
    const path = inclusionPath(hash, this.#hashAt, height, size);
    const tlog = { index: height, path, checkpoint: this.note(size) };
    return encodeObjectProof({ head, subject, block: this.#blocks[height] ?? '', proof: tlog });
  }

  readonly #hashAt = (level: number, index: number): Uint8Array => {
    const node = this.#levels[level]?.[index];
    if (node === undefined) throw new Error(`no complete subtree ${index} of level ${level}`);
    return node;
  };
}

export function mapOf(state: Content): ObjectMap {
  const map = new ObjectMap(hash);
  for (const [key, version, content] of state) {
    map.set(versionKey('photos', key, version), hash(encoder.encode(recordOf(content))));
  }
  for (const _ of map.rehash());
  return map;
}

/** The record of an object with this content. */
export function recordOf(content: string): string {
  const sha256 = hash(encoder.encode(content));
  const salt = sha256.slice(0, 16);
  const object: ObjectRecord = {
    ...{ sizeBytes: content.length, etag: salt, partCount: 0, sha256, partsRoot: null },
    ...{ checksums: [], runs: [], parts: [], headers: [], metadata: [], expiresUnixMs: 0 },
    ...{ salt, uploadVersion: 0, flags: 0 },
  };
  return recordOfObject(hash, object, 1_700_000_000_000, undefined);
}
