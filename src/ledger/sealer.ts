import { utf8ToBytes } from '@noble/hashes/utils.js';
import { isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Clock, Disk } from '../base/host.js';
import { NotProven } from '../base/not-proven.js';
import { decodeCommitMeta } from '../format/commit.js';
import { type LedgerBlock, ledgerBlock } from '../format/ledger-block.js';
import type { ChangeEntry } from '../format/ledger-record.js';
import { treeHash } from '../merkle/growing-tree.js';
import { leafHash } from '../merkle/rfc6962.js';
import { mayGoOn, raiseMark, signedCheckpoint, withSignature } from './checkpoint-signing.js';
import { fedCommits } from './commit-feed.js';
import { Cosigning } from './cosigning.js';
import type { Epoch } from './epoch.js';
import type { HighWaterFile } from './high-water-file.js';
import { firstKeySet } from './key-rotation.js';
import { keySet } from './keys.js';
import type { LedgerLog } from './ledger-log.js';
import type { LedgerSecret } from './ledger-secret.js';
import { applyToMap } from './map-changes.js';
import { MapSnapshots } from './map-snapshots.js';
import { nodeSha256 } from './node-hash.js';
import type { NoteSignature } from './note.js';
import type { Publisher } from './publisher.js';
import { restoreMaps } from './restore-map.js';
import { SealedMaps } from './sealed-maps.js';
import { SealedProofs } from './sealed-proofs.js';
import type {
  ChangesPage,
  LedgerStanding,
  ProofParts,
  ProofRequest,
  SealerLink,
  Through,
} from './sealer-link.js';
import { type Between, turnsOf } from './turns.js';
import type { WitnessClient } from './witness-client.js';

/** A block is read whole to prove a change in it, so it is bounded; a commit is never split. */
const changesPerBlockMax = 16_384;

/** What opening hands over. */
export interface SealerParts {
  readonly clock: Clock;
  /** The directory of the epoch. */
  readonly disk: Disk;
  readonly epoch: Epoch;
  readonly ledger: LedgerLog;
  readonly marks: HighWaterFile;
  readonly publisher: Publisher;
  readonly secrets: readonly LedgerSecret[];
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
  #keysText = '';
  /** `own`: with the log's own signatures alone. */
  #checkpoint: { readonly note: string; readonly own: string; readonly size: number } | undefined;
  #unsigned: string | undefined;
  #isRolledBack = false;
  #broken: string | undefined;
  /** Commits not yet in the map, and changes in the map not yet in a block. */
  #queue: Uint8Array[] = [];
  #changes: ChangeEntry[] = [];
  #last: Promise<unknown>;
  readonly #between: Between;
  readonly #snapshots: MapSnapshots;
  readonly #cosigning: Cosigning;

