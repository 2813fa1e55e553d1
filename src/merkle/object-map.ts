import { invariant } from '../base/invariant.js';
import { bitAt } from './key-arena.js';
import { firstDifference } from './map-hash.js';
import { type MapLeaf, MapNodes } from './map-nodes.js';
import { type LeafPath, MapView, type PlacedLeaf, type SubtreePath } from './map-view.js';
import type { Restated } from './restated-table.js';
import type { Hash } from './rfc6962.js';

const nodesPerTurn = 64;

/** A map as it was when it was kept. */
export interface KeptMap {
  readonly view: MapView;
  /** The view is not to be used any more. Harmless when called again. */
  letGo(): void;
}

/** Takes the next leaf; false if it does not follow the one before. */
export type MapLoader = (leaf: PlacedLeaf) => boolean;

/** What a generation left behind: it is there for the views that were kept before. */
interface Retired {
  readonly generation: number;
  readonly nodes: number[];
  readonly slots: number[];
}

/** A child's place in its parent; the root's has none. */
interface Edge {
  readonly parent: number;
  readonly side: number;
}

interface OwnedEdge extends Edge {
  /** Of the parent itself. */
  readonly above: Edge;
}

const noEdge: Edge = { parent: -1, side: 0 };

/**
 * The ledger's map (SPEC.md, Object map): a set of keys, each with the hash of its record, under
 * one root that depends on the set alone. A change costs its path: nodes above it are marked and
 * rehash() computes them once, however many changes they stand above. keep() holds the map as it
 * is: what changes after it copies the nodes on its path, and shares all others.
 */
export class ObjectMap {
  readonly #nodes: MapNodes;
  #count = 0;
  #root = 0;
  #changeCount = 0;
  /** Nodes of this generation belong to no view, and are changed where they are. */
  #generation = 1;
  /** Of the kept views, the oldest first. */
  readonly #kept: number[] = [];
  readonly #retired: Retired[] = [];
  #retiredNodeCount = 0;

  constructor(hash: Hash) {
    this.#nodes = new MapNodes(hash);
  }

