import { utf8ToBytes } from '@noble/hashes/utils.js';
import { isLogStoreError, LogStoreError } from '../base/errors.js';
import type { Disk } from '../base/host.js';
import { invariant } from '../base/invariant.js';
import type { TreeHead } from '../merkle/rfc6962.js';
import { mayGoOn, raiseMark, signedCheckpoint, withSignature } from './checkpoint-signing.js';
import { ofDisk } from './disk-failure.js';
import type { Epoch } from './epoch.js';
import type { HighWaterFile } from './high-water-file.js';
import { firstKeySet, plannedKeySet, type RotationPlan } from './key-rotation.js';
import { type KeySet, keySet } from './keys.js';
import { keptKeysDirectory, writeWhole } from './ledger-files.js';
import type { LedgerLog } from './ledger-log.js';
import type { LedgerSecret } from './ledger-secret.js';
import { encodeVkey, type NoteSignature } from './note.js';
import type { Publisher } from './publisher.js';
import { keysProof, type SignedCheckpoint } from './sealed-proofs.js';

export interface SigningParts {
  /** The directory of the epoch. */
  readonly disk: Disk;
  readonly epoch: Epoch;
  readonly ledger: LedgerLog;
  readonly marks: HighWaterFile;
  readonly publisher: Publisher;
  readonly secrets: readonly LedgerSecret[];
  /** The same with one that is not known yet: asked for when the key is rotated. */
  readonly secretsToRotateTo: (
    isKnown: (secret: LedgerSecret) => boolean,
  ) => Promise<readonly LedgerSecret[]>;
}

/** Signs what was sealed, if that goes on from what was signed; publishes it; rotates the key. */
export class Signing {
  /** The key set that the next block names. */
  keysText = '';
  /** Why nothing is signed. */
  unsigned: string | undefined;
  isRolledBack = false;
  /** What was signed last; `own` with the log's own signatures alone. */
  checkpoint: (SignedCheckpoint & { readonly own: string }) | undefined;
  /** Why what is signed is not published. */
  unpublished: string | undefined;
  #secrets: readonly LedgerSecret[];
  #publishedSize = 0;
  /** The height at which the newest key began whose proof is kept. */
  #keptKeysHeight = 0;

  constructor(private readonly parts: SigningParts) {
    this.#secrets = parts.secrets;
    this.#judge();
  }

  /** The key set that is in force; the first one where there is no block. */
  async readKeys(): Promise<void> {
    const { ledger, epoch } = this.parts;
    const newest = this.#secrets.at(-1);
    if (ledger.last !== undefined) this.keysText = await ledger.keys(ledger.last);
    else if (newest !== undefined)
      this.keysText = keySet.encode(firstKeySet(newest(epoch.origin).key));
  }

  /** Whether all blocks are signed, and that is published; or never will be in this life. */
  get isDone(): boolean {
    const { size } = this.parts.ledger;
    return this.checkpoint?.size === size && this.#publishedSize === size;
  }

  /**
   * Proven, marked, signed, published: in this order (SPEC.md, The ledger on disk). Where the disk
   * fails before the signature, nothing is signed, and where it fails to publish, that is behind:
   * `unsigned` and `unpublished` say why, and the next call tries again.
   */
  async signAndPublish(): Promise<void> {
    try {
      await this.parts.ledger.prove();
      this.#judge();
      if (this.unsigned !== undefined) return;
      await this.mark();
    } catch (error) {
      this.unsigned = reasonOf(error);
      return;
    }
    this.#sign();
    if (this.checkpoint === undefined || this.unsigned !== undefined) return;
    try {
      await this.#publish(this.checkpoint);
      this.unpublished = undefined;
    } catch (error) {
      this.unpublished = reasonOf(error);
    }
  }

  /** The mark of what there is. @throws an error of the disk */
  async mark(): Promise<void> {
    const { ledger, marks, epoch } = this.parts;
    await raiseMark(marks, epoch.origin, this.#head());
    invariant(marks.mark?.size === ledger.size, 'what is signed is marked');
  }

  #head(): TreeHead {
    const { size, tree } = this.parts.ledger;
    return { size, root: tree.rootAt(size) };
  }

