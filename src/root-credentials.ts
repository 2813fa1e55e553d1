import { join } from 'node:path';
import {
  type Credentials,
  checkCredentials,
  formatCredentials,
  generateCredentials,
  parseCredentials,
} from './auth/credentials.js';
import { isLogStoreError, LogStoreError } from './base/errors.js';
import type { Random } from './base/host.js';
import type { Config } from './config.js';
import { createPrivateFile, readPrivateFile } from './host/private-file.js';

/** Where the key pair lies when the environment does not give it. */
export function credentialsPath(config: Config): string {
  return config.credentialsFile ?? join(config.dir, 'credentials.json');
}

/**
 * The key pair of the environment or of the file; undefined when none has been made yet.
 * @throws LogStoreError `INVALID_ARGUMENT` for a file that others may read, that holds no key pair,
 *   or that was named and is not there
 */
export async function findCredentials(config: Config): Promise<Credentials | undefined> {
  if (config.accessKey !== undefined) return checkCredentials(config.accessKey, config.secretKey);
  const path = credentialsPath(config);
  const found = await readCredentialsFile(path);
  if (found === undefined && config.credentialsFile !== undefined) throw missing(path);
  return found;
}

/** Makes a random key pair and keeps it. Called by the one process that holds the store's lock. */
export async function makeCredentials(config: Config, random: Random): Promise<Credentials> {
  const made = generateCredentials(random);
  await createPrivateFile(credentialsPath(config), formatCredentials(made));
  return made;
}

/** @throws LogStoreError `INVALID_ARGUMENT`, also when the file is not there */
export async function requireCredentialsFile(path: string): Promise<Credentials> {
  const found = await readCredentialsFile(path);
  if (found === undefined) throw missing(path);
  return found;
}

async function readCredentialsFile(path: string): Promise<Credentials | undefined> {
  const text = await readPrivateFile(path);
  if (text === undefined) return undefined;
  try {
    return parseCredentials(text);
  } catch (error) {
    if (!isLogStoreError(error)) throw error;
    throw new LogStoreError(error.code, `'${path}': ${error.message}`); // no cause: it is a secret
  }
}

function missing(path: string): LogStoreError {
  return new LogStoreError('INVALID_ARGUMENT', `there is no credentials file '${path}'`);
}
