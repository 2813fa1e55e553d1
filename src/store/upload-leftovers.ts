import { isLogStoreError } from '../base/errors.js';
import type { Clock, Timer } from '../base/host.js';
import type { Catalog } from '../catalog/catalog.js';
import { blockerOfEnd, endsOfUpload, uploadAt, uploadIdOf } from '../catalog/multipart.js';
import { decodeUploadKey } from '../catalog/upload-keys.js';
import type { Mutation } from '../format/mutation.js';
import type { Committer } from './committer.js';
import type { WallClockWatch } from './wall-clock.js';

const sweepIntervalMs = 600_000; // between two walks over the open uploads
const stepIntervalMs = 50; // between two steps of one walk
const stepSlotsMax = 1_000;
const stepAbortsMax = 10; // each lists all parts of its upload

/**
 * Aborts multipart uploads that nobody completed: by logged removals, as the client would have. One
 * slow walk after another.
 */
export class UploadLeftovers {
  #timer: Timer | undefined;
  #cursor: Uint8Array = new Uint8Array(0);

  constructor(
    private readonly clock: Clock,
    private readonly wallClock: WallClockWatch,
    private readonly catalog: Catalog,
    private readonly committer: Committer,
    /** 0: they stay for ever. */
    private readonly ageMs: number,
  ) {}

  start(): void {
    if (this.ageMs > 0) this.#wait(Math.min(this.ageMs, sweepIntervalMs));
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #wait(delayMs: number): void {
    this.#timer = this.clock.after(delayMs, () => {
      const isAtEnd = this.#sweepSome();
      this.#wait(isAtEnd ? Math.min(this.ageMs, sweepIntervalMs) : stepIntervalMs);
    });
  }

  /** @returns whether the walk has come to its end */
  #sweepSome(): boolean {
    const { uploads } = this.catalog.state;
    const begunBeforeMs = this.clock.nowUnixMs() - this.ageMs;
    const left: Uint8Array[] = [];
    let seenCount = 0;
    let next: Uint8Array | undefined;
    uploads.scan(this.#cursor, (slot) => {
      if (seenCount === stepSlotsMax || left.length === stepAbortsMax) {
        next = uploads.key(slot);
        return false;
      }
      seenCount++;
      if (uploads.timeAt(slot) <= begunBeforeMs) left.push(uploads.key(slot));
      return true;
    });
    for (const uploadKey of left) this.#abort(uploadKey);
    this.#cursor = next ?? new Uint8Array(0);
    return next === undefined;
  }

  /** Nobody waits for it; whatever stands in its way, a later walk comes by. */
  #abort(uploadKey: Uint8Array): void {
    if (this.wallClock.hasJumped()) return;
    const mutation = abortionOf(this.catalog, uploadKey);
    if (mutation === undefined) return;
    try {
      const done = this.committer.commit(this.clock.nowUnixMs(), [mutation], () => undefined);
      done.catch(() => {}); // the log failed: it says so itself
    } catch (error) {
      if (!isLogStoreError(error)) throw error;
    }
  }
}

/** Aborts an upload of the index; undefined while something else with it is under way. */
export function abortionOf(catalog: Catalog, uploadKey: Uint8Array): Mutation | undefined {
  const { uploads } = catalog.state;
  const { bucket, key, version } = decodeUploadKey(uploadKey);
  if (blockerOfEnd(catalog, bucket, uploadIdOf(version)) !== undefined) return undefined;
  const slot = uploads.find(uploadKey);
  if (slot < 0) return undefined;
  const ends = endsOfUpload(catalog.state, uploadAt(uploads, slot, version));
  return { is: 'abortUpload', bucket, key, uploadVersion: version, ends };
}
