import type { Clock } from '../base/host.js';
import type { WallClockWatch } from './wall-clock.js';

/**
 * The time by which locks end: never ahead of the wall clock, nor of what has passed since the
 * store was opened on top of the time that it knew then (lock-time-record.ts), and never behind
 * what it was. A wall clock that jumps holds it still until the store is opened again.
 */
export class LockTime {
  #beganMs: number;
  #beganMonotonicMs: number;
  #lastMs: number;
  #held = false;

  /** @param beginsMs what is known to have passed; undefined where the store knows of none */
  constructor(
    private readonly clock: Clock,
    private readonly wallClock: WallClockWatch,
    beginsMs: number | undefined,
  ) {
    this.#beganMs = beginsMs ?? clock.nowUnixMs();
    this.#beganMonotonicMs = clock.monotonicMs();
    this.#lastMs = this.#beganMs;
  }

  nowMs(): number {
    const passedMs = this.clock.monotonicMs() - this.#beganMonotonicMs;
    const steadyMs = Math.floor(this.#beganMs + passedMs);
    if (this.wallClock.hasJumped()) this.#held = true;
    if (!this.#held) {
      this.#lastMs = Math.max(this.#lastMs, Math.min(this.clock.nowUnixMs(), steadyMs));
    }
    return this.#lastMs;
  }

  /** Somebody says that the wall clock is right: locks go by it from here on. */
  set(nowMs: number): void {
    this.#beganMs = nowMs;
    this.#beganMonotonicMs = this.clock.monotonicMs();
    this.#lastMs = nowMs;
    this.#held = false;
  }
}
