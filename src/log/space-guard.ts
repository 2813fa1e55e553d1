import { LogStoreError } from '../base/errors.js';
import type { Host } from '../base/host.js';

const refreshMs = 1_000;
const refreshBytes = 16 * 1024 ** 2;

/**
 * Refuses data before the volume is full, so that room is left to delete, to compact and to write
 * the manifest. The reading is renewed in the background after a second or some MiB.
 */
export class SpaceGuard {
  #freeBytes: number;
  #readAtMs: number;
  #reading = false;

  private constructor(
    private readonly host: Host,
    private readonly reserveBytes: number,
    freeBytes: number,
  ) {
    this.#freeBytes = freeBytes;
    this.#readAtMs = host.clock.monotonicMs();
  }

  /** @param reserveBytes by default 64 MiB, or a twentieth of a small volume */
  static async open(host: Host, reserveBytes: number | undefined): Promise<SpaceGuard> {
    const { freeBytes, totalBytes } = await host.disk.space();
    const reserve = reserveBytes ?? Math.min(64 * 1024 ** 2, Math.floor(totalBytes / 20));
    return new SpaceGuard(host, reserve, freeBytes);
  }

  /** @throws LogStoreError `NO_SPACE` */
  admit(sizeBytes: number, removes: boolean): void {
    const before = this.#freeBytes;
    this.#freeBytes -= sizeBytes;
    const steps = Math.floor(before / refreshBytes) - Math.floor(this.#freeBytes / refreshBytes);
    if (steps > 0 || this.host.clock.monotonicMs() - this.#readAtMs > refreshMs) this.#renew();
    if (this.#freeBytes >= this.reserveBytes || removes) return;
    this.#freeBytes += sizeBytes;
    throw new LogStoreError('NO_SPACE', 'the volume is full but for its reserve: delete something');
  }

  /** Whether `sizeBytes` more than what was asked for would leave the reserve whole. */
  canSpare(sizeBytes: number): boolean {
    return this.#freeBytes - sizeBytes >= this.reserveBytes;
  }

  #renew(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#readAtMs = this.host.clock.monotonicMs();
    this.host.disk.space().then(
      ({ freeBytes }) => {
        this.#freeBytes = freeBytes;
        this.#reading = false;
      },
      () => {
        this.#reading = false; // the old reading holds until the next try
      },
    );
  }
}
