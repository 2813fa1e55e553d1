import type { CatalogState } from '../catalog/state.js';
import type { Log } from '../log/types.js';
import type { BodyWriter } from './body-writer.js';

/** What a commit takes in the log beside the body it stands for, about. */
const commitBytes = 400;

/**
 * How much of the log lives, without looking at it: what the index holds and what is on its way
 * there, put right by what the last mark pass found. Bytes that several objects share, and uploads
 * that failed, make the difference.
 */
export class SpaceUse {
  /** By how much that was wrong when it was last known. */
  #correctionBytes = 0;

  constructor(
    private readonly state: () => CatalogState,
    private readonly log: Pick<Log, 'space'>,
    private readonly bodies: Pick<BodyWriter, 'underWayBytes'>,
  ) {}

  get sizeBytes(): number {
    return this.log.space().sizeBytes;
  }

  get liveBytes(): number {
    const live = this.knownBytes() + this.#correctionBytes;
    return Math.min(this.sizeBytes, Math.max(0, live));
  }

  get deadBytes(): number {
    return this.sizeBytes - this.liveBytes;
  }

  /** A mark pass found so much to live, when `knownBytes` were known. */
  measured(liveBytes: number, knownBytes: number): void {
    this.#correctionBytes = liveBytes - knownBytes;
  }

  knownBytes(): number {
    const { objects, uploads, parts } = this.state();
    const commitCount = objects.count + uploads.count + parts.count;
    const heldBytes = objects.sizeBytes + parts.sizeBytes + commitCount * commitBytes;
    return heldBytes + this.bodies.underWayBytes;
  }
}
