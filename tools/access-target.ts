import type { MadeUser, NewUser, UserChanges, UserFacts } from '../src/auth/users.js';
import { loadConfig } from '../src/config.js';
import { nodeHost } from '../src/host/node-host.js';
import { openUsers } from '../src/open-users.js';
import { findCredentials } from '../src/root-credentials.js';
import { openStoreKeys, storeKeysPath } from '../src/store-keys.js';
import { directoryOf, endpointOf, openDirectory, type TargetArguments } from './open-target.js';
import { readAnswer } from './s3-answer.js';
import { S3Client, type S3Request } from './s3-client.js';

export interface PolicyName {
  readonly name: string;
  readonly builtIn: boolean;
}

/** Users and policies of a stopped store, or of a running one. */
export interface AccessTarget extends AsyncDisposable {
  list(): Promise<readonly UserFacts[]>;
  add(user: NewUser): Promise<MadeUser>;
  change(name: string, changes: UserChanges): Promise<UserFacts>;
  rotate(name: string, options: { readonly keepOld: boolean }): Promise<MadeUser>;
  remove(name: string): Promise<void>;
  attach(name: string, policy: string): Promise<UserFacts>;
  detach(name: string, policy: string): Promise<UserFacts>;
  policyNames(): Promise<readonly PolicyName[]>;
  policyText(name: string): Promise<string>;
  setPolicy(name: string, text: string): Promise<void>;
  removePolicy(name: string): Promise<void>;
}

export async function openAccess(options: TargetArguments): Promise<AccessTarget> {
  const endpoint = await endpointOf(options);
  if (endpoint !== undefined) return overHttp(new S3Client(endpoint));
  return await inDirectory(options.dir);
}

async function inDirectory(given: string | undefined): Promise<AccessTarget> {
  const dir = directoryOf(given, process.env);
  const config = loadConfig({ flags: { dir }, environment: process.env });
  const host = nodeHost(dir);
  const store = await openDirectory(given, false);
  try {
    // Root signs nothing here; its key, where there is one, is known so that nobody else has it.
    const root = (await findCredentials(config)) ?? { accessKeyId: '', secretAccessKey: '' };
    const keys = await openStoreKeys(storeKeysPath(dir, config.encryptionKeyFile), host.random);
    const warn = (message: string) => process.stderr.write(`${message}\n`);
    const users = await openUsers({ store, root, keys, host, warn });
    return {
      list: async () => users.list(),
      add: (user) => users.add(user),
      change: (name, changes) => users.change(name, changes),
      rotate: (name, keep) => users.rotate(name, keep),
      remove: (name) => users.remove(name),
      attach: (name, policy) => users.attach(name, policy),
      detach: (name, policy) => users.detach(name, policy),
      policyNames: async () => users.policyNames(),
      policyText: (name) => users.policyText(name),
      setPolicy: (name, text) => users.setPolicy(name, text),
      removePolicy: (name) => users.removePolicy(name),
      [Symbol.asyncDispose]: () => store.close(),
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function overHttp(client: S3Client): AccessTarget {
  async function ask<Answer>(method: S3Request['method'], key: string, body?: string) {
    const bytes = body === undefined ? {} : { body: Buffer.from(body) };
    const answer = await readAnswer(await client.request({ method, bucket: '_', key, ...bytes }));
    return JSON.parse(answer.length === 0 ? 'null' : answer.toString()) as Answer;
  }
  const user = (name: string) => `users/${name}`;
  return {
    list: async () => (await ask<{ users: UserFacts[] }>('GET', 'users')).users,
    add: (made) => ask('POST', 'users', JSON.stringify(made)),
    change: (name, changes) => ask('PUT', user(name), JSON.stringify(changes)),
    rotate: (name, keep) => ask('POST', `${user(name)}/rotate`, JSON.stringify(keep)),
    remove: (name) => ask('DELETE', user(name)),
    attach: (name, policy) => ask('PUT', `${user(name)}/policies/${policy}`),
    detach: (name, policy) => ask('DELETE', `${user(name)}/policies/${policy}`),
    policyNames: async () => (await ask<{ policies: PolicyName[] }>('GET', 'policies')).policies,
    policyText: async (name) =>
      (await ask<{ document: string }>('GET', `policies/${name}`)).document,
    setPolicy: (name, text) => ask('PUT', `policies/${name}`, text),
    removePolicy: (name) => ask('DELETE', `policies/${name}`),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
