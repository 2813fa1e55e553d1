import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { verdictOf } from '../../../src/auth/policy-decision.js';
import { parsePolicy } from '../../../src/auth/policy-document.js';
import { isPublicPolicy } from '../../../src/auth/policy-publicity.js';
import { allowed, bucketPolicy, id, question } from './policy-words.js';

const it = suite('the grammar of policies');

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

for (const [document, message] of [
  ['Statement', "Policies must be valid JSON and the first byte must be '{'"],
  ['{"Statement"', 'This policy contains invalid Json'],
  ['{"Statement":[]}', 'Could not parse the policy: Statement is empty!'],
] as const)
  it(`the policy ${document} is refused in S3's words`, () => {
    assert.throws(
      () => parsePolicy(document, 'b'),
      (error: Error) => error.message === message,
    );
  });

it('names of statements are unique in the policy of a user', () => {
  const { Principal: _, ...own } = { ...allowed, Sid: 'one' };
  const both = (Sid: string) => JSON.stringify({ Statement: [own, { ...own, Sid }] });
  parsePolicy(both('two'));
  assert.throws(() => parsePolicy(both('one')), /must be unique/);
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
  ['for half of them', { Condition: { IpAddress: { 'aws:SourceIp': '128.0.0.0/1' } } }, true],
  ['for many of IPv6', { Condition: { IpAddress: { 'aws:SourceIp': '2000::/3' } } }, true],
  ['for some of IPv6', { Condition: { IpAddress: { 'aws:SourceIp': '2001:db8::/32' } } }, false],
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
