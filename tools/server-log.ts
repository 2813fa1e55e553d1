import { type Logger, pino } from 'pino';
import type { Config } from '../src/config.js';

/** Lines gather up to this, so that a request does not cost a system call, */
const gatherBytes = 8 * 1024;
/** but nobody waits longer than this for one. */
const gatherMs = 50;
/** What a reader that stands still may cost in memory; then lines are dropped, never requests. */
const waitingBytesMax = 16 * 1024 ** 2;

/** The log on standard output, as lines of JSON. The end of the process writes what is left. */
export function serverLog(level: Config['logLevel']): Logger {
  const destination = pino.destination({
    ...{ fd: process.stdout.fd, sync: false, minLength: gatherBytes, maxLength: waitingBytesMax },
    periodicFlush: gatherMs,
  });
  const options = {
    ...{ level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, destination);
}
