import type { Credentials } from './auth/credentials.js';
import { rootShownId } from './auth/principal.js';
import { SecretBox, type SecretKeys } from './auth/secret-box.js';
import { type AccessDocuments, Users } from './auth/users.js';
import { isLogStoreError } from './base/errors.js';
import type { Host } from './base/host.js';
import { keptKey } from './encryption/kept-key.js';
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

async function usersOf(
  { root, keys, host: { clock, random } }: OpenUsersOptions,
  documents: AccessDocuments,
): Promise<Users> {
  const { accessKeyId } = root;
  const kept = await documents.documents('key');
  return await Users.open({
    documents,
    root: { ...root, id: rootShownId(accessKeyId), displayName: accessKeyId },
    secretBox: new SecretBox(withKept(keys, kept, documents), random),
    random,
    nowUnixMs: () => clock.nowUnixMs(),
  });
}

/**
 * The same keys and those that the log keeps; none is made where some were used and are gone
 * (SPEC.md §15.4).
 */
function withKept(
  keys: SecretKeys,
  kept: Awaited<ReturnType<AccessDocuments['documents']>>,
  documents: AccessDocuments,
): SecretKeys {
  const values = new Map(kept.map(({ name, value }) => [name, value]));
  const find = (id: Uint8Array) => keys.find(id);
  return {
    place: keys.place,
    get current() {
      return keys.current;
    },
    find: (id) => find(id) ?? keptKey(id, (name) => values.get(name), find),
    async make() {
      const [used] = await documents.documents('key');
      if (used !== undefined) throw missingKey(used.name, keys.place);
      return await keys.make();
    },
  };
}
