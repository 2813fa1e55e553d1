import { isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Host } from '../base/host.js';
import { NotProven } from '../base/not-proven.js';
import { ofDisk } from './disk-failure.js';
import { beginEpoch, findEpoch, syncEpoch } from './epoch.js';
import { HighWaterFile, type HighWaterPlace } from './high-water-file.js';
import { epochDirectory, hostBelow } from './ledger-files.js';
import { LedgerLog } from './ledger-log.js';
import type { LedgerSecret } from './ledger-secret.js';
import { Publisher } from './publisher.js';
import { Sealer, type SealerParts } from './sealer.js';
import type { LedgerStanding, SealerLink } from './sealer-link.js';
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
    const error = ofDisk(failure);
    if (!isLogStoreError(error) && !(error instanceof NotProven)) throw error;
    return new BrokenSealer(error.message);
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
    const ledger = await LedgerLog.open(below, { mode: 'write', segmentBytes });
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

class BrokenSealer implements SealerLink {
  readonly standing: LedgerStanding;
  onChange: SealerLink['onChange'];
  readonly #error: LogStoreError;

  constructor(reason: string) {
    const nothing = {
      origin: '',
      epoch: 0,
      size: 0,
      signedSize: 0,
      storeSequenceNext: 1,
      versionNext: 1,
      witnesses: [],
      notKeptUp: undefined,
    };
    this.standing = { is: 'broken', reason, ...nothing };
    this.#error = new LogStoreError('LEDGER_BROKEN', `the ledger is broken: ${reason}`);
  }

  take(): void {}

  seal(): Promise<never> {
    return Promise.reject(this.#error);
  }

  prove(): Promise<never> {
    return Promise.reject(this.#error);
  }

  block(): Promise<never> {
    return Promise.reject(this.#error);
  }

  changes(): Promise<never> {
    return Promise.reject(this.#error);
  }

  pruned(): Promise<never> {
    return Promise.reject(this.#error);
  }

  consistency(): Promise<never> {
    return Promise.reject(this.#error);
  }

  keys(): Promise<never> {
    return Promise.reject(this.#error);
  }

  keysAt(): Promise<never> {
    return Promise.reject(this.#error);
  }

  rotate(): Promise<never> {
    return Promise.reject(this.#error);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
