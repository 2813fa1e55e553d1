import { isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Clock, Timer } from '../base/host.js';
import { versionAfter } from '../format/commit.js';
import { CommitChunk } from '../ledger/commit-feed.js';
import { ofDisk } from '../ledger/disk-failure.js';
import type { RotationPlan } from '../ledger/key-rotation.js';
import type { LedgerStanding, SealerLink } from '../ledger/sealer-link.js';
import type { Compactor } from '../log/compactor.js';
import type { Log } from '../log/types.js';
import { readCommits } from './read-commits.js';

export interface SealingParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly link: SealerLink;
  readonly intervalMs: number;
  /** Told how the ledger stands after each attempt to seal. */
  readonly sealed: (standing: LedgerStanding) => void;
  readonly warn: ((message: string, error: unknown) => void) | undefined;
}

const chunkBytes = 256 * 1024;
/** What may be on its way to the sealer. Beyond it, it reads the log when it has caught up. */
const unsealedBytesMax = 32 * 1024 ** 2;
/** A block is due early once so many commits wait for it. */
const commitsPerBlockMax = 16_384;
const heartbeatMs = 3_600_000;
/** Why there is no use in trying to seal again. */
const lasting = ['LEDGER_BROKEN', 'STORE_DAMAGED', 'CLOSED'] as const;

/** @throws LogStoreError `STORE_DAMAGED` where blocks seal more of the store than its log holds */
export function refuseLostEnd(
  { storeSequenceNext, versionNext }: LedgerStanding,
  log: Pick<Log, 'position'>,
): void {
  const { sequence, versionNext: reached } = log.position();
  if (sequence >= storeSequenceNext && reached >= versionNext) return;
  const lost = `a block seals version ${versionNext - 1} of the store, and its log ends before`;
  throw new LogStoreError('STORE_DAMAGED', `${lost}: the disk lost what was durable`);
}

/**
 * The store's side of its ledger: hands the sealer every durable commit in order and says when to
 * seal. A write never waits for it: where the sealer cannot follow, commits are not kept for it,
 * and it is given them from the log again.
 */
export class Sealing {
  #chunk = new CommitChunk(chunkBytes);
  /** All commits below were given, or lie in the chunk. */
  #given: { sequence: number; version: number };
  /** Bytes and commits given since the last block was asked for. */
  #unsealedBytes = 0;
  #unsealedCommits = 0;
  /** Commits from `#given` on are to be read from the log. */
  #isBehind = true;
  #catchingUp: Promise<LogStoreError | undefined> | undefined;
  #sealing: Promise<LedgerStanding> | undefined;
  #next: Promise<LedgerStanding> | undefined;
  #timer: Timer | undefined;
  #heartbeat: Timer | undefined;
  #isStopped = false;

  /** The ledger could not be opened with the store: sealing begins when it can. */
  #isUnopened: boolean;

  constructor(private readonly parts: SealingParts) {
    const { is, storeSequenceNext, versionNext } = parts.link.standing;
    this.#isUnopened = is === 'broken';
    this.#given = { sequence: storeSequenceNext, version: versionNext };
    this.#armHeartbeat();
  }

