import type { Host } from '../base/host.js';
import type { ScrubState } from '../format/scrub-state.js';
import type { EndedFacts } from '../log/segment-care.js';
import { readScrubState, writeScrubState } from './scrub-file.js';
import type { ScrubProgress } from './types.js';

/** After opening, requests have the disk for themselves for so long. */
const quietMs = 10_000;

/**
 * When which segment is to be scrubbed: all of them in each period, evenly by their bytes, in the
 * order of their numbers. Where it stands outlives a restart, in a file of its own.
 */
export class ScrubSchedule {
  #state: ScrubState;
  #isLoaded = false;
  readonly #openedAtMs: number;

  constructor(
    private readonly host: Host,
    storeId: Uint8Array,
    private readonly periodMs: number,
  ) {
    this.#openedAtMs = host.clock.monotonicMs();
    this.#state = {
      ...{ storeId, passCount: 0, passBeganUnixMs: host.clock.nowUnixMs(), sequenceNext: 1 },
      ...{ passEndedUnixMs: 0, healedCount: 0 },
    };
  }

  /** Goes on where the last process has stopped. */
  async load(): Promise<void> {
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    const found = await readScrubState(this.host.disk, this.#state.storeId);
    if (found === undefined) return;
    // A clock that was set back must not put the scrub off.
    const latest = this.host.clock.nowUnixMs() + (found.sequenceNext > 1 ? 0 : this.periodMs);
    const passBeganUnixMs = Math.min(found.passBeganUnixMs, latest);
    this.#state = { ...found, passBeganUnixMs };
  }

  /** The next segment, none at the end of a pass, and when it is due; undefined: never. */
  next(
    segments: readonly EndedFacts[],
  ): { fileId: number | undefined; end: number; inMs: number } | undefined {
    if (this.periodMs === 0 || segments.length === 0) return undefined;
    const { passBeganUnixMs } = this.#state;
    const { doneBytes, totalBytes, next } = this.#standing(segments);
    const part = next === undefined ? 1 : doneBytes / Math.max(1, totalBytes);
    const nowUnixMs = this.host.clock.nowUnixMs();
    // The pass that begins next may lie ahead: one period after the last one's beginning.
    const dueUnixMs = next === undefined ? nowUnixMs : passBeganUnixMs + part * this.periodMs;
    const quiet = this.#openedAtMs + quietMs - this.host.clock.monotonicMs();
    const inMs = Math.max(0, quiet, dueUnixMs - nowUnixMs);
    return { fileId: next?.fileId, end: next?.end ?? 0, inMs };
  }

  /**
   * A segment was seen, or with `isEnd` all were.
   * @returns whether the pass has ended by that
   */
  async seen(end: number, isEnd: boolean, failed: (error: unknown) => void): Promise<boolean> {
    if (isEnd) {
      await this.passEnded(failed);
      return true;
    }
    this.#state = { ...this.#state, sequenceNext: end };
    await this.#save(failed);
    return false;
  }

  /** One more segment was healed, by whoever met its damage; saved with the next step. */
  noteHealed(): void {
    this.#state = { ...this.#state, healedCount: this.#state.healedCount + 1 };
  }

  /** The next one begins when a period has passed since this one began. */
  async passEnded(failed: (error: unknown) => void): Promise<void> {
    const nowUnixMs = this.host.clock.nowUnixMs();
    const { passBeganUnixMs, passCount } = this.#state;
    this.#state = {
      ...this.#state,
      ...{ passCount: passCount + 1, passEndedUnixMs: nowUnixMs, sequenceNext: 1 },
      passBeganUnixMs: Math.max(nowUnixMs, passBeganUnixMs + this.periodMs),
    };
    await this.#save(failed);
  }

  progress(segments: readonly EndedFacts[]): ScrubProgress {
    const { passCount, passBeganUnixMs, passEndedUnixMs, healedCount } = this.#state;
    const { doneBytes, totalBytes } = this.#standing(segments);
    return { passCount, passBeganUnixMs, passEndedUnixMs, healedCount, doneBytes, totalBytes };
  }

  #standing(segments: readonly EndedFacts[]) {
    let [doneBytes, totalBytes] = [0, 0];
    let next: EndedFacts | undefined;
    for (const segment of segments) {
      totalBytes += segment.sizeBytes;
      if (segment.end <= this.#state.sequenceNext) doneBytes += segment.sizeBytes;
      else next ??= segment;
    }
    return { doneBytes, totalBytes, next };
  }

  /** A state that is not saved costs the next process some reading, no more. */
  async #save(failed: (error: unknown) => void): Promise<void> {
    try {
      await writeScrubState(this.host.disk, this.#state);
    } catch (error) {
      failed(error);
    }
  }
}
