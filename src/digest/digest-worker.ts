import { Worker } from 'node:worker_threads';
import { LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import type { DigestJob, DigestReply, DigestWorkerData } from './digest-job.js';
import { type HashKind, hashWeights } from './running-hash.js';
import type { Slab } from './slab-pool.js';

/** One body's hashes on one worker. */
export interface DigestLane {
  /** Hashes the slab's first `lengthBytes` after all before; holds the slab until that is done. */
  update(slab: Slab, lengthBytes: number): void;
  /** @throws LogStoreError `BUSY` if the worker died, `CLOSED` if it was ended */
  finish(): Promise<ReadonlyMap<HashKind, Uint8Array>>;
  /** Forgets the lane; slabs that no worker has begun with are released at once. */
  drop(): void;
}

interface QueuedJob {
  readonly job: DigestJob;
  readonly slab?: Slab;
}

interface Waiting {
  resolve(digests: ReadonlyMap<HashKind, Uint8Array>): void;
  reject(error: Error): void;
}

// Two messages under way keep the worker busy while one answer travels; what comes meanwhile
// shares the next message. Eight slabs bound how long finished slabs wait for their answer.
const messagesInFlightMax = 2;
const jobsPerMessageMax = 8;

/** One hashing thread and all that is on its way to it. */
export class DigestWorker {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #queue: QueuedJob[] = [];
  readonly #inFlight: (readonly QueuedJob[])[] = []; // oldest first, as answers come
  readonly #finishing = new Map<number, Waiting>();
  #laneLast = 0;
  #load = 0;
  #failure: LogStoreError | undefined;

  /** @param onDeath called once if the thread ends on its own; its lanes have failed by then */
  constructor(workerData: DigestWorkerData, onDeath: (worker: DigestWorker) => void) {
    // No flags of the process: some, such as --input-type, keep a thread from starting.
    const options = { workerData, execArgv: [] };
    this.#worker = new Worker(new URL('../workers/digest.js', import.meta.url), options);
    this.#worker.unref(); // only work under way keeps the process alive
    this.#worker.on('message', (reply: DigestReply) => this.#onReply(reply));
    let cause: unknown;
    this.#worker.on('error', (error) => {
      cause = error;
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        const onItsOwn = this.#failure === undefined;
        this.#fail(new LogStoreError('BUSY', 'a hashing thread died; try again', { cause }));
        resolve();
        if (onItsOwn) onDeath(this);
      });
    });
  }

  /** The open lanes' weight: what a new lane would share this thread with. */
  get load(): number {
    return this.#load;
  }

  openLane(kinds: readonly HashKind[]): DigestLane {
    const lane = ++this.#laneLast;
    let weight = 0;
    for (const kind of kinds) weight += hashWeights[kind];
    this.#load += weight;
    this.#enqueue({ job: { do: 'open', lane, kinds } });
    let open = true;
    const end = (): void => {
      invariant(open, 'a lane ends once');
      open = false;
      this.#load -= weight;
    };
    return {
      update: (slab, lengthBytes) => {
        invariant(open, 'a lane is open while it is updated');
        if (this.#failure !== undefined) return; // told at `finish`
        slab.retain();
        this.#enqueue({ job: { do: 'update', lane, slab: slab.index, bytes: lengthBytes }, slab });
        this.#send();
      },
      finish: () => {
        end();
        if (this.#failure !== undefined) return Promise.reject(this.#failure);
        this.#enqueue({ job: { do: 'finish', lane } });
        return new Promise((resolve, reject) => {
          this.#finishing.set(lane, { resolve, reject });
          this.#send();
        });
      },
      drop: () => {
        end();
        this.#forget(lane);
        this.#enqueue({ job: { do: 'drop', lane } });
        this.#send();
      },
    };
  }

  /** Ends the thread; whoever waits gets CLOSED. */
  async close(): Promise<void> {
    this.#failure ??= new LogStoreError('CLOSED', 'the store is closed');
    await this.#worker.terminate();
    await this.#exited;
  }

  #enqueue(queued: QueuedJob): void {
    if (this.#failure === undefined) this.#queue.push(queued);
  }

  #send(): void {
    while (this.#queue.length > 0 && this.#inFlight.length < messagesInFlightMax) {
      const message = this.#queue.splice(0, jobsPerMessageMax);
      if (this.#inFlight.length === 0) this.#worker.ref();
      this.#inFlight.push(message);
      this.#worker.postMessage(message.map(({ job }) => job));
    }
  }

  #onReply(reply: DigestReply): void {
    const message = this.#inFlight.shift();
    invariant(message !== undefined, 'every answer belongs to a message');
    for (const { slab } of message) slab?.release();
    for (const { lane, digests } of reply) {
      this.#finishing.get(lane)?.resolve(new Map(digests));
      this.#finishing.delete(lane);
    }
    this.#send();
    if (this.#inFlight.length === 0) this.#worker.unref();
  }

  /** Takes what was not sent yet of a lane out of the queue. */
  #forget(lane: number): void {
    const rest = this.#queue.splice(0);
    for (const queued of rest)
      if (queued.job.do === 'update' && queued.job.lane === lane) queued.slab?.release();
      else this.#queue.push(queued);
  }

  /** The thread is gone, so nothing reads the slabs any more. */
  #fail(error: LogStoreError): void {
    this.#failure ??= error;
    const failure = this.#failure;
    const lost = [...this.#inFlight.splice(0).flat(), ...this.#queue.splice(0)];
    for (const { slab } of lost) slab?.release();
    for (const waiting of this.#finishing.values()) waiting.reject(failure);
    this.#finishing.clear();
  }
}
