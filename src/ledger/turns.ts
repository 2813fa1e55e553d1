import type { Clock } from '../base/host.js';

const turnMs = 5;

/** Gives others a turn, now and then. */
export type Between = () => Promise<void>;

/** Long work on a thread that also answers: what waits there gets its turn every 5 ms. */
export function turnsOf(clock: Clock): Between {
  let turnedAtMs = clock.monotonicMs();
  return async () => {
    if (clock.monotonicMs() - turnedAtMs < turnMs) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    turnedAtMs = clock.monotonicMs();
  };
}
