import type { Clock } from './base/host.js';
import type { Logger } from './http/logger.js';

const TELL_EVERY_MS = 5_000;

/** For a start that takes long: a line of the log now and then says how far it is. */
export function replayProgress(
  clock: Clock,
  logger: Logger,
): (doneBytes: number, totalBytes: number) => void {
  let toldAtMs = clock.monotonicMs();
  return (doneBytes, totalBytes) => {
    const nowMs = clock.monotonicMs();
    if (nowMs - toldAtMs < TELL_EVERY_MS) return;
    toldAtMs = nowMs;
    logger.info({ doneBytes, totalBytes }, 'replaying the log');
  };
}
