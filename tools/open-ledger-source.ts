import { nodeHost } from '../src/host/node-host.js';
import { readLedger } from '../src/store/ledger-reports.js';
import { requireStore } from '../src/store-directory.js';
import { endpointSource } from './ledger-endpoint.js';
import type { LedgerSource } from './ledger-source.js';
import { directoryOf, endpointOf, type TargetArguments } from './open-target.js';

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
