import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Acl, decodeAcl, encodeAcl, groups, permissions } from '../../src/auth/acl.js';
import { verdictOf } from '../../src/auth/policy-decision.js';
import { parsePolicy } from '../../src/auth/policy-document.js';
import { PolicyError } from '../../src/auth/policy-error.js';
import { matchesWildcards, PolicyPattern } from '../../src/auth/policy-pattern.js';
import { bucketPolicy, question } from '../unit/auth/policy-words.js';

const it = suite('policies and grants, any content');

const few = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '?', '.'), maxLength: 12 });

/** The same by a regular expression. */
function meant(pattern: string, text: string): boolean {
  const escaped = pattern.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  const source = escaped.replaceAll('\\*', '[^]*').replaceAll('\\?', '[^]');
  return new RegExp(`^${source}$`).test(text);
}

it('a pattern matches what its wildcards say', () => {
  fc.assert(
    fc.property(few, few, (pattern, text) => {
      assert.is(matchesWildcards(pattern, text), meant(pattern, text));
      const compiled = new PolicyPattern(pattern, true);
      assert.is(
        compiled.matches(text, () => undefined),
        meant(pattern, text),
      );
    }),
    { numRuns: 5_000 },
  );
});

it('so does one whose pieces are long, in a text that nearly holds them', () => {
  const piece = fc.string({
    ...{ unit: fc.constantFrom('a', 'a', 'a', 'b', '?', '€'), minLength: 20, maxLength: 90 },
  });
  const around = fc.string({ unit: fc.constantFrom('a', 'b', '€'), maxLength: 60 });
  const changed = fc.nat(200);
  fc.assert(
    fc.property(piece, piece, around, around, changed, (one, other, before, after, index) => {
      const pattern = `*${one}*${other}*`;
      const whole = `${before}${one}${after}${other}${before}`.replaceAll('?', 'b');
      const text = `${whole.slice(0, index)}b${whole.slice(index + 1)}`;
      assert.ok(matchesWildcards(pattern, whole));
      assert.is(matchesWildcards(pattern, text), meant(pattern, text));
    }),
    { numRuns: 2_000 },
  );
});

it('what a variable gives matches itself alone', () => {
  fc.assert(
    fc.property(few, few, few, (before, value, text) => {
      const pattern = new PolicyPattern(`${before.replace(/[*?]/g, '')}$\{aws:username}`, true);
      const literal = before.replace(/[*?]/g, '') + value;
      assert.ok(pattern.matches(literal, () => [value]));
      assert.is(
        pattern.matches(text, () => [value]),
        text === literal,
      );
    }),
    { numRuns: 2_000 },
  );
});

const words = fc.constantFrom<unknown>(
  ...['Allow', 'Deny', '*', 's3:GetObject', 's3:*', 'arn:aws:s3:::b/*', 'arn:aws:s3:::b'],
  ...['2012-10-17', { AWS: '*' }, { AWS: 'x' }, [], {}, null, 7, true, ''],
  ...[{ StringEquals: { 'aws:a': 'b' } }, { Bool: { 'aws:a': 7 } }, { IpAddress: { 'aws:a': '' } }],
);
const names = ['Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Resource'] as const;
const statement = fc.dictionary(
  fc.constantFrom(...names, 'NotResource', 'Condition', 'Sid'),
  words,
);
const document = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(fc.constantFrom('Version', 'Id', 'Statement'), fc.oneof(words, statement)),
  fc.record({ Version: words, Statement: fc.array(statement, { maxLength: 3 }) }),
);

it('whatever is sent is a policy or refused as none', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        document.map((each) => JSON.stringify(each)),
        fc.string(),
      ),
      (text) => {
        for (const bucket of ['b', undefined]) {
          try {
            verdictOf(parsePolicy(text, bucket), question({}));
          } catch (error) {
            assert.instance(error, PolicyError);
          }
        }
      },
    ),
    { numRuns: 3_000 },
  );
});

const effects = fc.array(
  fc.record({
    Effect: fc.constantFrom('Allow', 'Deny'),
    Action: fc.constantFrom('s3:GetObject', 's3:PutObject', 's3:*'),
    resource: fc.constantFrom('b/*', 'b/k', 'b/other'),
  }),
  { minLength: 1, maxLength: 6 },
);

it('the order of statements means nothing, and a Deny is final', () => {
  fc.assert(
    fc.property(effects, (given) => {
      const statements = given.map(({ Effect, Action, resource }) => {
        return { Effect, Action, Principal: '*', Resource: `arn:aws:s3:::${resource}` };
      });
      const forward = verdictOf(bucketPolicy(...statements), question({}));
      assert.is(verdictOf(bucketPolicy(...statements.toReversed()), question({})), forward);
      const about = given.filter(
        ({ Action, resource }) => Action !== 's3:PutObject' && resource !== 'b/other',
      );
      const denied = about.some(({ Effect }) => Effect === 'Deny');
      const expected = denied ? 'denied' : about.length > 0 ? 'allowed' : 'unsaid';
      assert.is(forward, expected);
    }),
    { numRuns: 2_000 },
  );
});

const ownerId = fc.constantFrom('', 'a'.repeat(64), '0123456789abcdef'.repeat(4));
const acl: fc.Arbitrary<Acl> = fc.record(
  {
    ownerId,
    grants: fc.array(
      fc.record(
        {
          permission: fc.constantFrom(...permissions),
          grantee: fc.oneof(
            fc.record({ is: fc.constant('owner' as const), id: ownerId }, plain()),
            fc.record(
              { is: fc.constant('group' as const), group: fc.constantFrom(...groups) },
              plain(),
            ),
          ),
        },
        plain(),
      ),
      { maxLength: 100 },
    ),
  },
  plain(),
);

function plain(): { noNullPrototype: true } {
  return { noNullPrototype: true };
}

it('a list of grants is read back as it was written, and no other text is one', () => {
  fc.assert(fc.property(acl, (given) => assert.equal(decodeAcl(encodeAcl(given)), given)));
  const wrong = ['', 'x\n', '\nREAD\n', '\nREAD id=\nx', '\nREAD group=Nobody\n', '\nALL id=\n'];
  for (const text of wrong) assert.throws(() => decodeAcl(text), /no|none/, JSON.stringify(text));
});

it.run();
