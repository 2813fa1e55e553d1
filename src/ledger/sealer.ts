import { utf8ToBytes } from '@noble/hashes/utils.js';
import { errnoOf, isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Clock } from '../base/host.js';
import { NotProven } from '../base/not-proven.js';
import { decodeCommitMeta } from '../format/commit.js';
import { type LedgerBlock, ledgerBlock } from '../format/ledger-block.js';
import { type ChangeEntry, EncodedChanges } from '../format/ledger-record.js';
import { ParityCoder } from '../log/parity-coder.js';
import { GrowingTree } from '../merkle/growing-tree.js';
import { equalHashes, leafHash } from '../merkle/rfc6962.js';
import { type FedCommit, UnsealedCommits } from './commit-feed.js';
import { Cosigning } from './cosigning.js';
import { ofDisk } from './disk-failure.js';
import type { RotationPlan } from './key-rotation.js';
import { applyToMap } from './map-changes.js';
import { MapSnapshots } from './map-snapshots.js';
import { nodeSha256 } from './node-hash.js';
import { restoreMaps } from './restore-map.js';
import { SealedMaps } from './sealed-maps.js';
import { SealedProofs } from './sealed-proofs.js';
import type {
  ChangesPage,
  LedgerStanding,
  ProofParts,
  ProofRequest,
  PrunedPage,
  SealerLink,
  Through,
} from './sealer-link.js';
import { Signing, type SigningParts } from './signing.js';
import { type Between, turnsOf } from './turns.js';
import type { WitnessClient } from './witness-client.js';

/** A block is read whole to prove a change in it, so it is bounded; a commit is never split. */
const changesPerBlockMax = 16_384;
/** Some 300 us of work, mostly. */
const commitsPerTurn = 16;

/** What opening hands over. */
export interface SealerParts extends SigningParts {
  readonly clock: Clock;
  /** Changes after which the map is written out. */
  readonly snapshotAfter: number | undefined;
  readonly witnesses: readonly WitnessClient[];
}

/** Follows the store's log, keeps its map, writes blocks, and signs them. Owns the ledger's log. */
export class Sealer implements SealerLink {
  onChange: SealerLink['onChange'];
  #maps = new SealedMaps();
  /** That were made to the map since it was opened. */
  #changeCount = 0;
  #broken: string | undefined;
  #notKeptUp: string | undefined;
  /** Commits not yet in the map, and changes in the map not yet in a block. */
  readonly #unsealed = new UnsealedCommits();
  #changes = new BlockChanges();
  /** What the map holds: all commits below. */
  #applied: Through;
  #last: Promise<unknown>;
  readonly #between: Between;
  readonly #snapshots: MapSnapshots;
  readonly #signing: Signing;
  readonly #cosigning: Cosigning;

  /** On this thread, which is the sealer's own. */
  readonly #coder = new ParityCoder('inline');

