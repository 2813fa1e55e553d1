import type { Credentials } from './auth/credentials.js';
import { rootShownId } from './auth/principal.js';
import { SecretBox, type SecretKeys } from './auth/secret-box.js';
import { type AccessDocuments, Users } from './auth/users.js';
import { isLogStoreError } from './base/errors.js';
import type { Host } from './base/host.js';
import { missingKey } from './encryption/key-ring.js';

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
    secretBox: new SecretBox(makingNone(keys, documents), random),
    random,
    nowUnixMs: () => clock.nowUnixMs(),
  });
}

/** The same keys, of which none is made where some were used and are gone (SPEC.md §15.4). */
function makingNone(keys: SecretKeys, documents: AccessDocuments): SecretKeys {
  return {
    place: keys.place,
    get current() {
      return keys.current;
    },
    find: (id) => keys.find(id),
    async make() {
      const [used] = await documents.documents('key');
      if (used !== undefined) throw missingKey(used.name, keys.place);
      return await keys.make();
    },
  };
}
