import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { postPolicyRefusal, readPostPolicy } from '../../../src/auth/post-policy.js';

const policies = suite('policies of forms');
const nowMs = Date.UTC(2026, 0, 1);
const expiration = '2026-01-01T00:00:01.000Z';

const encoded = (document: unknown) => Buffer.from(JSON.stringify(document)).toString('base64');

/** 'allowed', or why not. */
function verdict(conditions: readonly unknown[], fields: Readonly<Record<string, string>>): string {
  const policy = readPostPolicy(encoded({ expiration, conditions }));
  if (policy.is === 'refused') return policy.code;
  const refusal = postPolicyRefusal(policy, new Map(Object.entries(fields)), nowMs);
  return refusal === undefined ? 'allowed' : refusal.message.replace('Invalid according to ', '');
}

for (const [what, conditions, fields, expected] of [
  ['an exact value', [{ key: 'a' }], { key: 'a' }, 'allowed'],
  [
    'another value',
    [{ key: 'a' }],
    { key: 'b' },
    'Policy: Policy Condition failed: ["eq", "$key", "a"]',
  ],
  ['a prefix', [['starts-with', '$key', 'u/']], { key: 'u/a' }, 'allowed'],
  ['any value', [['starts-with', '$key', '']], { key: 'a' }, 'allowed'],
  ['words in any case', [['StArTs-WiTh', '$KEY', 'u']], { key: 'u' }, 'allowed'],
  ['two', [{ key: 'a' }, { acl: 'private' }], { key: 'a', acl: 'private' }, 'allowed'],
  [
    'a field that no condition names',
    [{ key: 'a' }],
    { key: 'a', acl: 'x' },
    'Policy: Extra input fields: acl',
  ],
  ['a bucket that no condition names', [], { bucket: 'b' }, 'Policy: Extra input fields: bucket'],
  ['fields to be ignored', [{ key: 'a' }], { key: 'a', 'x-ignore-me': 'x' }, 'allowed'],
  ['what proves the policy', [], { policy: 'p', 'x-amz-signature': 's' }, 'allowed'],
  [
    'a missing field',
    [['eq', '$acl', 'x']],
    {},
    'Policy: Policy Condition failed: ["eq", "$acl", "x"]',
  ],
  ['a range of sizes', [['content-length-range', 0, '10']], {}, 'allowed'],
  ['no condition', [{}], {}, 'InvalidPolicyDocument'],
  ['a number', [{ key: 1 }], {}, 'InvalidPolicyDocument'],
  ['a field without a dollar', [['eq', 'key', 'a']], {}, 'InvalidPolicyDocument'],
  ['an unknown word', [['ends-with', '$key', 'a']], {}, 'InvalidPolicyDocument'],
  ['a range of one end', [['content-length-range', 0]], {}, 'InvalidPolicyDocument'],
  ['a range backwards', [['content-length-range', 1, 0]], {}, 'InvalidPolicyDocument'],
  ['a negative size', [['content-length-range', -1, 0]], {}, 'InvalidPolicyDocument'],
] as const)
  policies(`${what}: ${expected}`, () => assert.is(verdict(conditions, fields), expected));

policies('conditions on sizes narrow one another', () => {
  const conditions = [
    ['content-length-range', 1, 9],
    ['content-length-range', 3, 20],
  ];
  const policy = readPostPolicy(encoded({ expiration, conditions }));
  assert.ok(policy.is === 'policy');
  assert.equal(policy.sizeRange, { minBytes: 3, maxBytes: 9 });
});

policies('faults 95: a policy holds until it expires', () => {
  const policy = readPostPolicy(encoded({ expiration, conditions: [] }));
  assert.ok(policy.is === 'policy');
  assert.is(postPolicyRefusal(policy, new Map(), nowMs + 999), undefined);
  assert.is(postPolicyRefusal(policy, new Map(), nowMs + 1000)?.code, 'AccessDenied');
});

for (const [what, text] of [
  ['no Base64', '\u0000'],
  ['no JSON', Buffer.from('{').toString('base64')],
  ['no object', encoded([])],
  ['no expiration', encoded({ conditions: [] })],
  ['an expiration in other words', encoded({ expiration: 'tomorrow', conditions: [] })],
  ['an expiration in other letters', encoded({ EXPIRATION: expiration, conditions: [] })],
  ['no conditions', encoded({ expiration })],
  ['a condition of two fields', encoded({ expiration, conditions: [{ key: 'a', acl: 'b' }] })],
  ['conditions that are no list', encoded({ expiration, conditions: {} })],
] as const)
  policies(`${what} is InvalidPolicyDocument`, () => {
    const policy = readPostPolicy(text);
    assert.ok(policy.is === 'refused' && policy.code === 'InvalidPolicyDocument');
  });

policies.run();
