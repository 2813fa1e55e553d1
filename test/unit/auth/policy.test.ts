import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AccessQuestion, verdictOf } from '../../../src/auth/policy-decision.js';
import { parsePolicy } from '../../../src/auth/policy-document.js';
import { isPublicPolicy } from '../../../src/auth/policy-publicity.js';
import { anonymous, type Principal, root } from '../../../src/auth/principal.js';

const it = suite('policies');

const id = (letter: string) => letter.repeat(64);
const alice: Principal = { is: 'user', name: 'alice', ownerId: id('a'), policies: [] };
const bob: Principal = { is: 'user', name: 'bob', ownerId: id('b'), policies: [] };

type Values = Readonly<Record<string, string | readonly string[]>>;

interface Asked {
  readonly who?: Principal;
  readonly action?: string;
  readonly resource?: string;
  readonly values?: Values;
}

function question({ who = alice, action = 'getobject', resource = 'b/k', values = {} }: Asked) {
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

const variable = (name: string) => `$\{${name}}`;

const allowed = {
  ...{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' },
};

function bucketPolicy(...statements: object[]) {
  return parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), 'b');
}

function verdict(statement: object, asked: Asked = {}): string {
  return verdictOf(bucketPolicy({ ...allowed, ...statement }), question(asked));
}

it('what no statement is about has nothing said of it', () => {
  assert.is(verdict({}), 'allowed');
  assert.is(verdict({}, { action: 'putobject' }), 'unsaid');
  assert.is(verdict({}, { resource: 'b' }), 'unsaid');
  assert.is(verdict({}, { resource: 'other/k' }), 'unsaid');
});

it('a Deny goes before every Allow, wherever it stands', () => {
  const deny = { ...allowed, Effect: 'Deny', Resource: 'arn:aws:s3:::b/secret/*' };
  for (const statements of [
    [allowed, deny],
    [deny, allowed],
  ]) {
    const policy = bucketPolicy(...statements);
    assert.is(verdictOf(policy, question({ resource: 'b/secret/k' })), 'denied');
    assert.is(verdictOf(policy, question({ resource: 'b/k' })), 'allowed');
  }
});

const principalCases: readonly (readonly [
  what: string,
  Principal: unknown,
  in_: readonly Principal[],
])[] = [
  ['anyone', '*', [root, alice, bob, anonymous]],
  ['anyone, as AWS', { AWS: '*' }, [root, alice, bob, anonymous]],
  ['a user', { AWS: 'arn:aws:iam:::user/alice' }, [alice]],
  ['a user with a path', { AWS: 'arn:aws:iam:::user/team/alice' }, [alice]],
  ['a user by the id', { AWS: `arn:aws:iam:::user/${id('a')}` }, [alice]],
  ['an owner', { AWS: id('a') }, [alice]],
  ['an owner as account', { AWS: `arn:aws:iam::${id('b')}:root` }, [bob]],
  ['a canonical user', { CanonicalUser: id('b') }, [bob]],
  ['several', { AWS: ['arn:aws:iam:::user/alice', id('b')] }, [alice, bob]],
  ['several kinds', { AWS: id('a'), CanonicalUser: id('b') }, [alice, bob]],
  ['root', { AWS: 'arn:aws:iam:::root' }, [root]],
];

for (const [what, Principal, meant] of principalCases)
  it(`a Principal that is ${what} means these and no others`, () => {
    for (const who of [root, alice, bob, anonymous]) {
      const isMeant = meant.includes(who);
      assert.is(verdict({ Principal }, { who }), isMeant ? 'allowed' : 'unsaid', who.name);
      const not = { Effect: 'Deny', Principal: undefined, NotPrincipal: Principal };
      assert.is(verdict(not, { who }), isMeant ? 'unsaid' : 'denied', `not ${who.name}`);
    }
  });

it('actions are alike in any case, and have wildcards', () => {
  for (const [Action, meant] of [
    ['s3:getobject', true],
    ['S3:GET*', true],
    ['s3:GetObj??t', true],
    ['s3:*', true],
    ['*', true],
    ['s3:GetObjectAcl', false],
    ['s3:Put*', false],
  ] as const)
    assert.is(verdict({ Action }) === 'allowed', meant, Action);
  const not = { Action: undefined, NotAction: ['s3:Put*', 's3:Delete*'] };
  assert.is(verdict(not), 'allowed');
  assert.is(verdict(not, { action: 'putobject' }), 'unsaid');
});

