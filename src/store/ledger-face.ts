import type { RotationPlan } from '../ledger/key-rotation.js';
import type {
  ChangesPage,
  LedgerStanding,
  ProofRequest,
  PrunedPage,
} from '../ledger/sealer-link.js';
import type { Receipt } from './receipts.js';

/** Proofs of what the store holds and held (SPEC.md, Ledger). */
export interface StoreLedger {
  standing(): LedgerStanding;
  /** Everything that is durable now is in a block when it resolves. */
  seal(): Promise<LedgerStanding>;
  /**
   * A place to wait for a block from, taken before what is to be sealed is written.
   * @throws LogStoreError `BUSY`, `LEDGER_BROKEN`
   */
  receipt(): Receipt;
  /**
   * An object-proof/v1.
   * @throws LogStoreError `NOT_SEALED` where the signed blocks do not show it; `LEDGER_BROKEN`;
   *   `RECORD_CORRUPT`
   */
  prove(request: ProofRequest): Promise<string>;
  /** The text of a block, an empty line and a tlog-proof of it. */
  block(height: number): Promise<string>;
  /** The changes of a block that is signed, a page from the one numbered `from` on. */
  changes(height: number, from?: number): Promise<ChangesPage>;
  /**
   * Of the changes that were pruned those that made what the map then held, the page number `from`:
   * who replays changes begins with them.
   */
  pruned(from?: number): Promise<PrunedPage>;
  /** The path from a log of `older` blocks to one of `newer`, as RFC 6962 §2.1.2 has it. */
  consistency(older: number, newer: number): Promise<readonly Uint8Array[]>;
  /** The key set in force, with its proof. */
  keys(): Promise<string>;
  /** The key set as a block names it, by its height. */
  keysAt(height: number): Promise<string>;
  /**
   * A new key signs from the next block on, and the keys before it for a while.
   * @returns the new key set with its proof
   * @throws LogStoreError `INVALID_ARGUMENT`, `NOT_SEALED`, `LEDGER_BROKEN`
   */
  rotate(plan: RotationPlan): Promise<string>;
  /** A published file (C2SP tlog-tiles) by its path; undefined if there is none. */
  published(path: string): Promise<Uint8Array | undefined>;
}
