import { Worker } from 'node:worker_threads';
import { type ErrorCode, LogStoreError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import type { RotationPlan } from './key-rotation.js';
import type {
  ChangesPage,
  LedgerStanding,
  ProofParts,
  ProofRequest,
  PrunedPage,
  SealerLink,
  Through,
} from './sealer-link.js';

/** A witness that is asked to sign: its verifier key, and where it is served. */
export interface WitnessAddress {
  readonly vkey: string;
  readonly url: string;
}

/** Where things are; the thread opens them itself. */
export interface SealerWorkerData {
  readonly directory: string;
  /** The key in use, and where it lies by itself: made there when nothing was ever signed. */
  readonly keyPath: string;
  readonly keyIsOwn: boolean;
  readonly highWaterPath: string;
  readonly witnesses: readonly WitnessAddress[];
}

/** What can be asked of the thread: the methods of its own SealerLink, by name. */
export type SealerCall =
  | { readonly do: 'open' }
  | { readonly do: 'seal'; readonly through: Through; readonly heartbeat: boolean }
  | { readonly do: 'prove'; readonly request: ProofRequest }
  | { readonly do: 'block'; readonly height: number }
  | { readonly do: 'changes'; readonly height: number; readonly from: number }
  | { readonly do: 'pruned'; readonly from: number }
  | { readonly do: 'consistency'; readonly older: number; readonly newer: number }
  | { readonly do: 'keys' }
  | { readonly do: 'keysAt'; readonly height: number }
  | { readonly do: 'rotate'; readonly plan: RotationPlan }
  | { readonly do: 'close' };

export type SealerMessage =
  | { readonly is: 'commits'; readonly bytes: Uint8Array }
  | { readonly is: 'call'; readonly number: number; readonly call: SealerCall };

/** How a call ended, and how the ledger stands then; number 0 is of no call. */
export interface SealerReply {
  readonly number: number;
  readonly standing: LedgerStanding | undefined;
  readonly value?: unknown;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

/** What a block takes dies young: with more room for it, less is moved about. */
const resourceLimits = { maxYoungGenerationSizeMb: 64 };

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A sealer on a thread of its own. Whoever starts it disposes of it. */
export class SealerThread implements SealerLink {
  onChange: SealerLink['onChange'];
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  #numberLast = 0;
  #standing: LedgerStanding | undefined;
  #failure: LogStoreError | undefined;
  #closing: Promise<void> | undefined;

  constructor(workerData: SealerWorkerData) {
    // No flags of the process: some, such as --input-type, keep a thread from starting. It says
    // nothing, and so leaves the standard streams of a process that embeds the store alone: a
    // thread that is joined to them turns them non-blocking.
    const options = { workerData, execArgv: [], stdout: true, stderr: true, resourceLimits };
    this.#worker = new Worker(new URL('../workers/sealer.js', import.meta.url), options);
    this.#worker.unref(); // only work under way keeps the process alive
    this.#worker.on('message', (reply: SealerReply) => this.#onReply(reply));
    let cause: unknown;
    this.#worker.on('error', (error) => {
      cause = error;
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        const message = 'the sealing thread died; the next start goes on';
        this.#failure ??= new LogStoreError('LEDGER_BROKEN', message, { cause });
        for (const { reject } of this.#waiting.values()) reject(this.#failure);
        this.#waiting.clear();
        resolve();
      });
    });
  }

  /** Once, when the store's lock is held. */
  async open(): Promise<SealerLink> {
    await this.#ask({ do: 'open' });
    return this;
  }

  get standing(): LedgerStanding {
    invariant(this.#standing !== undefined, 'a sealer is opened before it is asked');
    if (this.#failure === undefined) return this.#standing;
    return { ...this.#standing, is: 'broken', reason: this.#failure.message };
  }

  take(commits: Uint8Array): void {
    if (this.#failure !== undefined) return;
    const message: SealerMessage = { is: 'commits', bytes: commits };
    this.#worker.postMessage(message, [commits.buffer as ArrayBuffer]);
  }

  async seal(through: Through, heartbeat: boolean): Promise<LedgerStanding> {
    await this.#ask({ do: 'seal', through, heartbeat });
    return this.standing;
  }

  prove(request: ProofRequest): Promise<ProofParts> {
    return this.#ask({ do: 'prove', request });
  }

  block(height: number): ReturnType<SealerLink['block']> {
    return this.#ask({ do: 'block', height });
  }

  changes(height: number, from: number): Promise<ChangesPage> {
    return this.#ask({ do: 'changes', height, from });
  }

  pruned(from: number): Promise<PrunedPage> {
    return this.#ask({ do: 'pruned', from });
  }

  consistency(older: number, newer: number): Promise<readonly Uint8Array[]> {
    return this.#ask({ do: 'consistency', older, newer });
  }

  keys(): Promise<string> {
    return this.#ask({ do: 'keys' });
  }

  keysAt(height: number): Promise<string> {
    return this.#ask({ do: 'keysAt', height });
  }

  rotate(plan: RotationPlan): Promise<string> {
    return this.#ask({ do: 'rotate', plan });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      if (this.#standing !== undefined) await this.#ask({ do: 'close' });
    } catch {
      // It died before: there is nothing left to close, and the next start finds what it wrote.
    }
    this.#failure ??= new LogStoreError('CLOSED', 'the store is closed');
    await this.#worker.terminate();
    await this.#exited;
  }

  /** The thread answers each call with what the method of that name returns. */
  #ask<T>(call: SealerCall): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const number = ++this.#numberLast;
    return new Promise<T>((resolve, reject) => {
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(number, { resolve: (value) => resolve(value as T), reject });
      const message: SealerMessage = { is: 'call', number, call };
      this.#worker.postMessage(message);
    });
  }

  #onReply({ number, standing, value, error }: SealerReply): void {
    this.#standing = standing ?? this.#standing;
    if (number === 0) this.onChange?.(this.standing);
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new LogStoreError(error.code, error.message));
  }
}
