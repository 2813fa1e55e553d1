import type { Clock } from '../base/host.js';

export interface PaceLimits {
  /** What background work may read and write in a second, at most. */
  readonly bytesPerSecondMax: number;
  /** What it may always, so that it ends one day. */
  readonly bytesPerSecondMin: number;
}

/** What foreground writes take, p99 over the last ones, in milliseconds. */
export type ForegroundP99 = () => number;

const checkIntervalMs = 100;

/**
 * Slows background work to a budget, and further while foreground writes take more than twice what
 * they took before it began.
 */
export class Pacer {
  readonly #idleP99Ms: number;
  #bytesPerSecond: number;
  #owedMs = 0;
  #checkedAtMs: number;

  constructor(
    private readonly clock: Clock,
    private readonly limits: PaceLimits,
    private readonly foregroundP99: ForegroundP99,
  ) {
    this.#idleP99Ms = Math.max(1, foregroundP99());
    this.#bytesPerSecond = limits.bytesPerSecondMax;
    this.#checkedAtMs = clock.monotonicMs();
  }

  /** Waits until `bytes` more may be read or written. */
  async spend(bytes: number): Promise<void> {
    this.#adapt();
    this.#owedMs += (bytes / this.#bytesPerSecond) * 1000;
    if (this.#owedMs < 1) return;
    const startedAtMs = this.clock.monotonicMs();
    await this.clock.wait(this.#owedMs);
    // A late timer has paid for more than it was set for.
    this.#owedMs = Math.max(
      -checkIntervalMs,
      this.#owedMs - (this.clock.monotonicMs() - startedAtMs),
    );
  }

  #adapt(): void {
    const nowMs = this.clock.monotonicMs();
    if (nowMs - this.#checkedAtMs < checkIntervalMs) return;
    this.#checkedAtMs = nowMs;
    const { bytesPerSecondMax, bytesPerSecondMin } = this.limits;
    const isPressed = this.foregroundP99() > 2 * this.#idleP99Ms;
    const next = this.#bytesPerSecond * (isPressed ? 0.5 : 1.25);
    this.#bytesPerSecond = Math.min(bytesPerSecondMax, Math.max(bytesPerSecondMin, next));
  }
}
