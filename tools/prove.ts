import type { ProofRequest } from '../src/store/types.js';
import { LedgerEndpoint } from './ledger-endpoint.js';
import { type LedgerArguments, ledgerOf, openLedgerStore } from './ledger-place.js';
import { endpointOf } from './open-target.js';
import { print } from './output.js';
import type { Address } from './target.js';

export interface ProveArguments extends LedgerArguments {
  /** Of a bucket alone the key is empty. */
  readonly address: Address;
  readonly at: number | undefined;
  readonly ofVersion: number | undefined;
  readonly absent: boolean;
  readonly prefix: boolean;
  readonly written: boolean;
}

/** Writes an object-proof/v1. A stopped store is sealed first; a running one when it is due. */
export async function prove(args: ProveArguments): Promise<void> {
  const { bucket, key } = args.address;
  const { at: height, ofVersion: version } = args;
  const claim = claimOf(args);
  const endpoint = await endpointOf(args);
  if (endpoint !== undefined) {
    await using ledger = new LedgerEndpoint(endpoint);
    const query: Record<string, string> = { bucket, claim, key };
    if (height !== undefined) query.height = String(height);
    if (version !== undefined) query.version = String(version);
    return await print(await ledger.get('proof', query));
  }
  await using store = await openLedgerStore(args);
  const ledger = ledgerOf(store);
  await ledger.seal();
  await print(await ledger.prove({ claim, bucket, key, version, height }));
}

/** Writes the key set in force, with its proof. */
export async function ledgerKeys(args: LedgerArguments): Promise<void> {
  const endpoint = await endpointOf(args, process.env, 'if-possible');
  if (endpoint !== undefined) {
    await using ledger = new LedgerEndpoint(endpoint);
    return await print(await ledger.get('keys'));
  }
  await using store = await openLedgerStore(args);
  await print(await ledgerOf(store).keys());
}

function claimOf(args: ProveArguments): ProofRequest['claim'] {
  if (args.written) return 'written';
  if (args.prefix) return args.absent ? 'empty' : 'listing';
  if (args.absent) return 'absent';
  return args.ofVersion === undefined ? 'current' : 'version';
}
