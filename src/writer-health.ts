import type { Clock, Timer } from './base/host.js';
import type { Health } from './http/edge.js';
import type { Logger } from './http/logger.js';
import type { StoreStats } from './store/upkeep-types.js';

const lookEveryMs = 1_000;
/** A disk that takes so long for one write hangs, as far as clients can tell. */
const hungMs = 10_000;

const notReady = {
  failed: 'a write to the disk has failed: the store takes no more until it is started again',
  'read-only': 'the store is read-only',
  hung: 'a write to the disk has not come back for long: the store waits for it',
} as const;

type Writer = Pick<StoreStats, 'writer' | 'writingMs' | 'reason'>;

function problemOf({ writer, writingMs }: Writer): keyof typeof notReady | undefined {
  if (writer !== 'ok') return writer;
  return writingMs >= hungMs ? 'hung' : undefined;
}

/** For whoever reaches the port: which file it is about stands in the log alone. */
export function writerHealth(stats: Writer): Health {
  const problem = problemOf(stats);
  return problem === undefined ? { ready: true } : { ready: false, reason: notReady[problem] };
}

/** Logs once when the store stops taking writes, and why; and when it takes them again. */
export class WriterWatch implements Timer {
  #timer: Timer;
  #isHung = false;

  constructor(
    private readonly stats: () => Writer,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.#timer = clock.after(0, () => this.#look());
  }

  cancel(): void {
    this.#timer.cancel();
  }

  #look(): void {
    const stats = this.stats();
    const problem = problemOf(stats);
    if (problem === 'failed' || problem === 'read-only') {
      const { writer, reason } = stats;
      this.logger.error({ writer, reason }, notReady[problem]);
      return; // until the next start
    }
    if (problem === 'hung' && !this.#isHung) {
      this.logger.error({ writingMs: Math.round(stats.writingMs) }, notReady.hung);
    } else if (problem === undefined && this.#isHung) {
      this.logger.warn({}, 'the write to the disk came back: the store takes writes again');
    }
    this.#isHung = problem === 'hung';
    this.#timer = this.clock.after(lookEveryMs, () => this.#look());
  }
}
