import { LogStoreError } from '../src/base/errors.js';
import type { LedgerBlock } from '../src/format/ledger-block.js';

/** The blocks of a ledger, in a directory or at a running server. */
export interface LedgerSource extends AsyncDisposable {
  readonly origin: string;
  /** Blocks. */
  readonly size: number;
  /** Why there are no more. */
  readonly broken?: string | undefined;
  block(height: number): Promise<{ readonly text: string; readonly block: LedgerBlock }>;
  /** The change/v1 texts of a block, in order. */
  changes(height: number): AsyncIterable<string>;
}

/** @throws LogStoreError `INVALID_ARGUMENT` for a height that no block has */
export function requireBlock({ size }: LedgerSource, height: number): void {
  if (height < size) return;
  throw new LogStoreError('INVALID_ARGUMENT', `there is no block ${height}: ${size} in all`);
}
