import type { Host } from '../../src/base/host.js';
import { invariant } from '../../src/base/invariant.js';
import { FaultPlan } from './fault-plan.js';
import { OperationQueue } from './operation-queue.js';
import { afterPowerCut, type SectorPromise } from './power-cut.js';
import { SeededRandom } from './seeded-random.js';
import { SimulatedDisk } from './simulated-disk.js';
import { SimulatedTree } from './simulated-tree.js';
import { VirtualClock } from './virtual-clock.js';

export interface WorldOptions extends Partial<SectorPromise> {
  /** Bytes that the disk holds; without it the disk is never full. */
  readonly capacityBytes?: number;
}

/** The plan of faults killed the process: nothing that it waits for will come. */
export class ProcessDied extends Error {
  override readonly name = 'ProcessDied';
}

const START_UNIX_MS = Date.UTC(2024, 0, 1);
const QUIET_TURNS = 3; // before a timer fires: code under test may give way by setImmediate
const THREADS_MS_MAX = 3_000; // real time for real threads (hashes) to answer, before it is a deadlock
const STEPS_MAX = 5_000_000;

/**
 * A machine in memory, the same in all it does for the same seed: a Host whose time stands still
 * until `run` or `advance` moves it, whose disk does calls in an order that the seed chooses and
 * goes wrong as `faults` say.
 */
export class SimulatedWorld implements Host {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly disk: SimulatedDisk;
  readonly faults = new FaultPlan();
  readonly #queue: OperationQueue;
  #running = false;

  constructor(
    readonly seed: number,
    private readonly options: WorldOptions = {},
    private readonly tree = new SimulatedTree(),
    startUnixMs = START_UNIX_MS,
  ) {
    const random = new SeededRandom(seed);
    this.random = new SeededRandom(random.word());
    this.clock = new VirtualClock(startUnixMs);
    const state = { tree, at: <N>(node: N) => node };
    const order = new SeededRandom(random.word());
    this.#queue = new OperationQueue(state, this.clock, order, this.faults);
    const capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY;
    this.disk = new SimulatedDisk(tree, this.#queue, capacityBytes);
  }

  /** How many calls of the disk there were: the next one has the number after it. */
  get operationCount(): number {
    return this.#queue.count;
  }

  /** Whether a fault killed the process, or `crash` did. */
  get died(): boolean {
    return this.#queue.dead;
  }

  /**
   * Moves the world until `work` settles.
   * @throws ProcessDied if a fault kills the process before; Error if nothing is left to wait for
   */
  async run<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    work.then(mark, mark);
    await this.#drive(Number.POSITIVE_INFINITY, () => settled);
    if (!settled) throw new ProcessDied(`seed ${this.seed}, call ${this.operationCount}`);
    return work;
  }

  /** Lets `durationMs` pass, with all that falls due in it. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.clock.monotonicMs() + durationMs;
    await this.#drive(untilMs, () => false);
    this.clock.moveTo(untilMs);
  }

  /**
   * The machine after its restart. Of calls under way, some took effect. `power`: of all that was
   * not synced, whatever `seed` chooses is left. `kill`: nothing is lost, what was not synced is
   * still not. This world is dead, yet may be crashed again with another seed.
   */
  crash(seed: number, cause: 'power' | 'kill' = 'power'): SimulatedWorld {
    this.#queue.die();
    const random = new SeededRandom(seed);
    const state = this.tree.clone();
    this.#queue.finishSome(state, random);
    const promise = {
      sectorBytes: this.options.sectorBytes ?? 512,
      sparesBytesBeside: this.options.sparesBytesBeside ?? true,
    };
    const tree = cause === 'kill' ? state.tree : afterPowerCut(state.tree, random, promise);
    const options = { ...this.options, capacityBytes: this.disk.capacityBytes };
    return new SimulatedWorld(seed, options, tree, this.clock.nowUnixMs() + 1000);
  }

  /** The seed and the last calls of the disk, for the message of a test that fails. */
  explain(countMax = 100): string {
    return `seed ${this.seed}, ${this.operationCount} calls, the last of them:\n${this.#queue.journal(countMax)}`;
  }

  async #drive(untilMs: number, isOver: () => boolean): Promise<void> {
    invariant(!this.#running, 'one run at a time moves the world');
    this.#running = true;
    try {
      let [quietTurns, waitedMs] = [0, 0];
      for (let steps = 0; ; steps++) {
        if (steps === STEPS_MAX) throw new Error(`the work never ends: ${this.explain()}`);
        await turn();
        if (isOver() || this.died) return;
        const callMs = this.#queue.nextDueMs();
        const timerMs = this.clock.nextDueMs();
        if (callMs <= timerMs && callMs <= untilMs && callMs !== Number.POSITIVE_INFINITY) {
          quietTurns = waitedMs = 0;
          this.#queue.completeNext();
        } else if (quietTurns < QUIET_TURNS) quietTurns++;
        else if (timerMs <= untilMs && timerMs !== Number.POSITIVE_INFINITY) {
          quietTurns = waitedMs = 0;
          this.clock.fireNext();
        } else if (untilMs !== Number.POSITIVE_INFINITY) return;
        else if (waitedMs++ < THREADS_MS_MAX) await realMs(1);
        else throw new Error(`all wait for one another: ${this.explain()}`);
      }
    } finally {
      this.#running = false;
    }
  }
}

function realMs(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** Lets all promises that can settle do so. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Runs `work` to its end, or to the death of the process; any other failure is told with its disk. */
export async function untilDeath(world: SimulatedWorld, work: Promise<void>): Promise<void> {
  try {
    await world.run(work);
  } catch (error) {
    if (world.died) return;
    if (error instanceof Error) error.message += `\n${world.explain(30)}`;
    throw error;
  }
}
