import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { resourceKindOf } from '../../../../src/auth/actions.js';
import { operations } from '../../../../src/http/s3/operations.js';
import { rightOf } from '../../../../src/http/s3/rights.js';

const it = suite('rights of operations');

for (const { name, scope, takesVersion, handle } of operations)
  it(`${name} has a right that policies can name`, () => {
    const { action, versionAction } = rightOf(name);
    const kind = resourceKindOf.get(action.toLowerCase());
    assert.ok(kind !== undefined, action);
    if (name === 'DeleteObjects' || name === 'PostObject') assert.is(kind, 'object');
    else assert.is(kind, scope);
    if (versionAction === undefined) return;
    assert.ok(
      takesVersion || handle === undefined,
      'an action for versions is of an operation that takes them',
    );
    assert.is(resourceKindOf.get(versionAction.toLowerCase()), 'object');
  });

it('an operation without a right is a mistake of ours, and stops the process', () => {
  assert.throws(() => rightOf('constructor'), /no right is stated/);
  assert.throws(() => rightOf('PutBucketSomething'), /no right is stated/);
});

it.run();