  /** Begins to follow: what the ledger has not sealed yet is read from the log. */
  start(): void {
    if (this.#isUnopened) this.#arm();
    else void this.#followLog();
  }

  async #followLog(): Promise<void> {
    const unread = await this.#catchUp();
    if (unread !== undefined)
      this.parts.warn?.('the ledger cannot follow the log: it is tried again', unread);
    if (this.#unsealedCommits > 0 || unread !== undefined) this.#arm();
  }

  /** A commit has become durable. @param payload `u32 bytes | meta`, and anything behind */
  readonly note = (sequence: number, payload: Uint8Array, versionNext: number): void => {
    if (this.#isBehind || sequence < this.#given.sequence) return;
    this.#give(sequence, payload.subarray(4), versionNext);
    if (this.#unsealedBytes > unsealedBytesMax) {
      this.#isBehind = true;
      void this.#sealLater();
    } else if (this.#unsealedCommits >= commitsPerBlockMax) void this.#sealLater();
    else this.#arm();
  };

  /**
   * Everything that is durable now is in a block when it resolves.
   * @throws LogStoreError also where only some of it could be read, and is
   */
  seal(heartbeat = false): Promise<LedgerStanding> {
    if (this.#sealing === undefined) return this.#begin(heartbeat);
    // One is under way, and it may have begun before: all that ask meanwhile share the next.
    this.#next ??= this.#sealing.catch(() => undefined).then(() => this.#begin(heartbeat));
    return this.#next;
  }

  /** Everything that is durable now is in a block before the one with the new key set. */
  async rotate(plan: RotationPlan): Promise<string> {
    await this.seal(true);
    return await this.parts.link.rotate(plan);
  }

  /** Seals what there is, if that is little, and gives nothing more. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#heartbeat?.cancel();
    const isLate = this.#isBehind;
    this.#isStopped = true;
    await this.#catchingUp;
    if (!isLate && this.#unsealedCommits > 0) await this.#sealLater();
    await this.#sealing?.catch(() => undefined);
  }

  #begin(heartbeat: boolean): Promise<LedgerStanding> {
    this.#next = undefined;
    this.#sealing = this.#seal(heartbeat)
      .catch((error: unknown) => {
        if (isLogStoreError(error) && !isLogStoreError(error, ...lasting)) this.#arm();
        throw error;
      })
      .finally(() => {
        this.#sealing = undefined;
      });
    return this.#sealing;
  }

  async #seal(heartbeat: boolean): Promise<LedgerStanding> {
    const { log, link } = this.parts;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#isUnopened) await this.#openLate();
    const unread = this.#isBehind ? await this.#catchUp() : undefined;
    const through = { ...this.#given };
    this.#flush();
    const sealedBytes = this.#unsealedBytes;
    const sealedCommits = this.#unsealedCommits;
    await log.prove();
    const standing = await link.seal(through, heartbeat);
    this.parts.sealed(standing);
    this.#unsealedBytes -= sealedBytes;
    this.#unsealedCommits -= sealedCommits;
    this.#armHeartbeat();
    // What was sealed and not signed, or not published, is tried again.
    const isUndone = standing.reason !== undefined && standing.is !== 'rolled-back';
    if (this.#unsealedCommits > 0 || this.#isBehind || isUndone) this.#arm();
    if (unread !== undefined) throw unread;
    return standing;
  }

  async #sealLater(heartbeat = false): Promise<void> {
    try {
      await this.seal(heartbeat);
    } catch (error) {
      if (!isLogStoreError(error)) throw error;
      this.parts.warn?.('not all that is durable could be sealed in the ledger', error);
    }
  }

  /**
   * A disk that was too full for the ledger to be opened may have room again: asked for nothing,
   * the link opens it. What only a start can make of it waits for the next start.
   */
  async #openLate(): Promise<void> {
    const { link, log } = this.parts;
    const standing = await link.seal({ sequence: 1, version: 1 }, false);
    refuseLostEnd(standing, log);
    if (standing.is === 'rolled-back') {
      const message = `this store is an older copy, start it again: ${standing.reason}`;
      throw new LogStoreError('LEDGER_BROKEN', message);
    }
    this.#given = { sequence: standing.storeSequenceNext, version: standing.versionNext };
    this.#isUnopened = false;
  }

  #arm(): void {
    if (this.#isStopped) return;
    this.#timer ??= this.parts.clock.after(this.parts.intervalMs, () => {
      this.#timer = undefined;
      void this.#sealLater();
    });
  }

  #armHeartbeat(): void {
    this.#heartbeat?.cancel();
    if (this.#isStopped) return;
    this.#heartbeat = this.parts.clock.after(heartbeatMs, () => {
      this.#armHeartbeat();
      void this.#sealLater(true);
    });
  }

  #give(sequence: number, meta: Uint8Array, versionNext: number): void {
    if (!this.#chunk.add(sequence, meta)) {
      this.#flush();
      this.#chunk.add(sequence, meta);
    }
    this.#given = { sequence: sequence + 1, version: versionNext };
    this.#unsealedBytes += meta.length;
    this.#unsealedCommits++;
  }

  #flush(): void {
    if (this.#chunk.usedBytes === 0) return;
    this.parts.link.take(this.#chunk.take());
    this.#chunk = new CommitChunk(chunkBytes);
  }

  /** @returns why not all could be read */
  #catchUp(): Promise<LogStoreError | undefined> {
    this.#catchingUp ??= this.#readOn().finally(() => {
      this.#catchingUp = undefined;
    });
    return this.#catchingUp;
  }

  /** Gives all commits from `#given` on that stand in the log; then those that come are noted. */
  async #readOn(): Promise<LogStoreError | undefined> {
    const { compactor } = this.parts.log;
    if (compactor === undefined) return undefined;
    try {
      while (this.#isBehind && !this.#isStopped) await this.#readOnce(compactor);
      return undefined;
    } catch (error) {
      const failure = ofDisk(error);
      if (!isLogStoreError(failure)) throw error;
      return failure;
    }
  }

  async #readOnce(compactor: Compactor): Promise<void> {
    const { log } = this.parts;
    const readTo = await readCommits(log, compactor, {
      from: () => this.#given.sequence,
      visit: (sequence, meta) => {
        if (sequence < this.#given.sequence || this.#isStopped) return;
        this.#give(sequence, meta, versionAfter(meta));
      },
      between: () => this.#room(),
    });
    // What has become durable since is in no source, and was not noted either.
    this.#isBehind = readTo !== log.position().sequence;
  }

  /** Waits while the sealer has more to do than it should hold. */
  async #room(): Promise<void> {
    if (this.#unsealedBytes < unsealedBytesMax || this.#isStopped) return;
    const through = { ...this.#given };
    this.#flush();
    await this.parts.log.prove();
    this.parts.sealed(await this.parts.link.seal(through, false));
    this.#unsealedBytes = 0;
    this.#unsealedCommits = 0;
  }
}
