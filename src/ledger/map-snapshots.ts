import { errnoOf, isLogStoreError } from '../base/errors.js';
import type { Disk } from '../base/host.js';
import type { LedgerLog } from './ledger-log.js';
import { writeMapSnapshot } from './map-snapshot.js';
import type { SealedMaps } from './sealed-maps.js';
import type { Between } from './turns.js';

/** A snapshot is due after so many changes, or a quarter of the map: it costs four leaves each. */
const dueAfterDefault = 16_384;
/** It is of an older block that few changes follow: newer heights are all there after a start. */
const fewParts = 16;

/** Writes the map beside all else, so that opening hashes and replays little. */
export class MapSnapshots {
  readonly #stop = new AbortController();
  #writing: Promise<void> | undefined;
  /** Changes that the last snapshot holds, of all that were made to the map. */
  #written = 0;

  constructor(
    private readonly disk: Disk,
    private readonly ledger: LedgerLog,
    private readonly between: Between,
    private readonly dueAfter = dueAfterDefault,
  ) {}

  /** A block was sealed; the map has had so many changes since it was opened. */
  sealed(maps: SealedMaps, changeCount: number): void {
    const dueAfter = Math.max(this.dueAfter, maps.map.count / 4);
    const isDue = changeCount - this.#written >= dueAfter;
    if (!isDue || this.#writing !== undefined || this.#stop.signal.aborted) return;
    const chosen = maps.oldestSince(changeCount - dueAfter / fewParts);
    if (chosen === undefined) return;
    this.#writing = this.#write(maps, chosen.height).finally(() => {
      this.#writing = undefined;
    });
    this.#written = chosen.changeCount;
  }

  /** What is under way is given up. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#writing;
  }

  async #write(maps: SealedMaps, height: number): Promise<void> {
    const { signal } = this.#stop;
    const blockLeaf = this.ledger.tree.hashAt(0, height);
    const between = async () => {
      signal.throwIfAborted();
      await this.between();
    };
    try {
      await maps.whileKept(height, (view) =>
        writeMapSnapshot(this.disk, view, { height, blockLeaf }, between),
      );
    } catch (error) {
      // It is a cache: the next is tried after as many changes again.
      const isOfDisk = errnoOf(error) !== undefined || isLogStoreError(error, 'NO_SPACE');
      if (!isOfDisk && !signal.aborted) throw error;
    }
  }
}
