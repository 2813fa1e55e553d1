import { LogStoreError } from './base/errors.js';
import type { Random } from './base/host.js';
import { createPrivateFile, readPrivateFile } from './host/private-file.js';
import {
  type LedgerSecret,
  secretSeedBytes,
  secretsOfText,
  secretText,
} from './ledger/ledger-secret.js';

/** The file with the ledger's secret keys, the oldest first. */
export interface LedgerKeyFile {
  readonly path: string;
  /** The operator's: nothing is ever written to it. */
  readonly isOwn: boolean;
}

/**
 * The ledger's secret keys; one is made at the first start, unless the operator named a file.
 * @throws LogStoreError `INVALID_ARGUMENT` for a file that others may read, that holds anything but
 *   Ed25519 keys, or that was named and is not there
 */
export async function ledgerSecrets(
  { path, isOwn }: LedgerKeyFile,
  random: Random,
): Promise<LedgerSecret[]> {
  const text = await readPrivateFile(path);
  if (text !== undefined) return secretsOfText(text);
  if (isOwn) throw new LogStoreError('INVALID_ARGUMENT', `there is no ledger key '${path}'`);
  const made = secretText(random.bytes(secretSeedBytes));
  await createPrivateFile(path, made);
  return secretsOfText(made);
}

/**
 * The same with one that is not known yet: it is in the file already, or is made there.
 * @throws LogStoreError `INVALID_ARGUMENT` where the operator's own file has none
 */
export async function secretsToRotateTo(
  { path, isOwn }: LedgerKeyFile,
  random: Random,
  isKnown: (secret: LedgerSecret) => boolean,
): Promise<LedgerSecret[]> {
  const text = (await readPrivateFile(path)) ?? '';
  const secrets = secretsOfText(text);
  if (!secrets.every(isKnown)) return secrets;
  if (isOwn) {
    const message = `put the new key into '${path}', behind the one in use, and start anew`;
    throw new LogStoreError('INVALID_ARGUMENT', message);
  }
  const grown = `${text.trimEnd()}\n${secretText(random.bytes(secretSeedBytes))}`;
  await createPrivateFile(path, grown);
  return secretsOfText(grown);
}
