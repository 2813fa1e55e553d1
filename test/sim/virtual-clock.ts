import type { Clock, Timer } from '../../src/base/host.js';
import { invariant } from '../../src/base/invariant.js';

interface PendingTimer extends Timer {
  readonly dueMs: number;
  readonly action: () => void;
}

/** Time that stands still until the world moves it. */
export class VirtualClock implements Clock {
  #elapsedMs = 0;
  readonly #timers = new Set<PendingTimer>();

  /** @param wallStartMs what the wall clock shows at the start */
  constructor(private wallStartMs: number) {}

  nowUnixMs(): number {
    return Math.floor(this.wallStartMs + this.#elapsedMs);
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, action: () => void): Timer {
    invariant(delayMs >= 0, 'a timer lies ahead');
    const timers = this.#timers;
    const timer: PendingTimer = {
      dueMs: this.#elapsedMs + delayMs,
      action,
      cancel: () => timers.delete(timer),
    };
    timers.add(timer);
    return timer;
  }

  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Sets the wall clock forward or back; timers do not notice. */
  jumpWall(byMs: number): void {
    this.wallStartMs += byMs;
  }

  /** When the next timer is due, on the monotonic clock; Infinity if none waits. */
  nextDueMs(): number {
    return this.#next()?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  moveTo(monotonicMs: number): void {
    this.#elapsedMs = Math.max(this.#elapsedMs, monotonicMs);
  }

  fireNext(): void {
    const timer = this.#next();
    invariant(timer !== undefined, 'a timer waits');
    this.#timers.delete(timer);
    this.moveTo(timer.dueMs);
    timer.action();
  }

  #next(): PendingTimer | undefined {
    let next: PendingTimer | undefined;
    for (const timer of this.#timers) if (!next || timer.dueMs < next.dueMs) next = timer;
    return next;
  }
}
