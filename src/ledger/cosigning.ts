import { isLogStoreError } from '../base/errors.js';
import type { Clock, Timer } from '../base/host.js';
import type { BlockTree } from './block-tree.js';
import type { NoteSignature } from './note.js';
import type { WitnessStanding } from './sealer-link.js';
import type { Cosigning as Outcome, WitnessClient } from './witness-client.js';

const retryMsMin = 1_000;
const retryMsMax = 300_000;

export interface CosigningParts {
  readonly clients: readonly WitnessClient[];
  readonly clock: Clock;
  readonly tree: BlockTree;
  /** Takes a signature that was verified, over the checkpoint of so many blocks. */
  readonly cosigned: (size: number, signature: NoteSignature) => Promise<void>;
  /** A witness stands otherwise than before. */
  readonly changed: () => void;
}

interface Signed {
  readonly note: string;
  readonly size: number;
}

/**
 * Asks witnesses to sign the newest checkpoint, in the background: nothing waits for them. Each is
 * asked one thing at a time, and what was overtaken is asked of nobody; one that does not sign is
 * asked again, less and less often.
 */
export class Cosigning implements AsyncDisposable {
  readonly #witnesses: readonly AskedWitness[];

  constructor(parts: CosigningParts) {
    this.#witnesses = parts.clients.map((client) => new AskedWitness(client, parts));
  }

  get standing(): readonly WitnessStanding[] {
    return this.#witnesses.map(({ standing }) => standing);
  }

  ask(checkpoint: Signed): void {
    for (const witness of this.#witnesses) witness.ask(checkpoint);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#witnesses.map((witness) => witness[Symbol.asyncDispose]()));
  }
}

class AskedWitness implements AsyncDisposable {
  standing: WitnessStanding;
  #newest: Signed | undefined;
  #asking: Promise<void> | undefined;
  #retry: Timer | undefined;
  #retryMs = retryMsMin;
  readonly #closing = new AbortController();

  constructor(
    private readonly client: WitnessClient,
    private readonly parts: CosigningParts,
  ) {
    const { name } = client.key;
    this.standing = { name, is: 'unasked', size: 0, reason: undefined };
  }

  ask(checkpoint: Signed): void {
    this.#newest = checkpoint;
    if (this.#retry === undefined) this.#begin();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#retry?.cancel();
    await this.#asking;
  }

  #begin(): void {
    this.#asking ??= this.#askOn().finally(() => {
      this.#asking = undefined;
    });
  }

  async #askOn(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const asked = this.#newest;
      if (asked === undefined) return;
      const outcome = await this.#cosign(asked);
      if (outcome.is !== 'cosigned') return this.#retryLater();
      this.#retryMs = retryMsMin;
      if (this.#newest === asked) this.#newest = undefined;
    }
  }

  async #cosign({ note, size }: Signed): Promise<Outcome> {
    const consistencyPath = (older: number) => this.parts.tree.consistency(older, size);
    const submission = { checkpoint: note, consistencyPath };
    const outcome = await this.client.cosign(submission, this.#closing.signal);
    const { name } = this.client.key;
    if (outcome.is !== 'cosigned') {
      const reason = outcome.is === 'rolled-back' ? sawMore(outcome.size) : outcome.reason;
      this.standing = { name, is: outcome.is, size: this.standing.size, reason };
      this.parts.changed();
      return outcome;
    }
    this.standing = { name, is: 'cosigned', size, reason: undefined };
    try {
      await this.parts.cosigned(size, outcome.signature);
    } catch (error) {
      // It is asked for again with the next checkpoint; the seal says what is wrong with the disk.
      if (!isLogStoreError(error)) throw error;
    }
    this.parts.changed();
    return outcome;
  }

  #retryLater(): void {
    if (this.#closing.signal.aborted) return;
    this.#retry = this.parts.clock.after(this.#retryMs, () => {
      this.#retry = undefined;
      this.#begin();
    });
    this.#retryMs = Math.min(2 * this.#retryMs, retryMsMax);
  }
}

function sawMore(size: number): string {
  return `it has signed ${size} blocks of this log, and there are fewer`;
}
