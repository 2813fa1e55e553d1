import type { Clock, Timer } from '../base/host.js';
import type { TargetEvent } from './event-records.js';

/** Somebody who is told of events. */
export interface EventTarget {
  /** Rules name it. */
  readonly name: string;
  /**
   * Takes one message.
   * @returns why it did not; undefined once it has it
   */
  deliver(message: string, signal: AbortSignal): Promise<string | undefined>;
}

const lanesCount = 8;
const backoffMsMin = 1_000;
const backoffMsMax = 60_000;
/** An event that nobody has taken for so long is given up. */
export const eventAgeMsMax = 86_400_000;
/** What waits in memory; beyond it the log holds it. */
const waitingMax = 10_000;

export interface QueueListener {
  /** An event was given up, and why. */
  gaveUp(event: TargetEvent, reason: string): void;
  /** It takes nothing now, and is tried again; told once, until it takes something. */
  failing(reason: string): void;
  /** Some were delivered. */
  moved(): void;
}

/**
 * The events of one target, in memory. Those of one key go in order, one after another; others
 * pass them by. Nothing here is durable: what has not been delivered is in the log.
 */
export class EventQueue {
  readonly #lanes: Lane[];
  readonly #stopping = new AbortController();
  /** How many of a commit's events are not delivered, by its number, in order. */
  readonly #open = new Map<number, number>();
  #waitingCount = 0;
  #isFailing = false;

  constructor(
    private readonly target: EventTarget,
    clock: Clock,
    private readonly listener: QueueListener,
  ) {
    const ended = (event: TargetEvent) => this.#ended(event);
    const answered = (failure: string | undefined) => this.#answered(failure);
    const { signal } = this.#stopping;
    const parts = { target, clock, listener, ended, answered, signal };
    this.#lanes = Array.from({ length: lanesCount }, () => new Lane(parts));
  }

  get hasRoom(): boolean {
    return this.#waitingCount < waitingMax;
  }

  get isEmpty(): boolean {
    return this.#waitingCount === 0;
  }

  get name(): string {
    return this.target.name;
  }

  /** The oldest commit that is not delivered in full. */
  get oldest(): number | undefined {
    for (const sequence of this.#open.keys()) return sequence;
    return undefined;
  }

  add(event: TargetEvent): void {
    this.#waitingCount++;
    this.#open.set(event.sequence, (this.#open.get(event.sequence) ?? 0) + 1);
    this.#lanes[laneOf(event)]?.add(event);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#lanes.map((lane) => lane.stop()));
  }

  #answered(failure: string | undefined): void {
    if (failure !== undefined && !this.#isFailing) this.listener.failing(failure);
    this.#isFailing = failure !== undefined;
  }

  #ended({ sequence }: TargetEvent): void {
    this.#waitingCount--;
    const left = (this.#open.get(sequence) ?? 1) - 1;
    if (left > 0) this.#open.set(sequence, left);
    else this.#open.delete(sequence);
    this.listener.moved();
  }
}

function laneOf({ bucket, key }: TargetEvent): number {
  let sum = bucket.length;
  for (let at = 0; at < key.length; at++) sum = (Math.imul(sum, 31) + key.charCodeAt(at)) | 0;
  return Math.abs(sum) % lanesCount;
}

interface LaneParts {
  readonly target: EventTarget;
  readonly clock: Clock;
  readonly listener: QueueListener;
  readonly signal: AbortSignal;
  readonly ended: (event: TargetEvent) => void;
  readonly answered: (failure: string | undefined) => void;
}

class Lane {
  readonly #events: TargetEvent[] = [];
  #running: Promise<void> | undefined;
  #timer: Timer | undefined;
  #backoffMs = backoffMsMin;

  constructor(private readonly parts: LaneParts) {}

  add(event: TargetEvent): void {
    this.#events.push(event);
    this.#run();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#running;
  }

  #run(): void {
    if (this.#timer !== undefined || this.parts.signal.aborted) return;
    this.#running ??= this.#deliverAll().finally(() => {
      this.#running = undefined;
    });
  }

  async #deliverAll(): Promise<void> {
    const { target, clock, listener, signal, ended, answered } = this.parts;
    for (;;) {
      const [event] = this.#events;
      if (event === undefined || signal.aborted) return;
      const failure = await target.deliver(event.message, signal);
      if (signal.aborted) return;
      answered(failure);
      const isOld = clock.nowUnixMs() - event.timeUnixMs > eventAgeMsMax;
      if (failure !== undefined && !isOld) {
        this.#timer = clock.after(this.#backoffMs, () => {
          this.#timer = undefined;
          this.#run();
        });
        this.#backoffMs = Math.min(2 * this.#backoffMs, backoffMsMax);
        return;
      }
      if (failure !== undefined) listener.gaveUp(event, failure);
      this.#backoffMs = backoffMsMin;
      this.#events.shift();
      ended(event);
    }
  }
}