  #sign(): void {
    const head = this.#head();
    if (this.checkpoint?.size === head.size) return;
    const set = keySet.decode(this.keysText);
    const note = signedCheckpoint(this.parts.epoch.origin, head, set, this.#secrets);
    if (note !== undefined) this.checkpoint = { note, own: note, size: head.size };
    else {
      const help = 'give the key back, or run `logstore ledger recover --new-epoch`';
      this.unsigned = `no key at hand is in force: ${help}`;
    }
  }

  async #publish(checkpoint: SignedCheckpoint & { readonly own: string }): Promise<void> {
    const { publisher } = this.parts;
    const { size, note, own } = checkpoint;
    const publishedSize = this.#publishedSize;
    this.#publishedSize = 0; // mended, if it fails half-way
    if (publishedSize === 0) await publisher.mend(size);
    else await publisher.tiles(publishedSize, size);
    await publisher.checkpoint(note, own);
    await this.#keepKeys(keySet.decode(this.keysText), checkpoint);
    this.#publishedSize = size;
  }

  /** What is published and proven from now on has the signature, unless the log has grown. */
  async cosigned(size: number, signature: NoteSignature): Promise<void> {
    const { checkpoint } = this;
    if (checkpoint?.size !== size) return;
    const note = withSignature(checkpoint.note, signature);
    this.checkpoint = { ...checkpoint, note };
    await this.parts.publisher.checkpoint(note, checkpoint.own);
  }

  /**
   * Has the next block name another key set.
   * @throws LogStoreError `INVALID_ARGUMENT`; `NOT_SEALED` where the old key does not sign
   */
  async rotate(plan: RotationPlan): Promise<void> {
    const { ledger, epoch, secretsToRotateTo } = this.parts;
    if (this.checkpoint === undefined || this.checkpoint.size !== ledger.size)
      throw new LogStoreError('NOT_SEALED', `what is sealed is not signed: ${this.unsigned}`);
    const set = keySet.decode(this.keysText);
    const keyOf = (secret: LedgerSecret) => secret(epoch.origin).key;
    const known = new Set(set.key.map(([vkey]) => vkey));
    const isKnown = (secret: LedgerSecret) => known.has(encodeVkey(keyOf(secret)));
    const secrets = await secretsToRotateTo(isKnown);
    const added = secrets.find((secret) => !isKnown(secret));
    if (added === undefined)
      throw new LogStoreError('INVALID_ARGUMENT', 'there is no new key at hand to rotate to');
    this.keysText = keySet.encode(plannedKeySet(set, keyOf(added), ledger.size, plan));
    this.#secrets = secrets;
  }

  /** Whether what is there may be signed at all. */
  #judge(): void {
    const { marks, epoch, ledger } = this.parts;
    const permission = mayGoOn(marks.mark, epoch.origin, ledger.tree);
    this.unsigned = permission.maySign ? undefined : permission.because;
    this.isRolledBack = permission.isRolledBack === true;
  }

  /** Once the old key is gone nobody can sign the set that followed it: so its proof is kept. */
  async #keepKeys(set: KeySet, checkpoint: SignedCheckpoint): Promise<void> {
    const { disk, ledger } = this.parts;
    const begin = Math.max(...set.key.map(([, from]) => from));
    if (begin <= this.#keptKeysHeight) return;
    const path = `${keptKeysDirectory}/${begin}`;
    if ((await disk.sizeBytes(path)) === undefined) {
      await disk.makeDirectory(keptKeysDirectory);
      await disk.syncDirectory('');
      const text = await keysProof(ledger, this.keysText, checkpoint);
      await writeWhole(disk, path, utf8ToBytes(text), true);
    }
    this.#keptKeysHeight = begin;
  }
}

/** Of a failure that may pass. */
function reasonOf(failure: unknown): string {
  const error = ofDisk(failure);
  if (isLogStoreError(error, 'IO', 'NO_SPACE', 'RECORD_CORRUPT')) return error.message;
  throw failure;
}
