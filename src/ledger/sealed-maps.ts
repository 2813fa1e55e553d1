import type { MapView } from '../merkle/map-view.js';
import { type KeptMap, ObjectMap } from '../merkle/object-map.js';
import { nodeSha256 } from './node-hash.js';

/** Proofs are made at so many of the newest blocks; older maps are made again by replay. */
export const sealedMapsMax = 64;
/** Bounds what is kept for older blocks alone, at some 50 bytes a node; the last two stay. */
const retiredNodesMax = 2 ** 20;

interface SealedMap {
  readonly height: number;
  /** Changes that were made to the map until then, of all that were. */
  readonly changeCount: number;
  readonly held: KeptMap;
}

/** The map that changes go into, and what it was at each of the newest blocks. */
export class SealedMaps {
  /** The newest last, their heights dense. */
  readonly #sealed: SealedMap[] = [];
  #inUse: SealedMap | undefined;

  constructor(
    readonly map = new ObjectMap(nodeSha256),
    private readonly retiredMax = retiredNodesMax,
  ) {}

  /** Keeps the map, which was rehashed, as that of the block at `height`. */
  seal(height: number, changeCount: number): void {
    this.#sealed.push({ height, changeCount, held: this.map.keep() });
    while (this.#isTooMany()) {
      const oldest = this.#sealed.shift();
      if (oldest !== this.#inUse) oldest?.held.letGo();
    }
  }

  at(height: number): MapView | undefined {
    return this.#sealed.find((sealed) => sealed.height === height)?.held.view;
  }

  /** The oldest that has at least so many changes behind it. */
  oldestSince(changeCount: number): Omit<SealedMap, 'held'> | undefined {
    return this.#sealed.find((sealed) => sealed.changeCount >= changeCount);
  }

  /** The map at `height` stays as it is until `work` is done, however many blocks follow. */
  async whileKept(height: number, work: (view: MapView) => Promise<void>): Promise<void> {
    const kept = this.#sealed.find((sealed) => sealed.height === height);
    if (kept === undefined) return;
    this.#inUse = kept;
    try {
      await work(kept.held.view);
    } finally {
      this.#inUse = undefined;
      if (!this.#sealed.includes(kept)) kept.held.letGo();
    }
  }

  #isTooMany(): boolean {
    const { length } = this.#sealed;
    return length > sealedMapsMax || (length > 2 && this.map.retiredNodeCount > this.retiredMax);
  }
}
