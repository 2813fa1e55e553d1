import type { pino } from 'pino';
import { exitCodes } from './exit-code.js';

/** @returns aborted at the first signal; at the second the process ends, as by a crash */
export function stopSignals(logger: pino.Logger): AbortSignal {
  const stopping = new AbortController();
  const onSignal = (signal: string) => {
    if (stopping.signal.aborted) {
      logger.warn({ signal }, 'ended at once; the next start recovers');
      process.exit(exitCodes.failed);
    }
    logger.info({ signal }, 'stopping; a second signal ends the process at once');
    stopping.abort();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return stopping.signal;
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
