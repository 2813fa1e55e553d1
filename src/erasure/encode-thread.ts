import { Worker } from 'node:worker_threads';
import { LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import type { ParityShape, ParityTables } from '../format/parity.js';
import type { EncodeJob, EncodeReply, EncodeWorkerData } from './encode-job.js';
import { encodePlan, type GroupCoder } from './group-coder.js';
import { newStripes, type Stripe } from './stripe.js';

interface Waiting {
  resolve(reply: EncodeReply): void;
  reject(error: Error): void;
}

/** Codes on a thread of its own, in memory that both share. Whoever starts it disposes of it. */
export class EncodeThread implements GroupCoder, AsyncDisposable {
  readonly stripes: readonly Stripe[] = newStripes(encodePlan);
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #waiting: Waiting[] = []; // oldest first, as answers come
  #failure: LogStoreError | undefined;

  constructor(codec: 'simd' | 'plain') {
    const [first] = this.stripes;
    invariant(first !== undefined, 'a plan has stripes');
    const workerData: EncodeWorkerData = { memory: first.memory, codec };
    // No flags of the process: some, such as --input-type, keep a thread from starting.
    const options = { workerData, execArgv: [] };
    this.#worker = new Worker(new URL('../workers/encode.js', import.meta.url), options);
    this.#worker.unref(); // only work under way keeps the process alive
    this.#worker.on('message', (reply: EncodeReply) => {
      this.#waiting.shift()?.resolve(reply);
      if (this.#waiting.length === 0) this.#worker.unref();
    });
    let cause: unknown;
    this.#worker.on('error', (error) => {
      cause = error;
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#failure ??= new LogStoreError('BUSY', 'the encoding thread died', { cause });
        for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
        resolve();
      });
    });
  }

  begin(shape: ParityShape): void {
    const job: EncodeJob = { do: 'begin', shape };
    this.#worker.postMessage(job);
  }

  async encode(stripe: number, start: number, lengthBytes: number): Promise<void> {
    await this.#ask({ do: 'encode', stripe, start, lengthBytes });
  }

  async finish(): Promise<ParityTables> {
    const tables = await this.#ask({ do: 'finish' });
    invariant(tables !== undefined, 'the answer to finish are the tables');
    return tables;
  }

  /** Whoever waits gets CLOSED. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#failure ??= new LogStoreError('CLOSED', 'the store is closed');
    await this.#worker.terminate();
    await this.#exited;
  }

  #ask(job: EncodeJob): Promise<EncodeReply> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) this.#worker.ref();
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(job);
    });
  }
}
