import { type AccessQuestion, verdictOf } from '../../../src/auth/policy-decision.js';
import { parsePolicy } from '../../../src/auth/policy-document.js';
import type { Principal } from '../../../src/auth/principal.js';

export const id = (letter: string) => letter.repeat(64);
export const alice: Principal = { is: 'user', name: 'alice', ownerId: id('a'), policies: [] };
export const bob: Principal = { is: 'user', name: 'bob', ownerId: id('b'), policies: [] };

type Values = Readonly<Record<string, string | readonly string[]>>;

interface Asked {
  readonly who?: Principal;
  readonly action?: string;
  readonly resource?: string;
  readonly values?: Values;
}

export function question({
  who = alice,
  action = 'getobject',
  resource = 'b/k',
  values = {},
}: Asked) {
  const asked: AccessQuestion = {
    ...{ principal: who, action, resource },
    shownId: who.is === 'anonymous' ? undefined : who.ownerId || id('f'),
    values: (key) => {
      const value = values[key];
      return typeof value === 'string' ? [value] : value;
    },
  };
  return asked;
}

export const variable = (name: string) => `$\{${name}}`;

export const allowed = {
  ...{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' },
};

export function bucketPolicy(...statements: object[]) {
  return parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), 'b');
}

export function verdict(statement: object, asked: Asked = {}): string {
  return verdictOf(bucketPolicy({ ...allowed, ...statement }), question(asked));
}
