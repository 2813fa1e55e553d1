import { errnoOf, LogStoreError } from '../base/errors.js';
import type { Disk, Host } from '../base/host.js';

const refreshMs = 1_000;
const refreshBytes = 16 * 1024 ** 2;
/** Below so many reserves data waits for compaction, if that can make room. */
const lowFactor = 2;

function reserveBytesDefault(totalBytes: number): number {
  return Math.min(64 * 1024 ** 2, Math.floor(totalBytes / 20));
}

/** Whether a volume is too full for what can also be left unwritten. */
export async function isLowOnSpace(disk: Disk): Promise<boolean> {
  const { freeBytes, totalBytes } = await disk.space();
  return freeBytes < lowFactor * reserveBytesDefault(totalBytes);
}

/**
 * Refuses data before the volume is full, so that room is left to delete, to compact and to write
 * the manifest. The reading is renewed in the background after a second or some MiB.
 */
export class SpaceGuard {
  #freeBytes: number;
  #readAtMs: number;
  #reading = false;
  #makesRoom: (() => boolean) | undefined;

  private constructor(
    private readonly host: Host,
    readonly reserveBytes: number,
    freeBytes: number,
  ) {
    this.#freeBytes = freeBytes;
    this.#readAtMs = host.clock.monotonicMs();
  }

  /** @param reserveBytes by default 64 MiB, or a twentieth of a small volume */
  static async open(host: Host, reserveBytes: number | undefined): Promise<SpaceGuard> {
    const { freeBytes, totalBytes } = await host.disk.space();
    return new SpaceGuard(host, reserveBytes ?? reserveBytesDefault(totalBytes), freeBytes);
  }

  /** As last read, less what was taken since. */
  get freeBytes(): number {
    return this.#freeBytes;
  }

  /**
   * Whom to ask where not much more than the reserve is free.
   * @param makesRoom whether room is being made, so that waiting helps
   */
  whenLow(makesRoom: () => boolean): void {
    this.#makesRoom = makesRoom;
  }

  /** @throws LogStoreError `LOW_SPACE` while room is being made; `NO_SPACE` */
  admit(sizeBytes: number, removes: boolean): void {
    const before = this.#freeBytes;
    this.#freeBytes -= sizeBytes;
    const steps = Math.floor(before / refreshBytes) - Math.floor(this.#freeBytes / refreshBytes);
    if (steps > 0 || this.host.clock.monotonicMs() - this.#readAtMs > refreshMs) this.#renew();
    if (removes || this.#freeBytes >= lowFactor * this.reserveBytes) return;
    const makesRoom = this.#makesRoom?.() ?? false;
    if (!makesRoom && this.#freeBytes >= this.reserveBytes) return;
    this.#freeBytes += sizeBytes;
    if (makesRoom) {
      const message = 'the volume is almost full, and room is being made: try again';
      throw new LogStoreError('LOW_SPACE', message);
    }
    throw new LogStoreError('NO_SPACE', 'the volume is full but for its reserve: delete something');
  }

  /** Whether `sizeBytes` more than what was asked for would leave the reserve whole. */
  canSpare(sizeBytes: number): boolean {
    return this.#freeBytes - sizeBytes >= this.reserveBytes;
  }

  /** Reads anew how much is free. */
  async refresh(): Promise<void> {
    this.#readAtMs = this.host.clock.monotonicMs();
    try {
      this.#freeBytes = (await this.host.disk.space()).freeBytes;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error; // the old reading holds until the next try
    }
  }

  #renew(): void {
    if (this.#reading) return;
    this.#reading = true;
    void this.refresh().finally(() => {
      this.#reading = false;
    });
  }
}
