import type { CatalogState } from '../catalog/catalog.js';
import type { Log } from '../log/types.js';

/** What a commit takes in the log beside the body it stands for, about. */
const commitBytes = 400;

/**
 * How much of the log lives, without looking at it: what the index holds, put right by what the
 * last mark pass found. Bytes that several objects share, and uploads that failed, make the
 * difference.
 */
export class SpaceUse {
  /** By how much the index was wrong when it was last known. */
  #correctionBytes = 0;

  constructor(
    private readonly state: () => CatalogState,
    private readonly log: Pick<Log, 'space'>,
  ) {}

  get sizeBytes(): number {
    return this.log.space().sizeBytes;
  }

  get liveBytes(): number {
    const live = this.indexBytes() + this.#correctionBytes;
    return Math.min(this.sizeBytes, Math.max(0, live));
  }

  get deadBytes(): number {
    return this.sizeBytes - this.liveBytes;
  }

  /** A mark pass found so much to live, when the index held `indexBytes`. */
  measured(liveBytes: number, indexBytes: number): void {
    this.#correctionBytes = liveBytes - indexBytes;
  }

  indexBytes(): number {
    const { objects, uploads, parts } = this.state();
    const commitCount = objects.count + uploads.count + parts.count;
    return objects.sizeBytes + parts.sizeBytes + commitCount * commitBytes;
  }
}
