import type { Clock, Timer } from '../base/host.js';

/** Node fires a timer at once when its delay does not fit 31 bits (25 days). */
const DELAY_MS_MAX = 2 ** 31 - 1;

export const nodeClock: Clock = {
  nowUnixMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, action) => new NodeTimer(delayMs, action),
  wait: (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs)),
};

class NodeTimer implements Timer {
  #timeout: NodeJS.Timeout | undefined;

  constructor(
    delayMs: number,
    private readonly action: () => void,
  ) {
    this.#arm(delayMs);
  }

  #arm(delayMs: number): void {
    if (delayMs <= DELAY_MS_MAX) this.#timeout = setTimeout(this.action, delayMs);
    else this.#timeout = setTimeout(() => this.#arm(delayMs - DELAY_MS_MAX), DELAY_MS_MAX);
    this.#timeout.unref(); // a waiting timer is no reason to stay alive after close
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }
}
