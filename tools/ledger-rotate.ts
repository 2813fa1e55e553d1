import { keySet } from '../src/ledger/keys.js';
import type { RotationPlan } from '../src/store/types.js';
import { type LedgerArguments, ledgerOf, openLedgerStore } from './ledger-place.js';
import { endpointOf } from './open-target.js';
import { print } from './output.js';
import { askServer } from './server-work.js';

/** Has a new key sign, and writes the new key set, with its proof, to standard output. */
export async function ledgerRotate(args: LedgerArguments, plan: RotationPlan): Promise<void> {
  const proof = await rotate(args, plan);
  const set = keySet.decode(proof.slice(0, proof.indexOf('\n\n') + 1));
  const [vkey = '', from = 0] = set.key.at(-1) ?? [];
  const until = from + plan.overlap;
  if (args.json) await print(`${JSON.stringify({ vkey, from, until, proof })}\n`);
  else {
    await print(proof);
    process.stderr.write(
      `${vkey} signs from block ${from} on; the keys before it up to block ${until - 1}\n`,
    );
  }
}

async function rotate(args: LedgerArguments, plan: RotationPlan): Promise<string> {
  const endpoint = await endpointOf(args);
  if (endpoint === undefined) {
    await using store = await openLedgerStore(args);
    return await ledgerOf(store).rotate(plan);
  }
  const { overlap, revoke } = plan;
  const stolen = revoke === undefined ? {} : { revoke: revoke.id, from: String(revoke.from) };
  const query = { overlap: String(overlap), ...stolen };
  const report = await askServer<{ keys: string }>(endpoint, 'ledger/rotate', query, () => {});
  return report.keys;
}
