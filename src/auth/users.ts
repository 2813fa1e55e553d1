import { LogStoreError } from '../base/errors.js';
import { builtInPolicies, builtInTexts } from './built-in-policies.js';
import { type Credentials, checkCredentials, generateCredentials } from './credentials.js';
import { type Policy, parsePolicy, storedPolicy } from './policy-document.js';
import { PolicyError } from './policy-error.js';
import type { SecretBox } from './secret-box.js';
import { type OpenUser, type RootIdentity, UserDirectory } from './user-directory.js';
import { decodeUser, encodeUser, type StoredUser, userKeyCountMax } from './user-document.js';

/** Where users and policies are kept, and which of its keys were used: the store's. */
export interface AccessDocuments {
  documents(
    kind: 'user' | 'policy' | 'key',
  ): Promise<readonly { readonly name: string; readonly value: string }[]>;
  setDocument(kind: 'user' | 'policy', name: string, value: string | null): Promise<void>;
}

export interface UsersOptions {
  readonly documents: AccessDocuments;
  readonly root: RootIdentity;
  readonly secretBox: SecretBox;
  readonly random: { bytes(countBytes: number): Uint8Array };
  readonly nowUnixMs: () => number;
}

/** A user, as everybody may see it. */
export interface UserFacts {
  readonly name: string;
  readonly id: string;
  readonly displayName: string;
  readonly email: string;
  readonly enabled: boolean;
  readonly policies: readonly string[];
  readonly keys: readonly {
    readonly id: string;
    readonly enabled: boolean;
    readonly createdUnixMs: number;
  }[];
}

export interface NewUser {
  readonly name: string;
  readonly id?: string | undefined;
  readonly displayName?: string | undefined;
  readonly email?: string | undefined;
  readonly policies?: readonly string[] | undefined;
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
}

export interface UserChanges {
  readonly enabled?: boolean | undefined;
  readonly displayName?: string | undefined;
  readonly email?: string | undefined;
}

export interface MadeUser {
  readonly user: UserFacts;
  /** The one time that the secret is shown. */
  readonly credentials: Credentials;
}

/**
 * The users of a store and what they may do. One for each open store: it alone changes what the
 * store keeps of them, one change after another, and what it says is durable.
 */
