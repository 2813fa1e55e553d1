import { invariant } from '../base/invariant.js';
import { bitAt } from './key-arena.js';
import type { MapPath } from './map-hash.js';
import type { MapLeaf, MapNodes } from './map-nodes.js';
import type { Restated } from './restated-table.js';

/** A path from the root, and the leaf to which it leads. */
export interface LeafPath extends MapLeaf {
  readonly path: MapPath;
}

/** A path to the subtree of all keys with a prefix, and its leaves in order. */
export interface SubtreePath {
  readonly path: MapPath;
  readonly leaves: readonly MapLeaf[];
}

/** A leaf, and how it stands beside the next one. */
export interface PlacedLeaf extends MapLeaf {
  readonly restated: Restated | undefined;
  /** Hash of the node that parts it from the next; none of the last. */
  readonly between: Uint8Array | undefined;
}

/** What can be asked of a map as it is, or as it was when it was kept. */
export class MapView {
  constructor(
    private readonly nodes: MapNodes,
    readonly count: number,
    /** Meaningless when there is nothing. */
    private readonly reference: number,
  ) {}

  recordHash(key: Uint8Array): Uint8Array | undefined {
    const slot = this.#find(key);
    return slot < 0 ? undefined : this.nodes.record(slot);
  }

  /** Of a key whose record was replaced since it was added. */
  restated(key: Uint8Array): Restated | undefined {
    const slot = this.#find(key);
    return slot < 0 ? undefined : this.nodes.restated(slot);
  }

  /** The first leaf whose key begins with `prefix`: of a key's versions the newest. */
  firstWithPrefix(prefix: Uint8Array): MapLeaf | undefined {
    const slot = this.#firstSlot(prefix);
    return slot < 0 ? undefined : this.nodes.leaf(slot);
  }

  /** The leaf hash of the same. */
  firstLeafHash(prefix: Uint8Array): Uint8Array | undefined {
    const slot = this.#firstSlot(prefix);
    return slot < 0 ? undefined : this.nodes.hashOf(~slot);
  }

  /** -1 for none. */
  #firstSlot(prefix: Uint8Array): number {
    // Beyond the prefix the walk turns left, so it ends at the first key that has the prefix.
    const slot = this.count === 0 ? -1 : this.nodes.nearest(this.reference, prefix, prefix.length);
    return slot >= 0 && this.#startsWith(slot, prefix) ? slot : -1;
  }

  /** Calls back for every leaf in the order of keys; the map must not change meanwhile. */
  forEach(visit: (leaf: MapLeaf) => void): void {
    if (this.count > 0) this.#each(this.reference, (slot) => visit(this.nodes.leaf(slot)));
  }

  /** The caller's own copy. All changes must have been rehashed. */
  root(): Uint8Array {
    if (this.count === 0) return this.nodes.hash();
    invariant(!this.nodes.isStale(this.reference), 'the map was rehashed after its last change');
    return this.nodes.hashOf(this.reference);
  }

  /**
   * The way to the leaf that agrees with `target`, followed by zeros, in every bit tested on the
   * way: the key itself if it is there, the first key with that prefix if there is one, and else a
   * leaf that shows that there is none. Undefined if the map is empty.
   */
  prove(target: Uint8Array): LeafPath | undefined {
    if (this.count === 0) return undefined;
    const path: MapPath[number][] = [];
    const end = this.#walk(target, Number.POSITIVE_INFINITY, path);
    return { path, ...this.nodes.leaf(~end) };
  }

  /** The way to all leaves whose keys begin with `prefix`; undefined if there are none. */
  proveListing(prefix: Uint8Array): SubtreePath | undefined {
    if (this.firstWithPrefix(prefix) === undefined) return undefined;
    const path: MapPath[number][] = [];
    const leaves: MapLeaf[] = [];
    this.#each(this.#walk(prefix, 8 * prefix.length, path), (slot) => {
      leaves.push(this.nodes.leaf(slot));
    });
    return { path, leaves };
  }

  /** Whether more than `countMax` keys begin with `prefix`; looks at no more of them. */
  hasMoreWithPrefix(prefix: Uint8Array, countMax: number): boolean {
    if (this.firstWithPrefix(prefix) === undefined) return false;
    let count = 0;
    this.#each(this.#walk(prefix, 8 * prefix.length, []), () => ++count <= countMax);
    return count > countMax;
  }

  /** Nodes on the way to `key`, which is there. */
  depthOf(key: Uint8Array): number {
    const path: MapPath[number][] = [];
    this.#walk(key, Number.POSITIVE_INFINITY, path);
    return path.length;
  }

  /** All leaves in the order of keys, where they lie: valid until the next one. */
  *inOrder(): Generator<PlacedLeaf> {
    if (this.count === 0) return;
    const open: number[] = []; // nodes whose right side is to come
    for (let reference = this.reference; ; ) {
      for (; reference >= 0; reference = this.nodes.childOf(reference, 0)) open.push(reference);
      const node = open.pop();
      const between = node === undefined ? undefined : this.nodes.hashView(node);
      const restated = this.nodes.restated(~reference);
      const { key, recordHash } = this.nodes.leafView(~reference);
      yield { key, recordHash, restated, between };
      if (node === undefined) return;
      reference = this.nodes.childOf(node, 1);
    }
  }

  #find(key: Uint8Array): number {
    if (this.count === 0) return -1;
    const slot = this.nodes.nearest(this.reference, key, key.length);
    return this.nodes.firstDifference(slot, key, key.length) === -1 ? slot : -1;
  }

  #startsWith(slot: number, prefix: Uint8Array): boolean {
    const bit = this.nodes.firstDifference(slot, prefix, prefix.length);
    return bit === -1 || bit === prefix.length * 8;
  }

  /** Down as long as nodes test a bit before `bitMax`; the reference reached. */
  #walk(target: Uint8Array, bitMax: number, path: MapPath[number][]): number {
    const { nodes } = this;
    invariant(!nodes.isStale(this.reference), 'the map was rehashed after its last change');
    let reference = this.reference;
    while (reference >= 0) {
      const bit = nodes.bitOf(reference);
      if (bit >= bitMax) break;
      const side = bitAt(target, target.length, bit);
      path.push([bit, nodes.hashOf(nodes.childOf(reference, 1 - side))]);
      reference = nodes.childOf(reference, side);
    }
    return reference;
  }

  /** @param visit may say `false` to be called no more */
  #each(from: number, visit: (slot: number) => unknown): void {
    const pending = [from]; // subtrees not yet visited, the next one last
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      let reference = next;
      while (reference >= 0) {
        pending.push(this.nodes.childOf(reference, 1));
        reference = this.nodes.childOf(reference, 0);
      }
      if (visit(~reference) === false) return;
    }
  }
}