it('resources have wildcards, which pass over slashes, and a negation', () => {
  for (const [resource, pattern, meant] of [
    ['b/a/b/c', 'b/a*c', true],
    ['b/a/b/c', 'b/a*d', false],
    ['b/ab', 'b/a?', true],
    ['b/a', 'b/a?', false],
    ['b/**', 'b/*', true],
    ['b/', 'b/*', true],
    ['b', 'b/*', false],
    ['b', 'b*', true],
    ['b/x', '*', true],
    ['b/aXbXaXb', 'b/a*Xa*b', true],
  ] as const) {
    const Resource = pattern === '*' ? '*' : `arn:aws:s3:::${pattern}`;
    const Action = 's3:*';
    assert.is(verdict({ Action, Resource }, { resource }) === 'allowed', meant, pattern);
    const not = { Action, Resource: undefined, NotResource: Resource };
    assert.is(verdict(not, { resource }) === 'allowed', !meant, `not ${pattern}`);
  }
});

it('a pattern of many wildcards takes no time on a name that it almost matches', () => {
  const Resource = `arn:aws:s3:::b/${'*a'.repeat(500)}`;
  assert.is(verdict({ Resource }, { resource: `b/${'a'.repeat(400)}b` }), 'unsaid');
});

it('variables stand for values of the request, literally', () => {
  const Resource = `arn:aws:s3:::b/home/${variable('aws:username')}/*`;
  const home = { resource: 'b/home/al*ce/k' };
  assert.is(verdict({ Resource }, { ...home, values: { 'aws:username': 'al*ce' } }), 'allowed');
  assert.is(verdict({ Resource }, { ...home, values: { 'aws:username': '*' } }), 'unsaid');
  const other = { resource: 'b/home/alice/k', values: { 'aws:username': 'al*ce' } };
  assert.is(verdict({ Resource }, other), 'unsaid');
  assert.is(verdict({ Resource }, { resource: 'b/home//k' }), 'unsaid');
  const either = { Resource: `arn:aws:s3:::b/${variable("aws:username, 'nobody'")}` };
  assert.is(verdict(either, { resource: 'b/nobody' }), 'allowed');
  const literal = { Resource: `arn:aws:s3:::b/${variable('*')}${variable('?')}${variable('$')}` };
  assert.is(verdict(literal, { resource: 'b/*?$' }), 'allowed');
  assert.is(verdict(literal, { resource: 'b/xyz' }), 'unsaid');
  const old = { Version: '2008-10-17', Statement: { ...allowed, Resource } };
  const policy = parsePolicy(JSON.stringify(old), 'b');
  const asked = question({ resource: `b/home/${variable('aws:username')}/k` });
  assert.is(verdictOf(policy, asked), 'allowed');
});

