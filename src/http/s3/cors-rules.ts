import { S3Error } from './s3-error.js';
import { s3Document } from './xml.js';
import { malformed, readXml, type XmlElement } from './xml-read.js';

/** What pages of some origins may ask of a bucket from within a browser. */
export interface CorsRule {
  readonly id: string | undefined;
  /** Each with one `*` at most, as `headers`. */
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposedHeaders: readonly string[];
  readonly maxAgeSeconds: number | undefined;
}

/** What a browser asks on behalf of a page. */
export interface CorsQuestion {
  readonly origin: string;
  readonly method: string;
  /** The names that the page means to send, in lower case. */
  readonly headers: readonly string[];
}

const ruleCountMax = 100; // S3's own limit
const idLengthMax = 255; // S3's own limit
/** Whose requests a rule can allow. */
export const corsMethods: readonly string[] = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD'];

/**
 * @throws S3Error `MalformedXML`; `InvalidRequest` for a rule that S3 does not take
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
 */
export function readCorsRules(document: Uint8Array): CorsRule[] {
  const { children } = readXml(document, 'CORSConfiguration');
  if (children.length === 0 || children.length > ruleCountMax) throw malformed();
  return children.map(readRule);
}

function readRule({ name, children }: XmlElement): CorsRule {
  if (name !== 'CORSRule') throw malformed();
  const known = ['ID', 'AllowedOrigin', 'AllowedMethod', 'AllowedHeader', 'ExposeHeader'];
  const texts = new Map<string, string[]>();
  for (const { name: child, text, children: inner } of children) {
    if ((!known.includes(child) && child !== 'MaxAgeSeconds') || inner.length > 0)
      throw malformed();
    texts.set(child, [...(texts.get(child) ?? []), text.trim()]);
  }
  const of = (child: string): readonly string[] => texts.get(child) ?? [];
  const [[id, ...ids], [age, ...ages]] = [of('ID'), of('MaxAgeSeconds')];
  const rule: CorsRule = {
    id,
    origins: of('AllowedOrigin'),
    methods: of('AllowedMethod'),
    headers: of('AllowedHeader'),
    exposedHeaders: of('ExposeHeader'),
    maxAgeSeconds: age === undefined ? undefined : Number(age),
  };
  if (ids.length > 0 || ages.length > 0 || (id?.length ?? 0) > idLengthMax) throw malformed();
  if (age !== undefined && !/^\d{1,9}$/.test(age)) throw malformed();
  if (rule.origins.length === 0 || rule.methods.length === 0) throw malformed();
  checkRule(rule);
  return rule;
}

function checkRule({ origins, methods, headers, exposedHeaders }: CorsRule): void {
  const refuse = (why: string) => new S3Error('InvalidRequest', why);
  for (const [element, patterns] of [
    ['AllowedOrigin', origins],
    ['AllowedHeader', headers],
  ] as const)
    for (const pattern of patterns)
      if (pattern.split('*').length > 2)
        throw refuse(`${element} "${pattern}" can not have more than one wildcard.`);
  for (const method of methods)
    if (!corsMethods.includes(method))
      throw refuse(`Found unsupported HTTP method in CORS config. Unsupported method is ${method}`);
  for (const header of exposedHeaders)
    if (!/^[!#$%&'+.^_`|~0-9a-z-]+$/i.test(header))
      throw refuse(
        header.includes('*')
          ? `ExposeHeader "${header}" contains wildcard. We currently do not support wildcard ` +
              'for ExposeHeader.'
          : `ExposeHeader "${header}" contains invalid character.`,
      );
}

/** The document as it is kept and given back; `readCorsRules` reads it again. */
export function writeCorsRules(rules: readonly CorsRule[]): string {
  const xml = s3Document('CORSConfiguration');
  for (const rule of rules) {
    xml.open('CORSRule').element('ID', rule.id);
    for (const header of rule.headers) xml.element('AllowedHeader', header);
    for (const method of rule.methods) xml.element('AllowedMethod', method);
    for (const origin of rule.origins) xml.element('AllowedOrigin', origin);
    for (const header of rule.exposedHeaders) xml.element('ExposeHeader', header);
    xml.element('MaxAgeSeconds', rule.maxAgeSeconds).close('CORSRule');
  }
  return xml.close('CORSConfiguration').toString();
}

/**
 * What a browser is told by the first rule that allows what it asks; undefined if none does.
 * @returns names and values of headers by turns
 */
export function corsHeaders(
  rules: readonly CorsRule[],
  question: CorsQuestion,
): string[] | undefined {
  const { origin, method, headers } = question;
  for (const rule of rules) {
    const allowed = rule.origins.find((pattern) => matches(pattern, origin));
    if (allowed === undefined || !rule.methods.includes(method)) continue;
    const mayHave = (name: string) =>
      rule.headers.some((pattern) => matches(pattern.toLowerCase(), name));
    if (!headers.every(mayHave)) continue;
    return headersOf(rule, allowed === '*' ? '*' : origin, headers);
  }
  return undefined;
}

function headersOf(rule: CorsRule, origin: string, headers: readonly string[]): string[] {
  const told = ['access-control-allow-origin', origin];
  if (origin !== '*') told.push('access-control-allow-credentials', 'true');
  told.push('access-control-allow-methods', rule.methods.join(', '));
  if (headers.length > 0) told.push('access-control-allow-headers', headers.join(', '));
  if (rule.exposedHeaders.length > 0)
    told.push('access-control-expose-headers', rule.exposedHeaders.join(', '));
  if (rule.maxAgeSeconds !== undefined)
    told.push('access-control-max-age', String(rule.maxAgeSeconds));
  told.push('vary', 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method');
  return told;
}

function matches(pattern: string, text: string): boolean {
  const [before = '', after] = pattern.split('*');
  if (after === undefined) return pattern === text;
  if (text.length < before.length + after.length) return false;
  return text.startsWith(before) && text.endsWith(after);
}
