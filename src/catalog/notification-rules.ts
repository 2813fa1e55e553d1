import { LogStoreError } from '../base/errors.js';

/** One wish to be told of what happens in a bucket (SPEC.md §4, notifications). */
export interface NotificationRule {
  readonly id: string;
  /** How S3's XML has it; all are told alike. */
  readonly kind: 'queue' | 'topic' | 'function';
  /** As it was given; `target` is whom of the store's own targets it names. */
  readonly arn: string;
  readonly target: string;
  /** With `*` for all of a kind: `s3:ObjectCreated:*`. */
  readonly events: readonly string[];
  readonly prefix: string;
  readonly suffix: string;
}

/** What is told of, as rules name it. */
export const eventNames = Object.freeze([
  's3:ObjectCreated:*',
  's3:ObjectCreated:Put',
  's3:ObjectCreated:Post',
  's3:ObjectCreated:Copy',
  's3:ObjectCreated:CompleteMultipartUpload',
  's3:ObjectRemoved:*',
  's3:ObjectRemoved:Delete',
  's3:ObjectRemoved:DeleteMarkerCreated',
  's3:ObjectTagging:*',
  's3:ObjectTagging:Put',
  's3:ObjectTagging:Delete',
  's3:ObjectAcl:Put',
  's3:LifecycleExpiration:*',
  's3:LifecycleExpiration:Delete',
  's3:LifecycleExpiration:DeleteMarkerCreated',
]);

const kinds = ['queue', 'topic', 'function'] as const;
const rulesMax = 100; // S3's own limit

/** The value of the configuration `notification`. */
export function notificationText(rules: readonly NotificationRule[]): string {
  return JSON.stringify(rules);
}

/** @throws LogStoreError `INVALID_ARGUMENT` for what is no such text */
export function notificationRulesOf(text: string): readonly NotificationRule[] {
  const rules = parsed(text);
  if (!Array.isArray(rules) || rules.length === 0 || rules.length > rulesMax) throw noRules();
  return rules.map(ruleOf);
}

/** Whether a rule is about this event, named without `s3:`, of this key. */
export function isAbout(rule: NotificationRule, event: string, key: string): boolean {
  if (!key.startsWith(rule.prefix) || !key.endsWith(rule.suffix)) return false;
  const [kind] = event.split(':');
  return rule.events.some((name) => name === `s3:${event}` || name === `s3:${kind}:*`);
}

function ruleOf(value: unknown): NotificationRule {
  if (typeof value !== 'object' || value === null) throw noRules();
  const { id, kind, arn, target, events, prefix, suffix } = value as Record<string, unknown>;
  const kindOf = kinds.find((each) => each === kind);
  if (kindOf === undefined || !Array.isArray(events) || events.length === 0) throw noRules();
  const names = events.map((event: unknown) => {
    const found = eventNames.find((name) => name === event);
    if (found === undefined) throw noRules();
    return found;
  });
  const texts = { id: text(id), arn: text(arn), target: text(target) };
  return { ...texts, kind: kindOf, events: names, prefix: text(prefix), suffix: text(suffix) };
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw noRules();
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    throw noRules();
  }
}

function noRules(): LogStoreError {
  return new LogStoreError('INVALID_ARGUMENT', 'notifications are a JSON array of 1 to 100 rules');
}
