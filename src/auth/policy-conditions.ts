import { IpRange } from './ip-range.js';
import { PolicyError } from './policy-error.js';
import { conditionKey, PolicyPattern, type RequestValues } from './policy-pattern.js';

/** One line of a `Condition`: an operator, a key, and the values of the policy. */
export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
  /** Keys of the request that it reads, those of variables among them. */
  readonly reads: readonly string[];
  holds(request: RequestValues): boolean;
}

/** Whether a value of the request is one of the policy's. */
type Test = (given: string, request: RequestValues) => boolean;

interface Operator {
  /** It holds where no value is one of the policy's. */
  readonly negated?: true;
  /** @throws PolicyError for a value that makes no sense */
  readonly test: (value: string, withVariables: boolean) => Test & { keys?: readonly string[] };
}

const operators: Readonly<Record<string, Operator>> = {
  ...both('StringEquals', 'StringNotEquals', textTest(false, false)),
  ...both('StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase', textTest(false, true)),
  ...both('StringLike', 'StringNotLike', textTest(true, false)),
  ...both('ArnEquals', 'ArnNotEquals', textTest(true, false)),
  ...both('ArnLike', 'ArnNotLike', textTest(true, false)),
  ...both('BinaryEquals', 'BinaryNotEquals', textTest(false, false)),
  ...both(
    'NumericEquals',
    'NumericNotEquals',
    orderTest(numberOf, (a, b) => a === b),
  ),
  NumericLessThan: { test: orderTest(numberOf, (a, b) => a < b) },
  NumericLessThanEquals: { test: orderTest(numberOf, (a, b) => a <= b) },
  NumericGreaterThan: { test: orderTest(numberOf, (a, b) => a > b) },
  NumericGreaterThanEquals: { test: orderTest(numberOf, (a, b) => a >= b) },
  ...both(
    'DateEquals',
    'DateNotEquals',
    orderTest(timeOf, (a, b) => a === b),
  ),
  DateLessThan: { test: orderTest(timeOf, (a, b) => a < b) },
  DateLessThanEquals: { test: orderTest(timeOf, (a, b) => a <= b) },
  DateGreaterThan: { test: orderTest(timeOf, (a, b) => a > b) },
  DateGreaterThanEquals: { test: orderTest(timeOf, (a, b) => a >= b) },
  Bool: { test: orderTest(truthOf, (a, b) => a === b) },
  ...both('IpAddress', 'NotIpAddress', addressTest),
};

/**
 * @param operatorName with `ForAllValues:`, `ForAnyValue:` before it or `IfExists` behind it
 * @throws PolicyError
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export function compileCondition(
  operatorName: string,
  givenKey: string,
  values: readonly string[],
  withVariables: boolean,
): Condition {
  const [, set, name = '', ifExists] =
    /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operatorName) ?? [];
  const key = conditionKey(givenKey);
  checkKey(key);
  const described = { operator: operatorName, key, values };
  if (name === 'Null' && set === undefined && ifExists === undefined)
    return { ...described, reads: [key], holds: nullTest(key, values) };
  const operator = Object.hasOwn(operators, name) ? operators[name] : undefined;
  if (operator === undefined) throw new PolicyError(`Invalid Condition type : ${operatorName}`);
  const tests = values.map((value) => operator.test(value, withVariables));
  const { negated = false } = operator;
  const satisfies = (given: string, request: RequestValues) =>
    tests.some((test) => test(given, request)) !== negated;
  const ifAbsent = ifExists !== undefined || set === 'ForAllValues' || negated;
  return {
    ...described,
    reads: [key, ...tests.flatMap(({ keys = [] }) => keys)],
    holds: (request) => {
      const given = request(key);
      if (given === undefined || given.length === 0) return set !== 'ForAnyValue' && ifAbsent;
      // Without a word on sets: of a negated operator none may be meant, of others one must.
      const all = set === 'ForAllValues' || (set === undefined && negated);
      if (all) return given.every((each) => satisfies(each, request));
      return given.some((each) => satisfies(each, request));
    },
  };
}

function both(name: string, negation: string, test: Operator['test']) {
  return { [name]: { test }, [negation]: { test, negated: true } } as const;
}

function textTest(withWildcards: boolean, ignoreCase: boolean): Operator['test'] {
  return (value, withVariables) => {
    const pattern = new PolicyPattern(value, withVariables, withWildcards);
    const test: Test = (given, request) =>
      ignoreCase ? pattern.matchesInAnyCase(given, request) : pattern.matches(given, request);
    return Object.assign(test, { keys: pattern.keys });
  };
}

function orderTest<T>(
  read: (text: string) => T | undefined,
  holds: (given: T, value: T) => boolean,
): Operator['test'] {
  return (text) => {
    const value = read(text);
    if (value === undefined) throw new PolicyError(`Invalid condition value '${text}'`);
    return (givenText) => {
      const given = read(givenText);
      return given !== undefined && holds(given, value);
    };
  };
}

function addressTest(text: string): Test {
  const range = IpRange.parse(text);
  if (range === undefined) throw new PolicyError(`Invalid IP address or range '${text}'`);
  return (given) => range.has(given);
}

function nullTest(key: string, values: readonly string[]): Condition['holds'] {
  const truths = values.map(truthOf);
  if (truths.some((truth) => truth === undefined)) throw new PolicyError('Null is true or false');
  return (request) => truths.includes((request(key)?.length ?? 0) === 0);
}

function numberOf(text: string): number | undefined {
  return /^[+-]?\d{1,18}(\.\d{1,9})?$/.test(text.trim()) ? Number(text) : undefined;
}

/** ISO 8601, or seconds since 1970. */
function timeOf(text: string): number | undefined {
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000;
  const iso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(text);
  const timeMs = iso ? Date.parse(text) : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

function truthOf(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  if (lower === 'true') return true;
  return lower === 'false' ? false : undefined;
}

/** Those of S3's own that are looked up here: one that never has a value would mislead. */
const ownKeys = new Set(
  [
    'authType delimiter ExistingObjectTag/ if-match if-none-match max-keys object-lock-legal-hold',
    'object-lock-mode object-lock-remaining-retention-days object-lock-retain-until-date prefix',
    'RequestObjectTag/ RequestObjectTagKeys signatureAge signatureversion TlsVersion VersionId',
    'x-amz-acl x-amz-content-sha256 x-amz-copy-source x-amz-grant-full-control x-amz-grant-read',
    'x-amz-grant-read-acp x-amz-grant-write x-amz-grant-write-acp x-amz-metadata-directive',
    'x-amz-object-ownership x-amz-server-side-encryption x-amz-storage-class',
    'x-amz-server-side-encryption-aws-kms-key-id x-amz-website-redirect-location',
    'x-amz-server-side-encryption-customer-algorithm',
  ]
    .join(' ')
    .split(' ')
    .map((name) => `s3:${name.toLowerCase()}`),
);

function checkKey(key: string): void {
  const slash = key.indexOf('/');
  const name = slash === -1 ? key : key.slice(0, slash + 1);
  if (/^aws:[a-z0-9]+\/?$/.test(name) || ownKeys.has(name)) return;
  throw new PolicyError('Policy has an invalid condition key');
}
