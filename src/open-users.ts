import type { Credentials } from './auth/credentials.js';
import { rootShownId } from './auth/principal.js';
import { SecretBox, type SecretKeys } from './auth/secret-box.js';
import { type AccessDocuments, Users } from './auth/users.js';
import { isLogStoreError } from './base/errors.js';
import type { Host } from './base/host.js';

export interface OpenUsersOptions {
  readonly store: { readonly access: AccessDocuments };
  readonly root: Credentials;
  readonly keys: SecretKeys;
  readonly host: Pick<Host, 'clock' | 'random'>;
  readonly warn: (message: string, error: unknown) => void;
}

/**
 * The users of an open store, root among them. Where damage leaves open who they are, root is
 * alone.
 * @throws LogStoreError `INVALID_ARGUMENT` where the key of their secrets is missing
 */
export async function openUsers(options: OpenUsersOptions): Promise<Users> {
  try {
    return await usersOf(options, options.store.access);
  } catch (error) {
    if (!isLogStoreError(error, 'UNCERTAIN')) throw error;
    options.warn('a damaged record may have changed users or policies: root alone can sign', error);
    return await usersOf(options, {
      documents: async () => [],
      setDocument: () => Promise.reject(error),
    });
  }
}

function usersOf(
  { root, keys, host: { clock, random } }: OpenUsersOptions,
  documents: AccessDocuments,
): Promise<Users> {
  const { accessKeyId } = root;
  return Users.open({
    documents,
    root: { ...root, id: rootShownId(accessKeyId), displayName: accessKeyId },
    secretBox: new SecretBox(keys, random),
    random,
    nowUnixMs: () => clock.nowUnixMs(),
  });
}
