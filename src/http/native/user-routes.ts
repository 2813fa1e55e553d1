import type { Users } from '../../auth/users.js';
import { S3Error } from '../s3/s3-error.js';
import {
  booleanMember,
  membersOf,
  type RootRequest,
  textMember,
  textsMember,
} from './json-request.js';

/** One route of users and policies, below `/_`; root alone may ask. */
export interface UserRoute {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  /** A word for the log where it changes anything. */
  readonly did?: string;
  /** @returns the answer, written as JSON; nothing: 204 */
  readonly answer: (
    users: Users,
    names: readonly string[],
    request: RootRequest,
  ) => Promise<object | undefined>;
}

const newUserMembers = [
  ...['name', 'id', 'displayName', 'email', 'policies', 'accessKeyId', 'secretAccessKey'],
];

/** Every route of users and policies. */
export const userRoutes: readonly UserRoute[] = [
  {
    method: 'GET',
    path: '/users',
    answer: async (users) => ({ users: users.list() }),
  },
  {
    method: 'POST',
    path: '/users',
    did: 'user added',
    answer: (users, _, { json }) => {
      const given = membersOf(json, newUserMembers);
      const name = textMember(given.name, 'name');
      if (name === undefined) throw new S3Error('InvalidRequest', 'A user has a name.');
      return users.add({
        ...{ name, policies: textsMember(given.policies, 'policies') },
        ...{ id: textMember(given.id, 'id'), email: textMember(given.email, 'email') },
        displayName: textMember(given.displayName, 'displayName'),
        accessKeyId: textMember(given.accessKeyId, 'accessKeyId'),
        secretAccessKey: textMember(given.secretAccessKey, 'secretAccessKey'),
      });
    },
  },
  {
    method: 'GET',
    path: '/users/:user',
    answer: async (users, [name = '']) => users.user(name),
  },
  {
    method: 'PUT',
    path: '/users/:user',
    did: 'user changed',
    answer: (users, [name = ''], { json }) => {
      const given = membersOf(json, ['enabled', 'displayName', 'email']);
      return users.change(name, {
        enabled: booleanMember(given.enabled, 'enabled'),
        displayName: textMember(given.displayName, 'displayName'),
        email: textMember(given.email, 'email'),
      });
    },
  },
  {
    method: 'POST',
    path: '/users/:user/rotate',
    did: 'key pair of user rotated',
    answer: (users, [name = ''], { json }) => {
      const { keepOld } = membersOf(json, ['keepOld']);
      return users.rotate(name, { keepOld: booleanMember(keepOld, 'keepOld') ?? false });
    },
  },
  {
    method: 'DELETE',
    path: '/users/:user',
    did: 'user removed',
    answer: async (users, [name = '']) => {
      await users.remove(name);
      return undefined;
    },
  },
  {
    method: 'PUT',
    path: '/users/:user/policies/:policy',
    did: 'policy attached',
    answer: (users, [name = '', policy = '']) => users.attach(name, policy),
  },
  {
    method: 'DELETE',
    path: '/users/:user/policies/:policy',
    did: 'policy detached',
    answer: (users, [name = '', policy = '']) => users.detach(name, policy),
  },
  {
    method: 'GET',
    path: '/policies',
    answer: async (users) => ({ policies: users.policyNames() }),
  },
  {
    method: 'GET',
    path: '/policies/:policy',
    answer: async (users, [name = '']) => ({ name, document: await users.policyText(name) }),
  },
  {
    method: 'PUT',
    path: '/policies/:policy',
    did: 'policy set',
    answer: async (users, [name = ''], { text }) => {
      await users.setPolicy(name, text);
      return undefined;
    },
  },
  {
    method: 'DELETE',
    path: '/policies/:policy',
    did: 'policy removed',
    answer: async (users, [name = '']) => {
      await users.removePolicy(name);
      return undefined;
    },
  },
];
