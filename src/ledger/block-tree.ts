import { invariant } from '../base/invariant.js';
import { DigestTable } from '../merkle/digest-table.js';
import {
  consistencyPath,
  GrowingTree,
  type HashAt,
  inclusionPath,
  rootAt,
} from '../merkle/growing-tree.js';
import { type Hash, leafHash, nodeHash } from '../merkle/rfc6962.js';

const tileLevels = 8;

/**
 * The RFC 6962 tree over all blocks. Kept are the hashes that tiles hold, every eighth level: 32
 * bytes a block; those between are computed from them where they are asked for.
 */
export class BlockTree {
  readonly #tables: DigestTable[] = [];
  readonly #counts: number[] = [];
  readonly #tree: GrowingTree;

  constructor(private readonly hash: Hash) {
    this.#tree = new GrowingTree(hash, (level, index, subtree) =>
      this.#keep(level, index, subtree),
    );
  }

  get size(): number {
    return this.#tree.size;
  }

  append(entry: Uint8Array): void {
    this.#tree.append(leafHash(this.hash, entry));
  }

  /** The hash of a complete subtree. */
  readonly hashAt: HashAt = (level, index) => {
    const kept = Math.floor(level / tileLevels);
    const count = 2 ** (level % tileLevels);
    invariant((index + 1) * count <= (this.#counts[kept] ?? 0), 'the subtree is complete');
    const table = this.#tables[kept];
    let hashes: Uint8Array[] = Array.from({ length: count }, (_, at) => {
      return table?.view(index * count + at).slice() ?? new Uint8Array();
    });
    while (hashes.length > 1) {
      hashes = Array.from({ length: hashes.length / 2 }, (_, at) => {
        return nodeHash(
          this.hash,
          hashes[2 * at] ?? this.hash(),
          hashes[2 * at + 1] ?? this.hash(),
        );
      });
    }
    return hashes[0] ?? this.hash();
  };

  /** Of the first `size` blocks. */
  rootAt(size: number): Uint8Array {
    return size === this.size ? this.#tree.root() : rootAt(this.hash, this.hashAt, size);
  }

  inclusion(index: number, size: number): Uint8Array[] {
    return inclusionPath(this.hash, this.hashAt, index, size);
  }

  consistency(older: number, newer: number): Uint8Array[] {
    return consistencyPath(this.hash, this.hashAt, older, newer);
  }

  #keep(level: number, index: number, subtree: Uint8Array): void {
    if (level % tileLevels !== 0) return;
    const kept = level / tileLevels;
    const table = this.#tables[kept] ?? new DigestTable();
    this.#tables[kept] = table;
    table.reserve(index + 1);
    table.set(index, subtree);
    this.#counts[kept] = index + 1;
  }
}
