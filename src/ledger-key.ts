import { LogStoreError } from './base/errors.js';
import type { Random } from './base/host.js';
import { createPrivateFile, readPrivateFile } from './host/private-file.js';
import {
  type LedgerSecret,
  secretOfText,
  secretSeedBytes,
  secretText,
} from './ledger/ledger-secret.js';

/**
 * The ledger's secret key; made at the first start, unless the operator named a file of his own.
 * @throws LogStoreError `INVALID_ARGUMENT` for a file that others may read, that holds no Ed25519
 *   key, or that was named and is not there
 */
export async function ledgerSecret(
  path: string,
  isOwn: boolean,
  random: Random,
): Promise<LedgerSecret> {
  const text = await readPrivateFile(path);
  if (text !== undefined) return secretOfText(text);
  if (isOwn) throw new LogStoreError('INVALID_ARGUMENT', `there is no ledger key '${path}'`);
  const made = secretText(random.bytes(secretSeedBytes));
  await createPrivateFile(path, made);
  return secretOfText(made);
}
