import { type Refusal, refuse } from './refusal.js';

/**
 * The policy of a form: until when, and with which fields and sizes, who has the form may upload.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */
export interface PostPolicy {
  readonly is: 'policy';
  readonly expiresMs: number;
  readonly conditions: readonly FieldCondition[];
  /** Of the file, both ends included. */
  readonly sizeRange: { readonly minBytes: number; readonly maxBytes: number } | undefined;
}

interface FieldCondition {
  readonly is: 'eq' | 'starts-with';
  /** In lower case. */
  readonly field: string;
  readonly value: string;
}

type SizeRange = NonNullable<PostPolicy['sizeRange']>;

/** @param base64 the field `policy` */
export function readPostPolicy(base64: string): PostPolicy | Refusal {
  const invalid = (why: string) => refuse('InvalidPolicyDocument', `Invalid Policy: ${why}`);
  const document = parsed(base64);
  if (document === undefined) return invalid('Invalid JSON.');
  const { expiration, conditions: given } = document;
  if (expiration === undefined) return invalid('Policy missing expiration.');
  const expiresMs = typeof expiration === 'string' ? timeOf(expiration) : undefined;
  if (expiresMs === undefined) return invalid(`Invalid 'expiration' value: '${expiration}'`);
  if (given === undefined) return invalid('Policy missing conditions.');
  if (!Array.isArray(given)) return invalid("Invalid 'conditions' value: must be a List.");
  const conditions: FieldCondition[] = [];
  let sizeRange: SizeRange | undefined;
  for (const each of given) {
    const read = readCondition(each);
    if (read === undefined) return invalid(`Invalid condition: ${JSON.stringify(each)}`);
    if ('field' in read) conditions.push(read);
    else sizeRange = narrowed(sizeRange, read);
  }
  return { is: 'policy', expiresMs, conditions, sizeRange };
}

function parsed(base64: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return recordOf(JSON.parse(Buffer.from(base64, 'base64').toString('utf8')));
  } catch {
    return undefined; // no JSON
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.fromEntries(Object.entries(value));
}

function timeOf(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text)) return undefined;
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** `{"acl": "private"}`, `["starts-with", "$key", "u/"]` or `["content-length-range", 0, 10]`. */
function readCondition(given: unknown): FieldCondition | SizeRange | undefined {
  if (!Array.isArray(given)) return exactly(recordOf(given));
  const [word, first, second] = given;
  const is = typeof word === 'string' ? word.toLowerCase() : '';
  if (given.length !== 3) return undefined;
  if (is === 'content-length-range') {
    const [minBytes, maxBytes] = [sizeOf(first), sizeOf(second)];
    if (minBytes === undefined || maxBytes === undefined || minBytes > maxBytes) return undefined;
    return { minBytes, maxBytes };
  }
  if (is !== 'eq' && is !== 'starts-with') return undefined;
  if (typeof first !== 'string' || !first.startsWith('$') || typeof second !== 'string')
    return undefined;
  return { is, field: first.slice(1).toLowerCase(), value: second };
}

function exactly(
  record: Readonly<Record<string, unknown>> | undefined,
): FieldCondition | undefined {
  const [property, ...others] = Object.entries(record ?? {});
  if (property === undefined || others.length > 0) return undefined;
  const [field, value] = property;
  return typeof value === 'string' ? { is: 'eq', field: field.toLowerCase(), value } : undefined;
}

/** Some write sizes as text. */
function sizeOf(given: unknown): number | undefined {
  const text = typeof given === 'number' ? String(given) : given;
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function narrowed(had: SizeRange | undefined, { minBytes, maxBytes }: SizeRange): SizeRange {
  if (had === undefined) return { minBytes, maxBytes };
  const both = { minBytes: Math.max(had.minBytes, minBytes) };
  return { ...both, maxBytes: Math.min(had.maxBytes, maxBytes) };
}

/** Fields that no condition need name: what proves the policy cannot stand in it. */
const unnamed = new Set(['awsaccesskeyid', 'file', 'policy', 'signature', 'x-amz-signature']);

/**
 * Whether the policy allows these fields: all its conditions hold, and each field has one.
 * @param fields by names in lower case, `bucket` among them
 */
export function postPolicyRefusal(
  { expiresMs, conditions }: PostPolicy,
  fields: ReadonlyMap<string, string>,
  nowMs: number,
): Refusal | undefined {
  const denied = (why: string) => refuse('AccessDenied', `Invalid according to Policy: ${why}`);
  if (nowMs >= expiresMs) return denied('Policy expired.');
  for (const { is, field, value } of conditions) {
    const found = fields.get(field) ?? '';
    if (is === 'eq' ? found === value : found.startsWith(value)) continue;
    const condition = [is, `$${field}`, value].map((text) => JSON.stringify(text)).join(', ');
    return denied(`Policy Condition failed: [${condition}]`);
  }
  const named = new Set(conditions.map(({ field }) => field));
  for (const field of fields.keys())
    if (!named.has(field) && !unnamed.has(field) && !field.startsWith('x-ignore-'))
      return denied(`Extra input fields: ${field}`);
  return undefined;
}