  /** A map to be filled by what inOrder() gives: nothing is hashed. */
  static load(hash: Hash): { readonly map: ObjectMap; readonly add: MapLoader } {
    const map = new ObjectMap(hash);
    return { map, add: map.#loader() };
  }

  get count(): number {
    return this.#count;
  }

  /** Nodes that are there for kept views alone. */
  get retiredNodeCount(): number {
    return this.#retiredNodeCount;
  }

  /** As it is now: valid until it changes. */
  now(): MapView {
    return new MapView(this.#nodes, this.#count, this.#root);
  }

  /** As it is now, until it is let go. */
  keep(): KeptMap {
    const generation = this.#generation++;
    this.#kept.push(generation);
    const letGo = () => {
      const at = this.#kept.indexOf(generation);
      if (at < 0) return;
      this.#kept.splice(at, 1);
      this.#freeRetired();
    };
    return { view: this.now(), letGo };
  }

  /**
   * Adds a version, or gives the one that is there another record.
   * @param restated of what is there already: what becomes of it is remembered beside the map
   */
  set(key: Uint8Array, recordHash: Uint8Array, restated?: Restated): void {
    this.#changeCount++;
    const nodes = this.#nodes;
    const { length } = key;
    const slot = nodes.addLeaf(key, recordHash, restated);
    if (this.#count === 0) {
      this.#root = ~slot;
      this.#count = 1;
      return;
    }
    const nearest = nodes.nearest(this.#root, key, length);
    const bit = nodes.firstDifference(nearest, key, length);
    if (bit === -1) {
      this.#replace(this.#ownPath(key, length, Number.POSITIVE_INFINITY), ~slot);
      this.#retireSlot(nearest);
      return;
    }
    const shorter = Math.min(length, nodes.keyLength(nearest));
    invariant(bit < shorter * 8, 'no key begins another');
    // Down to the edge that the new node cuts: the first whose lower end differs below `bit`.
    const edge = this.#ownPath(key, length, bit);
    const below = this.#below(edge);
    const isRight = bitAt(key, length, bit) === 1;
    const [left, right] = isRight ? [below, ~slot] : [~slot, below];
    this.#replace(edge, nodes.addNode(bit, left, right, this.#generation));
    this.#count++;
  }

  /** Whether it was there. */
  remove(key: Uint8Array): boolean {
    if (this.#count === 0) return false;
    const nodes = this.#nodes;
    const { length } = key;
    const slot = nodes.nearest(this.#root, key, length);
    if (nodes.firstDifference(slot, key, length) !== -1) return false;
    this.#changeCount++;
    this.#count--;
    if (this.#root < 0) this.#root = 0;
    else {
      const { parent, side, above } = this.#ownPath(key, length, Number.POSITIVE_INFINITY);
      this.#replace(above, nodes.childOf(parent, 1 - side));
      this.#retireNode(parent);
    }
    this.#retireSlot(slot);
    return true;
  }

  recordHash(key: Uint8Array): Uint8Array | undefined {
    return this.now().recordHash(key);
  }

  restated(key: Uint8Array): Restated | undefined {
    return this.now().restated(key);
  }

  firstWithPrefix(prefix: Uint8Array): MapLeaf | undefined {
    return this.now().firstWithPrefix(prefix);
  }

  firstLeafHash(prefix: Uint8Array): Uint8Array | undefined {
    return this.now().firstLeafHash(prefix);
  }

  forEach(visit: (leaf: MapLeaf) => void): void {
    this.now().forEach(visit);
  }

  root(): Uint8Array {
    return this.now().root();
  }

  prove(target: Uint8Array): LeafPath | undefined {
    return this.now().prove(target);
  }

  proveListing(prefix: Uint8Array): SubtreePath | undefined {
    return this.now().proveListing(prefix);
  }

  depthOf(key: Uint8Array): number {
    return this.now().depthOf(key);
  }

  /**
   * Brings the hashes up to the changes, some 100 us of hashing between two turns; the caller looks
   * at its clock in each and may pause. The map must not change before it is through.
   */
  *rehash(): Generator<void, void> {
    if (this.#count === 0) return;
    const nodes = this.#nodes;
    const changeCount = this.#changeCount;
    const pending: number[] = nodes.isStale(this.#root) ? [this.#root] : [];
    let below = -1; // the slot of a leaf below the node hashed last, which is a child of the next
    let hashed = 0;
    for (let node = pending.at(-1); node !== undefined; node = pending.at(-1)) {
      const left = nodes.childOf(node, 0);
      const right = nodes.childOf(node, 1);
      const next = nodes.isStale(left) ? left : right;
      if (nodes.isStale(next)) {
        pending.push(next);
        below = -1;
        continue;
      }
      if (below < 0) below = nodes.slotBelow(node);
      nodes.rehash(node, below);
      pending.pop();
      if (++hashed % nodesPerTurn !== 0) continue;
      yield;
      invariant(changeCount === this.#changeCount, 'the map stays as it is while it is hashed');
    }
  }

  /** Walks down while nodes test a bit before `bitMax`, and makes the nodes on the way its own. */
  #ownPath(key: Uint8Array, length: number, bitMax: number): OwnedEdge {
    const nodes = this.#nodes;
    let above: Edge = noEdge;
    let edge: Edge = noEdge;
    for (let below = this.#root; below >= 0 && nodes.bitOf(below) < bitMax; ) {
      const node = this.#own(below, edge);
      above = edge;
      edge = { parent: node, side: bitAt(key, length, nodes.bitOf(node)) };
      below = nodes.childOf(node, edge.side);
    }
    return { ...edge, above };
  }

  /** The node itself, or its copy in its place where a view holds it. */
  #own(node: number, edge: Edge): number {
    const nodes = this.#nodes;
    if (!this.#isHeld(node)) {
      nodes.markStale(node);
      return node;
    }
    const [bit, left, right] = [nodes.bitOf(node), nodes.childOf(node, 0), nodes.childOf(node, 1)];
    const copy = nodes.addNode(bit, left, right, this.#generation);
    this.#replace(edge, copy);
    this.#retireNode(node);
    return copy;
  }

  #isHeld(node: number): boolean {
    return this.#nodes.birthOf(node) <= (this.#kept.at(-1) ?? 0);
  }

  #below({ parent, side }: Edge): number {
    return parent < 0 ? this.#root : this.#nodes.childOf(parent, side);
  }

  #replace({ parent, side }: Edge, reference: number): void {
    if (parent < 0) this.#root = reference;
    else this.#nodes.setChild(parent, side, reference);
  }

  #retireNode(node: number): void {
    if (!this.#isHeld(node)) this.#nodes.freeNode(node);
    else {
      this.#retiredNow().nodes.push(node);
      this.#retiredNodeCount++;
    }
  }

  #retireSlot(slot: number): void {
    if (this.#kept.length === 0) this.#nodes.freeLeaf(slot);
    else this.#retiredNow().slots.push(slot);
  }

  #retiredNow(): Retired {
    const last = this.#retired.at(-1);
    if (last?.generation === this.#generation) return last;
    const retired: Retired = { generation: this.#generation, nodes: [], slots: [] };
    this.#retired.push(retired);
    return retired;
  }

  /** What was left behind in a generation is seen by the views of those before it. */
  #freeRetired(): void {
    const oldest = this.#kept[0] ?? Number.POSITIVE_INFINITY;
    for (let first = this.#retired[0]; first !== undefined; first = this.#retired[0]) {
      if (oldest < first.generation) return;
      for (const node of first.nodes) this.#nodes.freeNode(node);
      this.#retiredNodeCount -= first.nodes.length;
      for (const slot of first.slots) this.#nodes.freeLeaf(slot);
      this.#retired.shift();
    }
  }

  #loader(): MapLoader {
    const nodes = this.#nodes;
    const edge: number[] = []; // nodes from the root along the right side
    let last: { readonly slot: number; readonly leaf: PlacedLeaf } | undefined;
    return (leaf) => {
      const { key, recordHash, restated } = leaf;
      const bit = last === undefined ? 0 : firstDifference(last.leaf.key, key);
      const follows = last === undefined || (bit >= 0 && bitAt(key, key.length, bit) === 1);
      if (!follows || (last !== undefined && last.leaf.between === undefined)) return false;
      const slot = nodes.addLeaf(key, recordHash, restated);
      this.#count++;
      if (last?.leaf.between === undefined) this.#root = ~slot;
      else {
        let below = ~last.slot;
        for (let end = edge.at(-1) ?? -1; end >= 0 && nodes.bitOf(end) > bit; ) {
          below = end;
          edge.pop();
          end = edge.at(-1) ?? -1;
        }
        const node = nodes.addNode(bit, below, ~slot, this.#generation);
        nodes.setHash(node, last.leaf.between);
        this.#replace({ parent: edge.at(-1) ?? -1, side: 1 }, node);
        edge.push(node);
      }
      last = { slot, leaf };
      return true;
    };
  }
}