  constructor(private readonly parts: SealerParts) {
    this.#between = turnsOf(parts.clock);
    const { disk, ledger, snapshotAfter } = parts;
    this.#snapshots = new MapSnapshots(disk, ledger, this.#between, snapshotAfter);
    this.#cosigning = new Cosigning({
      ...{ clients: parts.witnesses, clock: parts.clock, tree: ledger.tree },
      cosigned: (size, signature) => this.#inTurn(() => this.#cosigned(size, signature)),
      changed: () => this.onChange?.(this.standing),
    });
    this.#broken = parts.ledger.broken;
    this.#judge();
    this.#last = this.#restore();
  }

  get standing(): LedgerStanding {
    const { ledger, epoch } = this.parts;
    const broken = this.#broken ?? ledger.broken;
    const standing = {
      ...{ origin: epoch.origin, epoch: epoch.number },
      ...{ size: ledger.size, signedSize: this.#checkpoint?.size ?? 0 },
      storeSequenceNext: ledger.last?.storeSequenceNext ?? 1,
      versionNext: ledger.last?.block.versions[1] ?? 1,
      witnesses: this.#cosigning.standing,
    };
    if (broken !== undefined) return { ...standing, is: 'broken', reason: broken };
    if (this.#unsigned === undefined) return { ...standing, is: 'ok', reason: undefined };
    return {
      ...standing,
      is: this.#isRolledBack ? 'rolled-back' : 'unsigned',
      reason: this.#unsigned,
    };
  }

  take(commits: Uint8Array): void {
    this.#queue.push(commits);
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

  consistency(older: number, newer: number): Promise<readonly Uint8Array[]> {
    return this.#inTurn(async () => this.#proofs().consistency(older, newer));
  }

  keys(): Promise<string> {
    return this.#inTurn(() => this.#proofs().keys(this.#keysText));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cosigning[Symbol.asyncDispose]();
    await this.#last.catch(() => undefined); // told to whoever asked
    await this.#snapshots.stop();
    await this.parts.marks[Symbol.asyncDispose]();
    await this.parts.ledger[Symbol.asyncDispose]();
  }

  /** One thing after another: the map stands still while it is read. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(() => {
      const broken = this.#broken ?? this.parts.ledger.broken;
      if (broken === undefined) return work();
      throw new LogStoreError('LEDGER_BROKEN', `the ledger is broken: ${broken}`);
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Whether what is there may be signed at all. */
  #judge(): void {
    const { marks, epoch, ledger } = this.parts;
    const permission = mayGoOn(marks.mark, epoch.origin, ledger.tree);
    this.#unsigned = permission.maySign ? undefined : permission.because;
    this.#isRolledBack = permission.isRolledBack === true;
  }

  /** In the background of opening: the map, the keys, and what a crash left unsigned. */
  async #restore(): Promise<void> {
    const { disk, ledger, epoch, secrets } = this.parts;
    if (this.#broken !== undefined) return;
    try {
      const restored = await restoreMaps(disk, ledger, this.#between);
      this.#maps = restored.maps;
      this.#changeCount = restored.changeCount;
      if (ledger.last !== undefined) this.#keysText = await ledger.keys(ledger.last);
      else if (secrets[0] !== undefined) {
        this.#keysText = keySet.encode(firstKeySet(secrets[0](epoch.origin).key));
      }
      if (ledger.size > 0) await this.#signAndPublish(0);
    } catch (error) {
      if (!isLogStoreError(error) && !(error instanceof NotProven)) throw error;
      this.#broken = error.message;
    }
  }

  async #seal(through: Through, heartbeat: boolean): Promise<LedgerStanding> {
    const { ledger } = this.parts;
    await this.#apply(through);
    const { versionNext } = this.standing;
    const isDue = this.#changes.length > 0 || through.version > versionNext || heartbeat;
    if (isDue) await this.#writeBlock(through);
    if (this.#checkpoint?.size !== ledger.size)
      await this.#signAndPublish(this.#checkpoint?.size ?? 0);
    return this.standing;
  }

  async #apply(through: Through): Promise<void> {
    const queue = this.#queue;
    this.#queue = [];
    const { storeSequenceNext } = this.standing;
    for (const [index, chunk] of queue.entries()) {
      for (const { sequence, meta } of fedCommits(chunk)) {
        if (sequence < storeSequenceNext) continue;
        if (sequence >= through.sequence) {
          this.#queue = [
            chunk.subarray(meta.byteOffset - 12 - chunk.byteOffset),
            ...queue.slice(index + 1),
            ...this.#queue,
          ];
          return;
        }
        const commit = decodeCommitMeta(meta);
        for (const change of applyToMap(nodeSha256, this.#maps.map, commit)) {
          this.#changes.push({ ...change, sequence });
          this.#changeCount++;
        }
        if (this.#changes.length >= changesPerBlockMax) {
          await this.#writeBlock({
            sequence: sequence + 1,
            version: commit.version + commit.mutations.length,
          });
        }
        await this.#between();
      }
    }
  }

  async #writeBlock(through: Through): Promise<void> {
    const { ledger, epoch } = this.parts;
    const { last } = ledger;
    const { map } = this.#maps;
    for (const _ of map.rehash()) await this.#between();
    const texts = this.#changes.map(({ text }) => utf8ToBytes(text));
    const { follows } = epoch;
    const block: LedgerBlock = {
      ...{ origin: epoch.origin, height: ledger.size },
      prev: last === undefined ? undefined : leafHash(nodeSha256, utf8ToBytes(last.text)),
      time: Math.max(this.parts.clock.nowUnixMs(), last?.block.time ?? 0),
      versions: [last?.block.versions[1] ?? 1, through.version],
      map: [map.count, map.root()],
      delta: [texts.length, treeHash(nodeSha256, texts)],
      keys: nodeSha256(utf8ToBytes(this.#keysText)),
      follows:
        last === undefined && follows !== undefined
          ? [[follows.origin, follows.size, follows.root]]
          : [],
    };
    const text = ledgerBlock.encode(block);
    const keys = last === undefined ? this.#keysText : undefined;
    await ledger.append({ text, block, storeSequenceNext: through.sequence }, this.#changes, keys);
    this.#changes = [];
    this.#maps.seal(block.height, this.#changeCount);
    this.#snapshots.sealed(this.#maps, this.#changeCount);
  }

  /** Proven, marked, signed, published: in this order (SPEC.md, The ledger on disk). */
  async #signAndPublish(publishedSize: number): Promise<void> {
    const { ledger, marks, epoch, publisher, secrets } = this.parts;
    await ledger.prove();
    this.#judge();
    if (this.#unsigned !== undefined) return;
    const head = { size: ledger.size, root: ledger.tree.rootAt(ledger.size) };
    const set = keySet.decode(this.#keysText);
    const note = signedCheckpoint(epoch.origin, head, set, secrets);
    if (note === undefined) {
      this.#unsigned =
        'no key at hand is in force: give the key back, or run `logstore ledger rotate`';
      return;
    }
    await raiseMark(marks, epoch.origin, head);
    this.#checkpoint = { note, own: note, size: head.size };
    if (publishedSize === 0) await publisher.mend(head.size);
    else await publisher.tiles(publishedSize, head.size);
    await publisher.checkpoint(note, note);
    this.#cosigning.ask(this.#checkpoint);
  }

  /** What is published and proven from now on has the signature, unless the log has grown. */
  async #cosigned(size: number, signature: NoteSignature): Promise<void> {
    const checkpoint = this.#checkpoint;
    if (checkpoint?.size !== size) return;
    const note = withSignature(checkpoint.note, signature);
    this.#checkpoint = { ...checkpoint, note };
    await this.parts.publisher.checkpoint(note, checkpoint.own);
  }

  #proofs(): SealedProofs {
    if (this.#checkpoint === undefined) {
      const message = `no block is signed: ${this.#unsigned ?? 'nothing was sealed yet'}`;
      throw new LogStoreError('NOT_SEALED', message);
    }
    return new SealedProofs(this.parts.ledger, this.#maps, this.#checkpoint);
  }
}
