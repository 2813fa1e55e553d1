import type { TlogProof } from './encode-proof.js';
import type { RotationPlan } from './key-rotation.js';
import type { ObjectProofHead } from './object-proof.js';

/** What a witness said last of this log. */
export interface WitnessStanding {
  readonly name: string;
  /**
   * `rolled-back`, `forked`: it has signed another history of this log. `refused`: it does not
   * watch it. `unavailable`: it is asked again. `unasked`: it has not answered since the start.
   */
  readonly is: 'cosigned' | 'rolled-back' | 'forked' | 'refused' | 'unavailable' | 'unasked';
  /** Blocks of the last checkpoint that it signed since this start; 0 for none. */
  readonly size: number;
  readonly reason: string | undefined;
}

/** How a ledger stands. Plain values: it travels between threads. */
export interface LedgerStanding {
  /**
   * `unsigned`: blocks are written, and none is signed. `rolled-back`: the ledger ends below what
   * it has signed, so the store is an old copy. `broken`: damage; no block is written.
   */
  readonly is: 'ok' | 'unsigned' | 'rolled-back' | 'broken';
  readonly reason: string | undefined;
  readonly origin: string;
  /** Number of its directory. */
  readonly epoch: number;
  /** Blocks. */
  readonly size: number;
  /** Of them, those that the last checkpoint covers. */
  readonly signedSize: number;
  /** What of the store's log the last block seals: everything below. */
  readonly storeSequenceNext: number;
  readonly versionNext: number;
  readonly witnesses: readonly WitnessStanding[];
  /** Why its own segments could not be healed, or given parity: the next block tries again. */
  readonly notKeptUp: string | undefined;
}

/** What of the store's log is durable and proven, and is to be sealed: all below these two. */
export interface Through {
  readonly sequence: number;
  readonly version: number;
}

export const claimNames = ['version', 'current', 'absent', 'empty', 'listing', 'written'] as const;

export interface ProofRequest {
  readonly claim: (typeof claimNames)[number];
  readonly bucket: string;
  /** Of `empty` and `listing` a prefix of keys. */
  readonly key: string;
  /** Of `version` and `written`; the newest by default. */
  readonly version?: number | undefined;
  /** Of the block in whose map it is proven; the last signed one by default. */
  readonly height?: number | undefined;
  /** Of `listing`: more are refused with `INVALID_ARGUMENT`. */
  readonly leavesMax?: number | undefined;
}

/** Change records of a block, in order, from one of them on. */
export interface ChangesPage {
  /** change/v1 texts. */
  readonly changes: readonly string[];
  /** Where the next page begins; undefined after the last one. */
  readonly next: number | undefined;
}

/** Of the changes that were pruned those that made what the map then held, likewise. */
export interface PrunedPage extends ChangesPage {
  /** How many blocks, from the first on, have no others any more; 0 where nothing was pruned. */
  readonly blocks: number;
}

/** Where the store's log has what a record is made from, and what stands in the ledger alone. */
export interface RecordSource {
  readonly sequence: number;
  readonly mutation: number;
  readonly before: Uint8Array | undefined;
  readonly recordHash: Uint8Array;
}

/** An object proof but for the text of its record. */
export interface ProofParts {
  readonly head: ObjectProofHead;
  readonly block: string;
  readonly proof: TlogProof;
  /** Of `version` and `current`: where its record is made from, the first one if it has two. */
  readonly record: RecordSource | undefined;
  /** Of a version whose state was set after its put. */
  readonly state: RecordSource | undefined;
  /** Of `written`: the change. */
  readonly change: string | undefined;
}

/** The sealer as the store has it: on a thread of its own, or on this one in simulated runs. */
export interface SealerLink extends AsyncDisposable {
  readonly standing: LedgerStanding;
  /** Told how it stands when that has changed without being asked for: of witnesses. */
  onChange: ((standing: LedgerStanding) => void) | undefined;
  /** Commits in the order of the log, as CommitChunk has them; the bytes become the sealer's. */
  take(commits: Uint8Array): void;
  /**
   * Seals all that was given below `through`.
   * @param heartbeat a block also where nothing has changed
   * @throws LogStoreError `LEDGER_BROKEN`; `NO_SPACE`, `BUSY`: try again later
   */
  seal(through: Through, heartbeat: boolean): Promise<LedgerStanding>;
  /** @throws LogStoreError `LEDGER_BROKEN`, `NOT_SEALED`, `RECORD_CORRUPT`, `IO` */
  prove(request: ProofRequest): Promise<ProofParts>;
  /** The text of a block with its inclusion. */
  block(height: number): Promise<{ readonly block: string; readonly proof: TlogProof }>;
  /** Some of the changes of a signed block. */
  changes(height: number, from: number): Promise<ChangesPage>;
  pruned(from: number): Promise<PrunedPage>;
  /** RFC 6962 consistency path between two sizes up to the last signed one. */
  consistency(older: number, newer: number): Promise<readonly Uint8Array[]>;
  /** A proof of the key set in force (SPEC.md, Object proof). */
  keys(): Promise<string>;
  /** A key set, as the block at that height names it. */
  keysAt(height: number): Promise<string>;
  /**
   * Writes a block with a new key set; all that there is to seal must have been sealed.
   * @returns a proof of it, signed by the old key and the new one
   * @throws LogStoreError `INVALID_ARGUMENT`, `NOT_SEALED`, `LEDGER_BROKEN`
   */
  rotate(plan: RotationPlan): Promise<string>;
}
