import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { allowed, bucketPolicy, variable, verdict } from './policy-words.js';

const it = suite('conditions of policies');

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

it('a variable of a tag names it in its own case, where values are compared in any', () => {
  const wanted = { 's3:prefix': `of-${variable('s3:ExistingObjectTag/Dept')}` };
  const Condition = { StringEqualsIgnoreCase: wanted };
  const values = { 's3:prefix': 'OF-sales', 's3:existingobjecttag/Dept': 'Sales' };
  assert.is(verdict({ Condition }, { values }), 'allowed');
});

it.run();
