import type { Clock } from '../base/host.js';
import type { WallClockWatch } from './wall-clock.js';

/**
 * The time by which locks end: never ahead of the wall clock, nor of what has passed since the
 * store was opened, and never behind what it was. A wall clock that jumps holds it still until the
 * store is opened again: what the clock says is then somebody's to confirm.
 */
export class LockTime {
  readonly #openedUnixMs: number;
  readonly #openedMonotonicMs: number;
  #lastMs: number;
  #held = false;

  constructor(
    private readonly clock: Clock,
    private readonly wallClock: WallClockWatch,
  ) {
    this.#openedUnixMs = clock.nowUnixMs();
    this.#openedMonotonicMs = clock.monotonicMs();
    this.#lastMs = this.#openedUnixMs;
  }

  nowMs(): number {
    const passedMs = this.clock.monotonicMs() - this.#openedMonotonicMs;
    const steadyMs = this.#openedUnixMs + passedMs;
    if (this.wallClock.hasJumped()) this.#held = true;
    if (!this.#held) {
      this.#lastMs = Math.max(this.#lastMs, Math.min(this.clock.nowUnixMs(), steadyMs));
    }
    return this.#lastMs;
  }
}
