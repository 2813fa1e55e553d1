import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { verdictOf } from '../../../src/auth/policy-decision.js';
import { parsePolicy } from '../../../src/auth/policy-document.js';
import { anonymous, type Principal, root } from '../../../src/auth/principal.js';
import {
  alice,
  allowed,
  bob,
  bucketPolicy,
  id,
  question,
  variable,
  verdict,
} from './policy-words.js';

const it = suite('policies');

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

it('nor does one of long pieces, asked for each of many keys', () => {
  const values = { 'aws:referer': 'a'.repeat(30_000) };
  const verdicts = new Set<string>();
  for (const piece of [`${'a'.repeat(10_000)}b`, `${'a?'.repeat(5_000)}b`]) {
    const Condition = { StringLike: { 'aws:referer': `*${piece}*` } };
    const policy = bucketPolicy({ ...allowed, Condition });
    for (let key = 0; key < 30; key += 1) verdicts.add(verdictOf(policy, question({ values })));
  }
  assert.equal([...verdicts], ['unsaid']);
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

it.run();
