import { type ResourceKind, resourceKindOf } from './actions.js';
import { type Condition, compileCondition } from './policy-conditions.js';
import { PolicyError } from './policy-error.js';
import { matchesWildcards, PolicyPattern, type RequestValues } from './policy-pattern.js';
import { PolicyPrincipals } from './policy-principals.js';

/** S3's own limit of a bucket's policy; of users' policies here too. */
export const policyBytesMax = 20 * 1024;
const statementCountMax = 1_000;

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  /** Only in policies of buckets. */
  readonly principals: PolicyPrincipals | undefined;
  readonly conditions: readonly Condition[];
  /** @param action in lower case, without `s3:` */
  covers(action: string): boolean;
  /** @param resource `bucket` or `bucket/key`; empty for the service */
  isAbout(resource: string, values: RequestValues): boolean;
}

export interface Policy {
  readonly statements: readonly Statement[];
  /** Whether it looks at the tags that an object has: they must be read before it is asked. */
  readonly readsObjectTags: boolean;
  /** The same of the tags that a request brings, perhaps in its body. */
  readonly readsRequestTags: boolean;
}

/** What stands behind it is the tag's name. */
export const objectTagPrefix = 's3:existingobjecttag/';
/** Behind it stands `/` and a tag's name, or `keys`. */
export const requestTagPrefix = 's3:requestobjecttag';

const elements = new Set(['Version', 'Id', 'Statement']);
const statementElements = new Set([
  ...['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction'],
  ...['Resource', 'NotResource', 'Condition'],
]);
/** S3's names say nothing of region and account; `*` there means no more. */
const arnPattern = /^arn:aws[a-z-]*:s3:\*?:\*?:(.+)$/s;

/**
 * Reads a policy of a bucket, or without one that of users.
 * @param bucket the policy is of this bucket: it names principals, and resources there alone
 * @throws PolicyError
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export function parsePolicy(text: string, bucket?: string): Policy {
  if (Buffer.byteLength(text) > policyBytesMax)
    throw new PolicyError(`Policies must be ${policyBytesMax} bytes or less`);
  const document = objectOf(jsonOf(text), elements, 'policy');
  const version = document.Version ?? '2008-10-17';
  if (version !== '2012-10-17' && version !== '2008-10-17')
    throw new PolicyError('The policy must contain a valid version string');
  if (document.Id !== undefined) textOf(document.Id, 'Id');
  const { Statement: given } = document;
  if (given === undefined) throw new PolicyError('Missing required field Statement');
  const all: unknown[] = Array.isArray(given) ? given : [given];
  if (all.length === 0) throw new PolicyError('Could not parse the policy: Statement is empty!');
  if (all.length > statementCountMax)
    throw new PolicyError(`Policies have ${statementCountMax} statements or less`);
  if (bucket === undefined) checkSids(all);
  const withVariables = version === '2012-10-17';
  const parsed = all.map((each) => parseStatement(each, bucket, withVariables));
  const read = parsed.flatMap((each) => each.read);
  return {
    statements: parsed.map(({ statement }) => statement),
    readsObjectTags: read.some((key) => key.startsWith(objectTagPrefix)),
    readsRequestTags: read.some((key) => key.startsWith(requestTagPrefix)),
  };
}

/** IAM's own rule, which S3 does not have. */
function checkSids(statements: readonly unknown[]): void {
  const seen = new Set<unknown>();
  for (const statement of statements) {
    const sid = (statement as { readonly Sid?: unknown } | null)?.Sid;
    if (sid !== undefined && seen.has(sid))
      throw new PolicyError('Statement IDs (SID) in a single policy must be unique.');
    seen.add(sid);
  }
}

/** One that was taken once. If it cannot be read any more, it may have denied anything. */
export function storedPolicy(text: string, bucket?: string): Policy {
  try {
    return parsePolicy(text, bucket);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const everybody = bucket === undefined ? {} : { Principal: '*' };
    const Statement = { ...everybody, Effect: 'Deny', Action: '*', Resource: '*' };
    return parsePolicy(JSON.stringify({ Statement }), bucket);
  }
}

function parseStatement(
  given: unknown,
  bucket: string | undefined,
  withVariables: boolean,
): { statement: Statement; read: readonly string[] } {
  const fields = objectOf(given, statementElements, 'statement');
  if (fields.Sid !== undefined) textOf(fields.Sid, 'Sid');
  const { Effect: effect } = fields;
  if (effect !== 'Allow' && effect !== 'Deny')
    throw new PolicyError(`Invalid effect: ${shown(effect)}`);
  const principals = principalsOf(fields, bucket !== undefined, effect);
  const actions = actionsOf(fields);
  const resources = resourcesOf(fields, bucket, withVariables);
  if (bucket !== undefined) checkApplies(fields, actions.texts, resources.kinds);
  const conditions = conditionsOf(fields.Condition, withVariables);
  const read = [...resources.keys, ...conditions.flatMap(({ reads }) => reads)];
  const { covers } = actions;
  const { isAbout } = resources;
  return { statement: { effect, principals, conditions, covers, isAbout }, read };
}

