import { InvariantError, invariant } from '../../src/base/invariant.js';
import { SystemError } from '../../src/host/system-error.js';
import type { Fault, FaultPlan, Operation, OperationKind } from './fault-plan.js';
import type { SeededRandom } from './seeded-random.js';
import type { Node, SimulatedTree } from './simulated-tree.js';
import type { VirtualClock } from './virtual-clock.js';

/** The disk that an effect acts on: the live one, or a copy made at a crash. */
export interface DiskState {
  readonly tree: SimulatedTree;
  /** The node of this state that stands for a node of the live one. */
  readonly at: <N extends Node>(node: N) => N;
}

/** What an operation does, and the ways in which it can do less. */
export interface Effect<T> {
  whole(state: DiskState): T;
  /** Does the first `portion`, in [0, 1), of it. */
  part?(state: DiskState, portion: number): void;
  /** What remains when it is reported as done, but nothing of it will be on the disk. */
  lost?(state: DiskState): T;
  elsewhere?(state: DiskState, path: string, offset: number): void;
}

interface JournalEntry {
  readonly operation: Operation;
  readonly fault: Fault | undefined;
  /** 'in flight', 'done' or what went wrong. */
  outcome: string;
}

interface Pending {
  readonly entry: JournalEntry;
  readonly effect: Effect<unknown>;
  readonly dueMs: number;
  readonly settle: (outcome: { value: unknown } | { failure: unknown }) => void;
}

const JOURNAL_ENTRIES_MAX = 20_000;

/**
 * The calls of the disk under way. Each is done at a time that the seed chose, so that calls made
 * together are done in any order.
 */
export class OperationQueue {
  #count = 0;
  #dead = false;
  #journal: JournalEntry[] = [];
  readonly #pending = new Set<Pending>();

  constructor(
    private readonly state: DiskState,
    private readonly clock: VirtualClock,
    private readonly random: SeededRandom,
    private readonly faults: FaultPlan,
  ) {}

  /** How many calls there were so far. */
  get count(): number {
    return this.#count;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** From now on no call returns. */
  die(): void {
    this.#dead = true;
  }

  call<T>(
    kind: OperationKind,
    path: string,
    effect: Effect<T>,
    detail: Pick<Operation, 'offset' | 'lengthBytes' | 'to' | 'descriptor'> = {},
  ): Promise<T> {
    if (this.#dead) return new Promise(() => undefined);
    const operation = { number: ++this.#count, kind, path, ...detail };
    const entry = { operation, fault: this.faults.faultOf(operation), outcome: 'in flight' };
    this.#record(entry);
    const stallMs = entry.fault?.is === 'stalled' ? entry.fault.delayMs : 0;
    const latencyMs = this.random.fraction() * (kind === 'sync' ? 2 : 0.5);
    const dueMs = this.clock.monotonicMs() + latencyMs + stallMs;
    return new Promise<T>((resolve, reject) => {
      this.#pending.add({
        entry,
        effect,
        dueMs,
        settle: (outcome) => {
          if ('failure' in outcome) reject(outcome.failure);
          else resolve(outcome.value as T);
        },
      });
    });
  }

  /** When the next call is done, on the monotonic clock; Infinity if none is under way. */
  nextDueMs(): number {
    return this.#next()?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  completeNext(): void {
    const pending = this.#next();
    invariant(pending !== undefined, 'a call is under way');
    this.#pending.delete(pending);
    this.clock.moveTo(pending.dueMs);
    const { entry, settle } = pending;
    try {
      const value = this.#perform(pending);
      if (this.#dead) return;
      entry.outcome = 'done';
      settle({ value });
    } catch (failure) {
      entry.outcome = String(failure);
      settle({ failure });
    }
  }

  /** Lets some of the calls under way take effect on a copy of the disk: nobody hears of them. */
  finishSome(state: DiskState, random: SeededRandom): void {
    const pending = [...this.#pending].map((call) => ({ call, order: random.fraction() }));
    pending.sort((a, b) => a.order - b.order);
    for (const { call } of pending) {
      const { effect } = call;
      try {
        if (random.chance(0.4)) effect.whole(state);
        else if (random.chance(0.3)) effect.part?.(state, random.fraction());
      } catch (failure) {
        if (failure instanceof InvariantError) throw failure; // a refusal has no effect
      }
    }
  }

  /** The last `countMax` calls, a line each. */
  journal(countMax: number): string {
    return this.#journal
      .slice(-countMax)
      .map(({ operation: { number, kind, path, offset, lengthBytes, to }, fault, outcome }) => {
        const range = offset === undefined ? '' : ` @${offset}`;
        const length = lengthBytes === undefined ? '' : ` +${lengthBytes}`;
        const target = to === undefined ? '' : ` -> '${to}'`;
        const planned = fault === undefined ? '' : ` [${JSON.stringify(fault)}]`;
        return `${number} ${kind} '${path}'${range}${length}${target}: ${outcome}${planned}`;
      })
      .join('\n');
  }

  #next(): Pending | undefined {
    let next: Pending | undefined;
    for (const pending of this.#pending)
      if (next === undefined || pending.dueMs < next.dueMs) next = pending;
    return next;
  }

  #perform({ entry: { operation, fault }, effect }: Pending): unknown {
    const { state } = this;
    const says = `call ${operation.number}, ${operation.kind} '${operation.path}'`;
    switch (fault?.is) {
      case undefined:
      case 'stalled':
        return effect.whole(state);
      case 'refused':
        if (operation.kind === 'sync') effect.lost?.(state);
        throw new SystemError(fault.errno, says);
      case 'applied':
        effect.whole(state);
        throw new SystemError(fault.errno, says);
      case 'torn':
        effect.part?.(state, this.random.fraction());
        throw new SystemError(fault.errno, says);
      case 'lost':
        invariant(effect.lost !== undefined, `${says} cannot be lost`);
        return effect.lost(state);
      case 'misdirected':
        invariant(effect.elsewhere !== undefined, `${says} cannot be misdirected`);
        effect.elsewhere(state, fault.path, fault.offset);
        return undefined;
      case 'death':
        try {
          if (fault.when === 'after') effect.whole(state);
        } catch (error) {
          if (!(error instanceof SystemError)) throw error; // a call that fails is over as well
        }
        if (fault.when === 'during') effect.part?.(state, this.random.fraction());
        this.die();
        return undefined;
    }
  }

  #record(entry: JournalEntry): void {
    this.#journal.push(entry);
    if (this.#journal.length >= 2 * JOURNAL_ENTRIES_MAX)
      this.#journal = this.#journal.slice(-JOURNAL_ENTRIES_MAX);
  }
}
