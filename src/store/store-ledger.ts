import { utf8ToBytes } from '@noble/hashes/utils.js';
import { LogStoreError } from '../base/errors.js';
import type { Host } from '../base/host.js';
import { decodeCommit } from '../format/commit.js';
import { encodeObjectProof, encodeTlogProof } from '../ledger/encode-proof.js';
import type { RotationPlan } from '../ledger/key-rotation.js';
import {
  epochDirectory,
  hostBelow,
  keptKeysDirectory,
  readWhole,
  tilesDirectory,
} from '../ledger/ledger-files.js';
import { nodeSha256 } from '../ledger/node-hash.js';
import { recordTextOf } from '../ledger/record-text.js';
import type {
  ChangesPage,
  LedgerStanding,
  ProofRequest,
  PrunedPage,
  RecordSource,
  SealerLink,
} from '../ledger/sealer-link.js';
import type { Log } from '../log/types.js';
import { equalHashes } from '../merkle/rfc6962.js';
import type { Committer } from './committer.js';
import type { StoreLedger } from './ledger-face.js';
import { LedgerWatch } from './ledger-watch.js';
import { type Receipt, Receipts } from './receipts.js';
import { Sealing, type SealingParts } from './sealing.js';

/** What is published below the tiles' directory; nothing else is read there. */
const publishedPath =
  /^(checkpoint|checkpoint\.log|keys\/\d{1,16}|tile\/(entries|[0-7])(\/x?\d{3})+(\.p\/\d{1,3})?)$/;

/** The ledger of an open store. */
export class OpenLedger implements StoreLedger {
  readonly #sealing: Sealing;
  readonly #receipts: Receipts;

  constructor(
    private readonly host: Host,
    private readonly log: Log,
    private readonly link: SealerLink,
    options: Pick<SealingParts, 'intervalMs' | 'warn'>,
  ) {
    const { clock } = host;
    const receipts = new Receipts(clock, () => link.standing);
    const watch = new LedgerWatch(options.warn);
    const sealed = (standing: LedgerStanding) => {
      receipts.tell(standing);
      watch.look(link.standing); // a witness may have answered since
    };
    this.#receipts = receipts;
    link.onChange = watch.look;
    this.#sealing = new Sealing({ clock, log, link, sealed, ...options });
  }

  /** Seals from now on what is committed, and what was committed before. */
  follow(committer: Committer): void {
    committer.onCommit = this.#sealing.note;
    this.#sealing.start();
  }

  /** Seals what is left, unless that is much. Nothing is committed any more. */
  async close(): Promise<void> {
    await this.#sealing.stop();
    this.#receipts.close();
    await this.link[Symbol.asyncDispose]();
  }

  standing(): LedgerStanding {
    return this.link.standing;
  }

  seal(): Promise<LedgerStanding> {
    return this.#sealing.seal();
  }

  receipt(): Receipt {
    return this.#receipts.take();
  }

  async prove(request: ProofRequest): Promise<string> {
    const { head, block, proof, record, state, change } = await this.link.prove(request);
    const subject = record === undefined ? change : await this.#recordText(record, undefined);
    const stateText = state && (await this.#recordText(state, record?.recordHash));
    return encodeObjectProof({ head, subject, state: stateText, block, proof });
  }

  async block(height: number): Promise<string> {
    const { block, proof } = await this.link.block(height);
    return `${block}\n${encodeTlogProof(proof)}`;
  }

  changes(height: number, from = 0): Promise<ChangesPage> {
    return this.link.changes(height, from);
  }

  pruned(from = 0): Promise<PrunedPage> {
    return this.link.pruned(from);
  }

  consistency(older: number, newer: number): Promise<readonly Uint8Array[]> {
    return this.link.consistency(older, newer);
  }

  keys(): Promise<string> {
    return this.link.keys();
  }

  keysAt(height: number): Promise<string> {
    return this.link.keysAt(height);
  }

  rotate(plan: RotationPlan): Promise<string> {
    return this.#sealing.rotate(plan);
  }

  async published(path: string): Promise<Uint8Array | undefined> {
    if (!publishedPath.test(path)) return undefined;
    const { disk } = hostBelow(this.host, epochDirectory(this.link.standing.epoch));
    const isKept = path.startsWith(`${keptKeysDirectory}/`);
    return await readWhole(disk, isKept ? path : `${tilesDirectory}/${path}`);
  }

  /** The text whose hash the map holds: from the commit, and from what stands in the ledger. */
  async #recordText(
    { sequence, mutation, before, recordHash }: RecordSource,
    firstRecord: Uint8Array | undefined,
  ): Promise<string> {
    const { payload } = await this.log.read(sequence);
    const { mutations, timeUnixMs } = decodeCommit(payload);
    const context = { before, firstRecord };
    const text = recordTextOf(nodeSha256, mutations[mutation], timeUnixMs, context);
    const isIt = text !== undefined && equalHashes(nodeSha256(utf8ToBytes(text)), recordHash);
    if (isIt) return text;
    throw new LogStoreError('RECORD_CORRUPT', `record ${sequence} is not what the ledger sealed`);
  }
}