/** An operator, a value of the policy, and values of the request with what comes of them. */
const conditionCases: readonly (readonly [
  operator: string,
  value: unknown,
  given: readonly (readonly [value: string | readonly string[] | undefined, holds: boolean])[],
])[] = [
  [
    'StringEquals',
    'a',
    [
      ['a', true],
      ['A', false],
      ['ab', false],
      [undefined, false],
    ],
  ],
  [
    'StringEquals',
    ['a', 'b'],
    [
      ['b', true],
      ['c', false],
    ],
  ],
  [
    'StringEquals',
    'a*',
    [
      ['a*', true],
      ['ab', false],
    ],
  ],
  [
    'StringNotEquals',
    ['a', 'b'],
    [
      ['a', false],
      ['c', true],
      [undefined, true],
    ],
  ],
  [
    'StringEqualsIgnoreCase',
    'aB',
    [
      ['Ab', true],
      ['b', false],
    ],
  ],
  [
    'StringNotEqualsIgnoreCase',
    'aB',
    [
      ['Ab', false],
      ['b', true],
      [undefined, true],
    ],
  ],
  [
    'StringLike',
    'home/*',
    [
      ['home/', true],
      ['home/x/y', true],
      ['hom', false],
    ],
  ],
  [
    'StringNotLike',
    'home/*',
    [
      ['home/x', false],
      ['x', true],
      [undefined, true],
    ],
  ],
  [
    'StringEqualsIfExists',
    'a',
    [
      ['a', true],
      ['b', false],
      [undefined, true],
    ],
  ],
  [
    'NumericEquals',
    '10',
    [
      ['10', true],
      ['10.0', true],
      ['1', false],
      ['x', false],
    ],
  ],
  [
    'NumericNotEquals',
    10,
    [
      ['10', false],
      ['1', true],
      [undefined, true],
    ],
  ],
  [
    'NumericLessThan',
    '10',
    [
      ['9', true],
      ['10', false],
      [undefined, false],
    ],
  ],
  [
    'NumericLessThanEquals',
    '10',
    [
      ['10', true],
      ['11', false],
    ],
  ],
  [
    'NumericGreaterThan',
    '10',
    [
      ['11', true],
      ['10', false],
    ],
  ],
  [
    'NumericGreaterThanEquals',
    '10',
    [
      ['10', true],
      ['9', false],
    ],
  ],
  [
    'DateEquals',
    '2026-01-01T00:00:00Z',
    [
      ['2026-01-01T01:00:00+01:00', true],
      ['0', false],
    ],
  ],
  [
    'DateLessThan',
    '2026-01-01T00:00:00Z',
    [
      ['2025-12-31T00:00:00Z', true],
      ['x', false],
    ],
  ],
  [
    'DateGreaterThan',
    '1767225600',
    [
      ['2026-01-01T00:00:01Z', true],
      ['1767225600', false],
    ],
  ],
  [
    'Bool',
    'true',
    [
      ['true', true],
      ['false', false],
      [undefined, false],
    ],
  ],
  [
    'Bool',
    false,
    [
      ['false', true],
      ['true', false],
    ],
  ],
  [
    'BoolIfExists',
    'false',
    [
      ['true', false],
      [undefined, true],
    ],
  ],
  [
    'IpAddress',
    '10.0.0.0/8',
    [
      ['10.1.2.3', true],
      ['11.0.0.1', false],
      ['::1', false],
    ],
  ],
  [
    'IpAddress',
    '0.0.0.0/0',
    [
      ['10.1.2.3', true],
      ['255.255.255.255', true],
    ],
  ],
  [
    'IpAddress',
    '2001:db8::/32',
    [
      ['2001:db8::1', true],
      ['2001:db9::1', false],
    ],
  ],
  [
    'IpAddress',
    '192.0.2.7',
    [
      ['192.0.2.7', true],
      ['::ffff:192.0.2.7', true],
      ['192.0.2.8', false],
    ],
  ],
  [
    'NotIpAddress',
    ['10.0.0.0/8', '::1'],
    [
      ['10.1.2.3', false],
      ['::1', false],
      ['1.1.1.1', true],
    ],
  ],
  [
    'ArnLike',
    'arn:aws:iam:::user/*',
    [
      ['arn:aws:iam:::user/alice', true],
      ['x', false],
    ],
  ],
  [
    'Null',
    'true',
    [
      [undefined, true],
      ['a', false],
    ],
  ],
  [
    'Null',
    false,
    [
      [undefined, false],
      ['a', true],
    ],
  ],
  [
    'ForAllValues:StringEquals',
    ['a', 'b'],
    [
      [['a', 'b'], true],
      [['a', 'c'], false],
      [[], true],
    ],
  ],
  [
    'ForAnyValue:StringEquals',
    ['a', 'b'],
    [
      [['c', 'b'], true],
      [['c'], false],
      [[], false],
    ],
  ],
  [
    'ForAllValues:StringNotEquals',
    ['a'],
    [
      [['b'], true],
      [['a', 'b'], false],
    ],
  ],
  [
    'ForAnyValue:StringLike',
    'a*',
    [
      [['b', 'ab'], true],
      [undefined, false],
    ],
  ],
];

for (const [operator, value, given] of conditionCases)
  it(`the condition ${operator} with ${JSON.stringify(value)} holds for these and no others`, () => {
    const Condition = { [operator]: { 'aws:TEST': value } };
    for (const [one, holds] of given) {
      const values = one === undefined ? {} : { 'aws:test': one };
      const found = verdict({ Condition }, { values }) === 'allowed';
      assert.is(found, holds, JSON.stringify(one));
    }
  });

it('all keys and operators of a condition must hold', () => {
  const Condition = {
    StringEquals: { 'aws:a': '1', 'aws:b': '2' },
    NumericLessThan: { 's3:max-keys': '10' },
  };
  const values = { 'aws:a': '1', 'aws:b': '2', 's3:max-keys': '5' };
  assert.is(verdict({ Condition }, { values }), 'allowed');
  for (const key of Object.keys(values))
    assert.is(verdict({ Condition }, { values: { ...values, [key]: '50' } }), 'unsaid', key);
});

it('a condition on a tag of the object is told, so that the tags are read first', () => {
  const Condition = { StringEquals: { 's3:ExistingObjectTag/Team': 'red' } };
  assert.is(bucketPolicy({ ...allowed, Condition }).readsObjectTags, true);
  assert.is(bucketPolicy(allowed).readsObjectTags, false);
  const values = { 's3:existingobjecttag/Team': 'red' };
  assert.is(verdict({ Condition }, { values }), 'allowed');
});

