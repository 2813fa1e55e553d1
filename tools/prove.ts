import { LogStoreError } from '../src/base/errors.js';
import { openStore } from '../src/open-store.js';
import type { ProofRequest } from '../src/store/types.js';
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
  await using store = await openStore({ dir: args.dir, create: false });
  if (store.ledger === undefined) throw new LogStoreError('NO_LEDGER', 'the store has no ledger');
  await store.ledger.seal();
  const proof = await store.ledger.prove({ claim: claimOf(args), bucket, key, height: args.at });
  await print(proof);
}

function claimOf({ absent, prefix, written }: ProveArguments): ProofRequest['claim'] {
  if (written) return 'written';
  if (prefix) return absent ? 'empty' : 'listing';
  return absent ? 'absent' : 'current';
}
