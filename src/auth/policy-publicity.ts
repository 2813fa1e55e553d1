import { IpRange } from './ip-range.js';
import type { Condition } from './policy-conditions.js';
import type { Policy } from './policy-document.js';

/** Keys whose fixed values tell who is meant, or from where. */
const narrowing = new Set([
  ...['aws:principalorgid', 'aws:principalorgpaths', 'aws:principalaccount', 'aws:principalarn'],
  ...['aws:sourcearn', 'aws:sourceaccount', 'aws:sourceowner', 'aws:sourcevpc', 'aws:sourcevpce'],
  ...['aws:userid', 'aws:username', 's3:x-amz-server-side-encryption-aws-kms-key-id'],
]);
const fixing = /^(?:ForAnyValue:)?(?:String(?:Equals|EqualsIgnoreCase|Like)|Arn(?:Equals|Like))$/;

/**
 * Whether a policy lets in everybody: some Allow is for anyone, and no condition of it holds for
 * fixed senders or places alone.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
 */
export function isPublicPolicy({ statements }: Policy): boolean {
  return statements.some(
    ({ effect, principals, conditions }) =>
      effect === 'Allow' && principals?.isAnyone === true && !conditions.some(isNarrow),
  );
}

function isNarrow({ operator, key, values }: Condition): boolean {
  if (key === 'aws:sourceip' && operator === 'IpAddress')
    return values.every((value) => IpRange.parse(value)?.isBroad === false);
  const isFixed = values.every((value) => !/[*?]|\$\{/.test(value));
  return fixing.test(operator) && narrowing.has(key) && isFixed;
}
