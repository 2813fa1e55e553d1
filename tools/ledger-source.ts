import { LogStoreError } from '../src/base/errors.js';
import type { LedgerBlock } from '../src/format/ledger-block.js';
import { nodeHost } from '../src/host/node-host.js';
import { readLedger } from '../src/store/ledger-reports.js';
import { requireStore } from '../src/store-directory.js';
import { endpointSource } from './ledger-endpoint.js';
import { directoryOf, endpointOf, type TargetArguments } from './open-target.js';

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

/** @throws LogStoreError `NO_LEDGER`, `NOT_A_STORE`, `IO` */
export async function openSource(args: TargetArguments): Promise<LedgerSource> {
  const endpoint = await endpointOf(args, process.env, 'if-possible');
  if (endpoint !== undefined) return await endpointSource(endpoint);
  const dir = directoryOf(args.dir, process.env);
  const host = nodeHost(dir);
  await requireStore(host.disk, dir);
  const { origin, ledger, [Symbol.asyncDispose]: dispose } = await readLedger(host);
  return {
    ...{ origin, size: ledger.size, broken: ledger.broken },
    block: (height) => ledger.block(height),
    changes: async function* (height) {
      for (const { text } of await ledger.changes(await ledger.block(height))) yield text;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** @throws LogStoreError `INVALID_ARGUMENT` for a height that no block has */
export function requireBlock({ size }: LedgerSource, height: number): void {
  if (height < size) return;
  throw new LogStoreError('INVALID_ARGUMENT', `there is no block ${height}: ${size} in all`);
}
