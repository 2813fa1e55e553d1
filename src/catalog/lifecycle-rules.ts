import { LogStoreError } from '../base/errors.js';

/** What a rule is about: all that is given must hold; without anything, everything. */
export interface LifecycleFilter {
  readonly prefix?: string | undefined;
  readonly tags?: readonly (readonly [name: string, value: string])[] | undefined;
  readonly sizeAboveBytes?: number | undefined;
  readonly sizeBelowBytes?: number | undefined;
}

/** One rule of a bucket's lifecycle (SPEC.md §4, rules of a lifecycle). Days are at least 1. */
export interface LifecycleRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly filter: LifecycleFilter;
  /** How the filter was written: the edge gives it back so. */
  readonly form: 'prefix' | 'filter' | 'and';
  readonly expiration?:
    | { readonly days: number }
    | { readonly dateUnixMs: number }
    | { readonly marker: boolean }
    | undefined;
  readonly noncurrent?:
    | { readonly days: number; readonly newerCount?: number | undefined }
    | undefined;
  readonly abortDays?: number | undefined;
}

const rulesMax = 1_000; // S3's own limit
const forms = ['prefix', 'filter', 'and'] as const;

/** The value of the configuration `lifecycle`. */
export function lifecycleText(rules: readonly LifecycleRule[]): string {
  return JSON.stringify(rules);
}

/** @throws LogStoreError `INVALID_ARGUMENT` for what is no such text */
export function lifecycleRulesOf(text: string): readonly LifecycleRule[] {
  const rules = parsed(text);
  if (!Array.isArray(rules) || rules.length === 0 || rules.length > rulesMax) throw noRules();
  return rules.map(ruleOf);
}

type Fields = Readonly<Record<string, unknown>>;

function ruleOf(value: unknown): LifecycleRule {
  const { id, enabled, filter, form, expiration, noncurrent, abortDays } = fields(value);
  const formOf = forms.find((each) => each === form);
  if (typeof id !== 'string' || typeof enabled !== 'boolean' || formOf === undefined) {
    throw noRules();
  }
  return {
    ...{ id, enabled, filter: filterOf(fields(filter)), form: formOf },
    ...(expiration === undefined ? {} : { expiration: expirationOf(fields(expiration)) }),
    ...(noncurrent === undefined ? {} : { noncurrent: noncurrentOf(fields(noncurrent)) }),
    ...(abortDays === undefined ? {} : { abortDays: count(abortDays) }),
  };
}

function filterOf({ prefix, tags, sizeAboveBytes, sizeBelowBytes }: Fields): LifecycleFilter {
  if (prefix !== undefined && typeof prefix !== 'string') throw noRules();
  return {
    ...(prefix === undefined ? {} : { prefix }),
    ...(tags === undefined ? {} : { tags: tagsOf(tags) }),
    ...(sizeAboveBytes === undefined ? {} : { sizeAboveBytes: count(sizeAboveBytes, 0) }),
    ...(sizeBelowBytes === undefined ? {} : { sizeBelowBytes: count(sizeBelowBytes) }),
  };
}

function tagsOf(value: unknown): NonNullable<LifecycleFilter['tags']> {
  if (!Array.isArray(value)) throw noRules();
  return value.map((pair: unknown) => {
    if (!Array.isArray(pair)) throw noRules();
    const [name, tag] = pair as unknown[];
    if (typeof name !== 'string' || typeof tag !== 'string') throw noRules();
    return [name, tag] as const;
  });
}

function expirationOf({
  days,
  dateUnixMs,
  marker,
}: Fields): NonNullable<LifecycleRule['expiration']> {
  if (days !== undefined) return { days: count(days) };
  if (dateUnixMs !== undefined) return { dateUnixMs: count(dateUnixMs, 0) };
  if (typeof marker !== 'boolean') throw noRules();
  return { marker };
}

function noncurrentOf({ days, newerCount }: Fields): NonNullable<LifecycleRule['noncurrent']> {
  if (newerCount === undefined) return { days: count(days) };
  return { days: count(days), newerCount: count(newerCount) };
}

function count(value: unknown, min = 1): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min) return value;
  throw noRules();
}

function fields(value: unknown): Fields {
  if (typeof value !== 'object' || value === null) throw noRules();
  return value as Fields;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw noRules();
  }
}

function noRules(): LogStoreError {
  return new LogStoreError('INVALID_ARGUMENT', 'a lifecycle is a JSON array of 1 to 1,000 rules');
}
