import type { Clock } from '../base/host.js';

const jumpMsMax = 3_600_000;

/**
 * A wall clock that jumps by more than an hour ends all removals by time until the store is opened
 * again: what the clock says is then somebody's to confirm, and a removal cannot be taken back.
 */
export class WallClockWatch {
  readonly #offsetMs: number;

  constructor(private readonly clock: Clock) {
    this.#offsetMs = clock.nowUnixMs() - clock.monotonicMs();
  }

  hasJumped(): boolean {
    const offsetMs = this.clock.nowUnixMs() - this.clock.monotonicMs();
    return Math.abs(offsetMs - this.#offsetMs) > jumpMsMax;
  }
}