export class Users {
  #directory: UserDirectory;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly options: UsersOptions,
    directory: UserDirectory,
  ) {
    this.#directory = directory;
  }

  /** @throws LogStoreError `INVALID_ARGUMENT` where the key of their secrets is missing */
  static async open(options: UsersOptions): Promise<Users> {
    const { documents, root } = options;
    const policies = new Map<string, Policy>();
    for (const { name, value } of await documents.documents('policy'))
      policies.set(name, storedPolicy(value));
    const users = new Map<string, OpenUser>();
    for (const { name, value } of await documents.documents('user')) {
      const stored = decodeUser(name, value);
      const secrets = new Map(
        stored.keys.map(({ id, secret }) => [id, options.secretBox.open(name, id, secret)]),
      );
      users.set(name, { stored, secrets });
    }
    return new Users(options, new UserDirectory(root, users, policies));
  }

  /** As it stands now; a later change makes another. */
  get directory(): UserDirectory {
    return this.#directory;
  }

  list(): UserFacts[] {
    return [...this.#directory.users.values()].map(({ stored }) => factsOf(stored)).sort(byName);
  }

  /** @throws LogStoreError `NO_SUCH_USER` */
  user(name: string): UserFacts {
    return factsOf(this.#openUser(name).stored);
  }

  /** @throws LogStoreError `USER_EXISTS`, `NO_SUCH_POLICY`, `INVALID_ARGUMENT` */
  add(wanted: NewUser): Promise<MadeUser> {
    return this.#inTurn(async () => {
      const { name, policies = [] } = wanted;
      if (name === 'root' || this.#directory.isUser(name))
        throw new LogStoreError('USER_EXISTS', `there is a user '${name}'`);
      for (const policy of policies) this.#checkPolicy(policy);
      const id = wanted.id ?? Buffer.from(this.options.random.bytes(32)).toString('hex');
      if (!/^[0-9a-f]{64}$/.test(id))
        throw new LogStoreError('INVALID_ARGUMENT', 'an id is 64 hexadecimal digits, lower case');
      if (this.#directory.isOwnerId(id))
        throw new LogStoreError('USER_EXISTS', `another user has the id ${id}`);
      const user = {
        ...{ name, id, displayName: shownText(wanted.displayName ?? name), enabled: true },
        ...{ email: this.#freeEmail(wanted.email ?? '', name), policies, keys: [] },
      };
      return await this.#addKey({ stored: user, secrets: new Map() }, wanted);
    });
  }

  /** A disabled user stays, and cannot sign. @throws LogStoreError `NO_SUCH_USER`, `USER_EXISTS` */
  change(name: string, changes: UserChanges): Promise<UserFacts> {
    return this.#change(name, (user) => ({
      ...user,
      enabled: changes.enabled ?? user.enabled,
      displayName: shownText(changes.displayName ?? user.displayName),
      email: this.#freeEmail(changes.email ?? user.email, name),
    }));
  }

  /**
   * Gives the user another key pair; the old ones end with it.
   * @param keepOld the newest of the old ones stays, until the next time
   */
  rotate(name: string, { keepOld = false }: { readonly keepOld?: boolean }): Promise<MadeUser> {
    return this.#inTurn(async () => {
      const { stored, secrets } = this.#openUser(name);
      const keys = keepOld ? stored.keys.slice(-(userKeyCountMax - 1)) : [];
      return await this.#addKey({ stored: { ...stored, keys }, secrets }, {});
    });
  }

  /** What the user owns stays, and is root's to use. */
  remove(name: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#openUser(name);
      await this.options.documents.setDocument('user', name, null);
      const users = new Map(this.#directory.users);
      users.delete(name);
      this.#renew(users, this.#directory.policies);
    });
  }

  /** @throws LogStoreError `NO_SUCH_USER`, `NO_SUCH_POLICY` */
  attach(name: string, policy: string): Promise<UserFacts> {
    return this.#change(name, (user) => {
      this.#checkPolicy(policy);
      if (user.policies.includes(policy)) return user;
      return { ...user, policies: [...user.policies, policy] };
    });
  }

  detach(name: string, policy: string): Promise<UserFacts> {
    return this.#change(name, (user) => {
      if (!user.policies.includes(policy)) throw noSuchPolicy(policy);
      return { ...user, policies: user.policies.filter((each) => each !== policy) };
    });
  }

  policyNames(): { readonly name: string; readonly builtIn: boolean }[] {
    const own = [...this.#directory.policies.keys()].map((name) => ({ name, builtIn: false }));
    const others = [...builtInPolicies.keys()].map((name) => ({ name, builtIn: true }));
    return [...own, ...others].sort(byName);
  }

  /** @throws LogStoreError `NO_SUCH_POLICY` */
  async policyText(name: string): Promise<string> {
    const builtIn = builtInTexts.get(name);
    if (builtIn !== undefined) return builtIn;
    const all = await this.options.documents.documents('policy');
    const found = all.find((document) => document.name === name);
    if (found === undefined) throw noSuchPolicy(name);
    return found.value;
  }

  /** @throws LogStoreError `INVALID_ARGUMENT` for what is no policy of users */
  setPolicy(name: string, text: string): Promise<void> {
    return this.#inTurn(async () => {
      checkNotBuiltIn(name);
      const policy = parsedPolicy(text);
      await this.options.documents.setDocument('policy', name, text);
      this.#renew(this.#directory.users, new Map(this.#directory.policies).set(name, policy));
    });
  }

  /** @throws LogStoreError `NO_SUCH_POLICY`; `POLICY_IN_USE` while some user has it */
  removePolicy(name: string): Promise<void> {
    return this.#inTurn(async () => {
      checkNotBuiltIn(name);
      if (!this.#directory.policies.has(name)) throw noSuchPolicy(name);
      const holder = this.list().find(({ policies }) => policies.includes(name));
      if (holder !== undefined)
        throw new LogStoreError('POLICY_IN_USE', `the user '${holder.name}' has it`);
      await this.options.documents.setDocument('policy', name, null);
      const policies = new Map(this.#directory.policies);
      policies.delete(name);
      this.#renew(this.#directory.users, policies);
    });
  }

  async #addKey(
    { stored, secrets }: OpenUser,
    wanted: Pick<NewUser, 'accessKeyId' | 'secretAccessKey'>,
  ): Promise<MadeUser> {
    const { random } = this.options;
    const made = generateCredentials(random);
    const accessKeyId = wanted.accessKeyId ?? made.accessKeyId;
    const secretAccessKey = wanted.secretAccessKey ?? made.secretAccessKey;
    const credentials = checkCredentials(accessKeyId, secretAccessKey);
    if (this.#directory.hasKey(accessKeyId))
      throw new LogStoreError('USER_EXISTS', `another user has the access key ${accessKeyId}`);
    const { secretBox } = this.options;
    const secret = await secretBox.seal(stored.name, accessKeyId, secretAccessKey);
    const createdUnixMs = this.options.nowUnixMs();
    const key = { id: accessKeyId, secret, enabled: true, createdUnixMs };
    const user = { ...stored, keys: [...stored.keys, key] };
    await this.#keep(user, new Map(secrets).set(accessKeyId, secretAccessKey));
    return { user: factsOf(user), credentials };
  }

  #change(name: string, change: (user: StoredUser) => StoredUser): Promise<UserFacts> {
    return this.#inTurn(async () => {
      const { stored, secrets } = this.#openUser(name);
      const changed = change(stored);
      await this.#keep(changed, secrets);
      return factsOf(changed);
    });
  }

  async #keep(user: StoredUser, secrets: ReadonlyMap<string, string>): Promise<void> {
    await this.options.documents.setDocument('user', user.name, encodeUser(user));
    const own = new Map([...secrets].filter(([id]) => user.keys.some((key) => key.id === id)));
    const users = new Map(this.#directory.users).set(user.name, { stored: user, secrets: own });
    this.#renew(users, this.#directory.policies);
  }

  #renew(users: UserDirectory['users'], policies: UserDirectory['policies']): void {
    this.#directory = new UserDirectory(this.options.root, users, policies);
  }

  #openUser(name: string): OpenUser {
    const found = this.#directory.users.get(name);
    if (found === undefined) throw new LogStoreError('NO_SUCH_USER', `no user '${name}'`);
    return found;
  }

  #checkPolicy(name: string): void {
    if (!builtInPolicies.has(name) && !this.#directory.policies.has(name)) throw noSuchPolicy(name);
  }

  #freeEmail(email: string, ofUser: string): string {
    if (email === '') return email;
    if (!/^[^\s@]{1,64}@[^\s@]{1,189}$/.test(email))
      throw new LogStoreError('INVALID_ARGUMENT', `'${email}' is no email address`);
    const id = this.#directory.ownerIdOfEmail(email);
    if (id === undefined || this.#directory.users.get(ofUser)?.stored.id === id) return email;
    throw new LogStoreError('USER_EXISTS', `another user has the email address ${email}`);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined); // told to its own caller; the next goes on
    return done;
  }
}

function factsOf({ keys, ...user }: StoredUser): UserFacts {
  const rows = keys.map(({ id, enabled, createdUnixMs }) => ({ id, enabled, createdUnixMs }));
  return { ...user, keys: rows };
}

function parsedPolicy(text: string): Policy {
  try {
    return parsePolicy(text);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new LogStoreError('INVALID_ARGUMENT', error.message, { cause: error });
  }
}

/** It stands in answers and in listings: one line, and not a long one. */
function shownText(text: string): string {
  if (/^[^\p{Cc}\p{Surrogate}]{1,128}$/u.test(text)) return text;
  throw new LogStoreError('INVALID_ARGUMENT', 'a display name is 1 to 128 printable characters');
}

function checkNotBuiltIn(name: string): void {
  if (!builtInPolicies.has(name)) return;
  throw new LogStoreError('INVALID_ARGUMENT', `the policy '${name}' is built in`);
}

function noSuchPolicy(name: string): LogStoreError {
  return new LogStoreError('NO_SUCH_POLICY', `no policy '${name}'`);
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