function principalsOf(
  { Principal, NotPrincipal }: Fields,
  wanted: boolean,
  effect: string,
): PolicyPrincipals | undefined {
  const count = Number(Principal !== undefined) + Number(NotPrincipal !== undefined);
  if (count !== (wanted ? 1 : 0))
    throw new PolicyError(
      wanted ? 'Missing required field Principal' : 'Policies of users name no principal',
    );
  if (!wanted) return undefined;
  if (NotPrincipal === undefined) return PolicyPrincipals.parse(Principal, false);
  if (effect === 'Allow') throw new PolicyError('Allow with NotPrincipal is not allowed');
  return PolicyPrincipals.parse(NotPrincipal, true);
}

function actionsOf(fields: Fields): { covers: Statement['covers']; texts: readonly string[] } {
  const { texts, negated } = oneOf(fields, 'Action');
  const patterns = texts.map((text) => {
    if (text === '*') return text;
    const pattern = /^s3:([\w*?]+)$/i.exec(text)?.[1]?.toLowerCase();
    const isKnown = [...resourceKindOf.keys()].some((each) => matches(pattern ?? '', each));
    if (pattern === undefined || !isKnown) throw new PolicyError('Policy has invalid action');
    return pattern;
  });
  const covered = new Map<string, boolean>();
  const covers = (action: string) => {
    let known = covered.get(action);
    if (known === undefined) {
      known = patterns.some((pattern) => matches(pattern, action)) !== negated;
      covered.set(action, known); // actions are few
    }
    return known;
  };
  return { covers, texts: patterns };
}

function matches(pattern: string, action: string): boolean {
  return pattern === action || matchesWildcards(pattern, action);
}

interface Resources {
  readonly isAbout: Statement['isAbout'];
  readonly keys: readonly string[];
  readonly kinds: ReadonlySet<ResourceKind>;
}

function resourcesOf(
  fields: Fields,
  bucket: string | undefined,
  withVariables: boolean,
): Resources {
  const { texts, negated } = oneOf(fields, 'Resource');
  const kinds = new Set<ResourceKind>();
  const patterns = texts.map((text) => {
    const name = text === '*' ? text : arnPattern.exec(text)?.[1];
    if (name === undefined || (bucket !== undefined && !mayName(name, bucket)))
      throw new PolicyError('Policy has invalid resource');
    const slash = name.indexOf('/');
    if (slash === -1) kinds.add('bucket');
    if (slash !== -1 || name.includes('*')) kinds.add('object');
    return new PolicyPattern(name, withVariables);
  });
  return {
    isAbout: (resource, values) =>
      patterns.some((pattern) => pattern.matches(resource, values)) !== negated,
    keys: patterns.flatMap((pattern) => pattern.keys),
    kinds,
  };
}

/** A policy of one bucket says nothing of others. */
function mayName(name: string, bucket: string): boolean {
  const slash = name.indexOf('/');
  const ofBucket = slash === -1 ? name : name.slice(0, slash);
  return matchesWildcards(ofBucket, bucket);
}

/** An action on objects with a resource that is no object is a mistake, and the other way round. */
function checkApplies(
  { NotAction, NotResource }: Fields,
  actions: readonly string[],
  kinds: ReadonlySet<ResourceKind>,
): void {
  if (NotAction !== undefined || NotResource !== undefined) return;
  for (const action of actions) {
    const kind = resourceKindOf.get(action);
    if (kind !== undefined && !kinds.has(kind))
      throw new PolicyError('Action does not apply to any resource(s) in statement');
  }
}

function conditionsOf(given: unknown, withVariables: boolean): Condition[] {
  if (given === undefined) return [];
  const conditions: Condition[] = [];
  for (const [operator, ofKeys] of Object.entries(objectOf(given, undefined, 'Condition'))) {
    for (const [key, value] of Object.entries(objectOf(ofKeys, undefined, operator))) {
      const values = conditionValues(value);
      conditions.push(compileCondition(operator, key, values, withVariables));
    }
  }
  return conditions;
}

function conditionValues(value: unknown): string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  if (values.length === 0) throw new PolicyError('A condition has no value');
  return values.map((each) => {
    if (typeof each === 'string') return each;
    if (typeof each === 'number' || typeof each === 'boolean') return String(each);
    throw new PolicyError('The value of a condition is text, a number, or true or false');
  });
}

type Fields = Readonly<Record<string, unknown>>;

/** `Action` or `NotAction`, `Resource` or `NotResource`: one of the two, as a list of texts. */
function oneOf(fields: Fields, name: 'Action' | 'Resource') {
  const [given, not] = [fields[name], fields[`Not${name}`]];
  if ((given === undefined) === (not === undefined))
    throw new PolicyError(`Missing required field ${name}`);
  const value = given ?? not;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw new PolicyError(`${name} is empty`);
  return { texts: list.map((each) => textOf(each, name)), negated: given === undefined };
}

function jsonOf(text: string): unknown {
  if (!text.startsWith('{'))
    throw new PolicyError("Policies must be valid JSON and the first byte must be '{'");
  if (!text.startsWith('{'))
    throw new PolicyError("Policies must be valid JSON and the first byte must be '{'");
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PolicyError('This policy contains invalid Json', { cause });
  }
}

function objectOf(value: unknown, known: ReadonlySet<string> | undefined, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new PolicyError(`Could not parse the policy: ${what} is no object`);
  for (const name of Object.keys(value))
    if (known !== undefined && !known.has(name)) throw new PolicyError(`Unknown field ${name}`);
  return value as Fields;
}

function textOf(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  throw new PolicyError(`Could not parse the policy: ${what} is no text`);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : 'none';
}