  constructor(private readonly parts: SealerParts) {
    this.#between = turnsOf(parts.clock);
    this.#signing = new Signing(parts);
    const { disk, ledger, snapshotAfter } = parts;
    this.#snapshots = new MapSnapshots(disk, ledger, this.#between, snapshotAfter);
    this.#cosigning = new Cosigning({
      ...{ clients: parts.witnesses, clock: parts.clock, tree: ledger.tree },
      cosigned: (size, signature) => this.#inTurn(() => this.#signing.cosigned(size, signature)),
      changed: () => this.onChange?.(this.standing),
    });
    this.#broken = ledger.broken;
    const { storeSequenceNext: sequence, versionNext: version } = this.standing;
    this.#applied = { sequence, version };
    this.#last = this.#restore();
  }

  get standing(): LedgerStanding {
    const { ledger, epoch } = this.parts;
    const broken = this.#broken ?? ledger.broken;
    const standing = {
      ...{ origin: epoch.origin, epoch: epoch.number },
      ...{ size: ledger.size, signedSize: this.#signing.checkpoint?.size ?? 0 },
      storeSequenceNext: ledger.last?.storeSequenceNext ?? 1,
      versionNext: ledger.last?.block.versions[1] ?? 1,
      witnesses: this.#cosigning.standing,
      notKeptUp: this.#notKeptUp,
    };
    if (broken !== undefined) return { ...standing, is: 'broken', reason: broken };
    const { unsigned, unpublished, isRolledBack } = this.#signing;
    if (unsigned === undefined) return { ...standing, is: 'ok', reason: unpublished };
    return { ...standing, is: isRolledBack ? 'rolled-back' : 'unsigned', reason: unsigned };
  }

  take(commits: Uint8Array): void {
    if (this.standing.is === 'broken') this.#unsealed.clear();
    else this.#unsealed.add(commits);
  }

  seal(through: Through, heartbeat: boolean): Promise<LedgerStanding> {
    return this.#inTurn(() => this.#seal(through, heartbeat));
  }

  prove(request: ProofRequest): Promise<ProofParts> {
    return this.#inTurn(() => this.#proofs().prove(request));
  }

  block(height: number): ReturnType<SealerLink['block']> {
    return this.#inTurn(() => this.#proofs().block(height));
  }

  changes(height: number, from: number): Promise<ChangesPage> {
    return this.#inTurn(() => this.#proofs().changes(height, from));
  }

  pruned(from: number): Promise<PrunedPage> {
    return this.#inTurn(() => this.#proofs().pruned(from));
  }

  consistency(older: number, newer: number): Promise<readonly Uint8Array[]> {
    return this.#inTurn(async () => this.#proofs().consistency(older, newer));
  }

  keys(): Promise<string> {
    return this.#inTurn(() => this.#proofs().keys(this.#signing.keysText));
  }

  keysAt(height: number): Promise<string> {
    return this.#inTurn(() => this.#proofs().keysAt(height));
  }

  rotate(plan: RotationPlan): Promise<string> {
    return this.#inTurn(() => this.#rotate(plan));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cosigning[Symbol.asyncDispose]();
    await this.#last.catch(() => undefined); // told to whoever asked
    await this.#snapshots.stop();
    await closed(this.parts.marks);
    await closed(this.parts.ledger);
    await this.#coder[Symbol.asyncDispose]();
  }

  /** One thing after another: the map stands still while it is read. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(() => {
      const broken = this.#broken ?? this.parts.ledger.broken;
      if (broken === undefined) return work();
      throw new LogStoreError('LEDGER_BROKEN', `the ledger is broken: ${broken}`);
    });
    this.#last = done.catch(() => undefined);
    return done.catch((error: unknown) => {
      throw ofDisk(error);
    });
  }

  /** In the background of opening: the map, the keys, and what a crash left unsigned. */
  async #restore(): Promise<void> {
    const { disk, ledger } = this.parts;
    if (this.#broken !== undefined) return;
    try {
      const restored = await restoreMaps(disk, ledger, this.#between);
      this.#maps = restored.maps;
      this.#changeCount = restored.changeCount;
      await this.#signing.readKeys();
      if (ledger.size > 0) await this.#sign();
    } catch (failure) {
      const error = ofDisk(failure);
      if (!isLogStoreError(error) && !(error instanceof NotProven)) throw error;
      this.#broken = error.message;
    }
  }

  async #seal(through: Through, heartbeat: boolean): Promise<LedgerStanding> {
    await this.#apply(through);
    const { versionNext } = this.standing;
    const isDue = this.#changes.count > 0 || through.version > versionNext || heartbeat;
    if (isDue) await this.#writeBlock(through);
    if (!this.#signing.isDone) await this.#sign();
    await this.#keepUp();
    return this.standing;
  }

  /** Parity is made behind the signature; where it cannot be, who asks how it stands is told. */
  async #keepUp(): Promise<void> {
    try {
      await this.parts.ledger.keepUp(this.#coder, this.#between);
      this.#notKeptUp = undefined;
    } catch (failure) {
      const error = ofDisk(failure);
      if (!isLogStoreError(error)) throw error;
      this.#notKeptUp = error.message;
    }
  }

  async #apply(through: Through): Promise<void> {
    for (let turn = 1; ; turn++) {
      // Also where the block before could not be written: the disk was full then.
      if (this.#changes.count >= changesPerBlockMax) await this.#writeBlock(this.#applied);
      const fed = this.#unsealed.takeBelow(through.sequence);
      if (fed === undefined) return;
      if (fed.sequence >= this.#applied.sequence) this.#applyCommit(fed);
      if (turn % commitsPerTurn === 0) await this.#between();
    }
  }

  /** In one go: what was taken out of the queue is in the map, or the ledger is broken. */
  #applyCommit({ sequence, meta }: FedCommit): void {
    try {
      const commit = decodeCommitMeta(meta);
      for (const change of applyToMap(nodeSha256, this.#maps.map, commit)) {
        this.#changes.add({ ...change, sequence });
        this.#changeCount++;
      }
      const version = commit.version + commit.mutations.length;
      this.#applied = { sequence: sequence + 1, version };
    } catch (error) {
      if (!isLogStoreError(error)) throw error;
      this.#broken = `commit ${sequence} of the store cannot be sealed: ${error.message}`;
      throw error;
    }
  }

  async #writeBlock(through: Through): Promise<void> {
    const { ledger, epoch, marks } = this.parts;
    const { last } = ledger;
    const { map } = this.#maps;
    // Two blocks without a mark are a log that has lost its mark, and is never signed again.
    if (ledger.size === 1 && marks.mark === undefined) await this.#signing.mark();
    for (const _ of map.rehash()) await this.#between();
    const { follows } = epoch;
    const block: LedgerBlock = {
      ...{ origin: epoch.origin, height: ledger.size },
      prev: last === undefined ? undefined : leafHash(nodeSha256, utf8ToBytes(last.text)),
      time: Math.max(this.parts.clock.nowUnixMs(), last?.block.time ?? 0),
      versions: [last?.block.versions[1] ?? 1, through.version],
      map: [map.count, map.root()],
      delta: [this.#changes.count, this.#changes.root()],
      keys: nodeSha256(utf8ToBytes(this.#signing.keysText)),
      follows:
        last === undefined && follows !== undefined
          ? [[follows.origin, follows.size, follows.root]]
          : [],
    };
    const text = ledgerBlock.encode(block);
    const isSameSet = last !== undefined && equalHashes(last.block.keys, block.keys);
    const keys = isSameSet ? undefined : this.#signing.keysText;
    await ledger.append({ text, block, storeSequenceNext: through.sequence }, this.#changes, keys);
    this.#changes = new BlockChanges();
    this.#maps.seal(block.height, this.#changeCount);
    this.#snapshots.sealed(this.#maps, this.#changeCount);
  }

  async #sign(): Promise<void> {
    await this.#signing.signAndPublish();
    const { checkpoint } = this.#signing;
    if (checkpoint !== undefined) this.#cosigning.ask(checkpoint);
  }

  async #rotate(plan: RotationPlan): Promise<string> {
    const { last } = this.parts.ledger;
    if (last === undefined || this.#changes.count > 0)
      throw new LogStoreError('NOT_SEALED', 'there are changes that are not sealed yet');
    await this.#signing.rotate(plan);
    await this.#writeBlock({ sequence: last.storeSequenceNext, version: last.block.versions[1] });
    await this.#sign();
    return await this.#proofs().keys(this.#signing.keysText);
  }

  #proofs(): SealedProofs {
    const { checkpoint, unsigned } = this.#signing;
    if (checkpoint === undefined) {
      const message = `no block is signed: ${unsigned ?? 'nothing was sealed yet'}`;
      throw new LogStoreError('NOT_SEALED', message);
    }
    return new SealedProofs(this.parts.ledger, this.#maps, checkpoint);
  }
}

/** Of one block, with the tree over them (SPEC.md, Block). */
class BlockChanges extends EncodedChanges {
  readonly #delta = new GrowingTree(nodeSha256);

  override add(entry: ChangeEntry): Uint8Array {
    const text = super.add(entry);
    this.#delta.append(leafHash(nodeSha256, text));
    return text;
  }

  root(): Uint8Array {
    return this.#delta.root();
  }
}

/** What counts was synced before; what a failing disk left of the rest, the next start decides. */
async function closed(file: AsyncDisposable): Promise<void> {
  try {
    await file[Symbol.asyncDispose]();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}