const malformed: readonly (readonly [what: string, document: unknown])[] = [
  ['no JSON', '{'],
  ['an array', '[]'],
  ['no statement', { Version: '2012-10-17' }],
  ['an empty statement', { Statement: [] }],
  ['another version', { Version: '2020-01-01', Statement: allowed }],
  ['an unknown element', { Statement: allowed, Extra: 1 }],
  ['an unknown element of a statement', { Statement: { ...allowed, Conditions: {} } }],
  ['an effect that is none', { Statement: { ...allowed, Effect: 'allow' } }],
  ['no principal', { Statement: { ...allowed, Principal: undefined } }],
  ['two principals', { Statement: { ...allowed, NotPrincipal: '*' } }],
  ['a principal that is none', { Statement: { ...allowed, Principal: { AWS: 'alice' } } }],
  [
    'a principal with a wildcard',
    { Statement: { ...allowed, Principal: { AWS: 'arn:aws:iam:::user/*' } } },
  ],
  ['a principal of another kind', { Statement: { ...allowed, Principal: { Service: 's3' } } }],
  [
    'an Allow with NotPrincipal',
    { Statement: { ...allowed, Principal: undefined, NotPrincipal: '*' } },
  ],
  ['no action', { Statement: { ...allowed, Action: undefined } }],
  ['two actions', { Statement: { ...allowed, NotAction: 's3:*' } }],
  ['an action that is none', { Statement: { ...allowed, Action: 's3:GetObjekt' } }],
  ['an action of another service', { Statement: { ...allowed, Action: 'sqs:SendMessage' } }],
  ['no resource', { Statement: { ...allowed, Resource: undefined } }],
  ['a resource of another bucket', { Statement: { ...allowed, Resource: 'arn:aws:s3:::c/*' } }],
  ['a resource that is no ARN', { Statement: { ...allowed, Resource: 'b/*' } }],
  ['an action on objects of a bucket', { Statement: { ...allowed, Resource: 'arn:aws:s3:::b' } }],
  ['an action on buckets of objects', { Statement: { ...allowed, Action: 's3:ListBucket' } }],
  [
    'an operator that is none',
    { Statement: { ...allowed, Condition: { Equals: { 'aws:a': '' } } } },
  ],
  [
    'an inherited operator',
    { Statement: { ...allowed, Condition: { toString: { 'aws:a': '' } } } },
  ],
  [
    'a key that is none',
    { Statement: { ...allowed, Condition: { Null: { 's3:nothing': true } } } },
  ],
  [
    'an address that is none',
    { Statement: { ...allowed, Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/33' } } } },
  ],
  [
    'a number that is none',
    { Statement: { ...allowed, Condition: { NumericEquals: { 's3:max-keys': 'x' } } } },
  ],
  [
    'a truth that is none',
    { Statement: { ...allowed, Condition: { Bool: { 'aws:SecureTransport': 'yes' } } } },
  ],
  [
    'a date that is none',
    { Statement: { ...allowed, Condition: { DateEquals: { 'aws:CurrentTime': 'now' } } } },
  ],
  ['more than 20 KiB', { Id: 'x'.repeat(20 * 1024), Statement: allowed }],
];

for (const [what, document] of malformed)
  it(`a policy with ${what} is none`, () => {
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    assert.throws(
      () => parsePolicy(text, 'b'),
      (error: Error) => error.name === 'PolicyError',
    );
  });

it("a user's policy names no principal, and any bucket", () => {
  const { Principal: _, ...own } = allowed;
  const policy = parsePolicy(JSON.stringify({ Statement: { ...own, Resource: '*' } }));
  assert.is(verdictOf(policy, question({ resource: 'any/thing' })), 'allowed');
  assert.throws(() => parsePolicy(JSON.stringify({ Statement: allowed })));
});

const publicity: readonly (readonly [what: string, statement: object, isPublic: boolean])[] = [
  ['for anyone', {}, true],
  ['for a user', { Principal: { AWS: id('a') } }, false],
  ['that denies anyone', { Effect: 'Deny' }, false],
  ['for fixed addresses', { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }, false],
  ['for all addresses', { Condition: { IpAddress: { 'aws:SourceIp': '0.0.0.0/0' } } }, true],
  ['for other addresses', { Condition: { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }, true],
  ['for a fixed name', { Condition: { StringEquals: { 'aws:username': 'alice' } } }, false],
  ['for names with a wildcard', { Condition: { StringLike: { 'aws:username': 'a*' } } }, true],
  ['where a prefix is given', { Condition: { StringEquals: { 's3:prefix': 'a' } } }, true],
];

for (const [what, statement, isPublic] of publicity)
  it(`an Allow ${what} is ${isPublic ? '' : 'not '}public`, () => {
    assert.is(
      isPublicPolicy(bucketPolicy({ ...allowed, ...statement, Action: 's3:*', Resource: '*' })),
      isPublic,
    );
  });

it.run();
