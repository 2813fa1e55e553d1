import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LogStoreError } from '../src/base/errors.js';
import { openStore } from '../src/open-store.js';
import type { ProofRequest, Store, StoreLedger } from '../src/store/types.js';
import type { LedgerPlace } from './ledger-log.js';
import { print } from './output.js';
import type { Address } from './target.js';

export interface ProveArguments extends LedgerPlace {
  /** Of a bucket alone the key is empty. */
  readonly address: Address;
  readonly at: number | undefined;
  readonly absent: boolean;
  readonly prefix: boolean;
  readonly written: boolean;
}

/** Writes an object-proof/v1 of a store that no server has open. */
export async function prove(args: ProveArguments): Promise<void> {
  const { bucket, key } = args.address;
  await using store = await openWithLedger(args.dir);
  const ledger = ledgerOf(store);
  await ledger.seal();
  const proof = await ledger.prove({ claim: claimOf(args), bucket, key, height: args.at });
  await print(proof);
}

/** Writes the key set in force, with its proof. */
export async function ledgerKeys({ dir }: LedgerPlace): Promise<void> {
  await using store = await openWithLedger(dir);
  await print(await ledgerOf(store).keys());
}

/** With its ledger where a server has begun one: nobody who only looks begins any. */
function openWithLedger(dir: string): Promise<Store> {
  const ledger = existsSync(join(dir, 'ledger')) ? 'on' : 'off';
  return openStore({ dir, create: false, ledger, compaction: 'manual', parity: 'off' });
}

function ledgerOf({ ledger }: Store): StoreLedger {
  if (ledger === undefined) throw new LogStoreError('NO_LEDGER', 'the store has no ledger');
  return ledger;
}

function claimOf({ absent, prefix, written }: ProveArguments): ProofRequest['claim'] {
  if (written) return 'written';
  if (prefix) return absent ? 'empty' : 'listing';
  return absent ? 'absent' : 'current';
}
