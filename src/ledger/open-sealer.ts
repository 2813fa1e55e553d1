import { isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Host } from '../base/host.js';
import { NotProven } from '../base/not-proven.js';
import { ofDisk } from './disk-failure.js';
import { beginEpoch, findEpoch, syncEpoch } from './epoch.js';
import { HighWaterFile, type HighWaterPlace } from './high-water-file.js';
import type { RotationPlan } from './key-rotation.js';
import { epochDirectory, hostBelow } from './ledger-files.js';
import { LedgerLog } from './ledger-log.js';
import type { LedgerSecret } from './ledger-secret.js';
import { Publisher } from './publisher.js';
import { Sealer, type SealerParts } from './sealer.js';
import type {
  ChangesPage,
  LedgerStanding,
  ProofParts,
  ProofRequest,
  PrunedPage,
  SealerLink,
  Through,
} from './sealer-link.js';
import type { WitnessClient } from './witness-client.js';

export interface SealerOptions {
  /** All that are in force sign; the last one begins a new log. */
  readonly secrets: readonly LedgerSecret[];
  /** The same with one that is not known yet: asked for when the key is rotated. */
  readonly secretsToRotateTo?: SealerParts['secretsToRotateTo'] | undefined;
  readonly highWater: HighWaterPlace;
  readonly segmentBytes?: number | undefined;
  /** Changes after which the map is written out, so that the next start replays few. */
  readonly snapshotAfter?: number | undefined;
  /** Asked for their signatures on each checkpoint, in the background. */
  readonly witnesses?: readonly WitnessClient[] | undefined;
}

/**
 * Opens the ledger of the store in the host's directory, whose lock the caller holds, or begins
 * one. A ledger that cannot be opened is broken: the store serves all the same.
 */
export async function openSealer(host: Host, options: SealerOptions): Promise<SealerLink> {
  try {
    return await open(host, options);
  } catch (failure) {
    return new UnopenedSealer(reasonOf(failure), () => open(host, options));
  }
}

async function open(host: Host, options: SealerOptions): Promise<SealerLink> {
  const found = await findEpoch(host.disk);
  // A process that was killed may have begun it just before.
  if (found !== undefined) await syncEpoch(host.disk, found.number);
  const epoch = found ?? (await beginEpoch(host, 1, undefined));
  const below = hostBelow(host, epochDirectory(epoch.number));
  const marks = await HighWaterFile.open(options.highWater);
  try {
    const { segmentBytes } = options;
    const ledger = await LedgerLog.open(below, { mode: 'write', segmentBytes }, epoch.origin);
    const publisher = new Publisher(below.disk, ledger);
    const { secrets, snapshotAfter } = options;
    return new Sealer({
      ...{ clock: host.clock, disk: below.disk, epoch, ledger, marks, publisher, secrets },
      snapshotAfter,
      witnesses: options.witnesses ?? [],
      secretsToRotateTo: options.secretsToRotateTo ?? (async () => secrets),
    });
  } catch (error) {
    await marks[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Stands in for a ledger that could not be opened. Where the disk was too full for that, each
 * attempt to seal tries again; any other reason stays.
 */
class UnopenedSealer implements SealerLink {
  onChange: SealerLink['onChange'];
  #opened: SealerLink | undefined;

  constructor(
    private error: LogStoreError | NotProven,
    private readonly open: () => Promise<SealerLink>,
  ) {}

  get standing(): LedgerStanding {
    if (this.#opened !== undefined) return this.#opened.standing;
    return {
      ...{ is: 'broken', reason: this.error.message, origin: '', epoch: 0, size: 0 },
      ...{ signedSize: 0, storeSequenceNext: 1, versionNext: 1, witnesses: [] },
      notKeptUp: undefined,
    };
  }

  take(commits: Uint8Array): void {
    this.#opened?.take(commits);
  }

  async seal(through: Through, heartbeat: boolean): Promise<LedgerStanding> {
    if (this.#opened === undefined && isLogStoreError(this.error, 'NO_SPACE'))
      await this.#openLate();
    return await this.#sealer().seal(through, heartbeat);
  }

  async prove(request: ProofRequest): Promise<ProofParts> {
    return await this.#sealer().prove(request);
  }

  async block(height: number): ReturnType<SealerLink['block']> {
    return await this.#sealer().block(height);
  }

  async changes(height: number, from: number): Promise<ChangesPage> {
    return await this.#sealer().changes(height, from);
  }

  async pruned(from: number): Promise<PrunedPage> {
    return await this.#sealer().pruned(from);
  }

  async consistency(older: number, newer: number): Promise<readonly Uint8Array[]> {
    return await this.#sealer().consistency(older, newer);
  }

  async keys(): Promise<string> {
    return await this.#sealer().keys();
  }

  async keysAt(height: number): Promise<string> {
    return await this.#sealer().keysAt(height);
  }

  async rotate(plan: RotationPlan): Promise<string> {
    return await this.#sealer().rotate(plan);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened?.[Symbol.asyncDispose]();
  }

  /** Its caller asks for one block after the other. */
  async #openLate(): Promise<void> {
    try {
      this.#opened = await this.open();
      this.#opened.onChange = (standing) => this.onChange?.(standing);
    } catch (failure) {
      this.error = reasonOf(failure);
      throw this.error;
    }
  }

  #sealer(): SealerLink {
    if (this.#opened !== undefined) return this.#opened;
    const message = `the ledger is broken: ${this.error.message}`;
    throw new LogStoreError('LEDGER_BROKEN', message);
  }
}

/** Why a ledger cannot be opened; anything that is no such reason rises. */
function reasonOf(failure: unknown): LogStoreError | NotProven {
  const error = ofDisk(failure);
  if (isLogStoreError(error) || error instanceof NotProven) return error;
  throw error;
}
