import { formatAmzDate, parseAmzDate } from './amz-date.js';
import { type CanonicalParameter, decodedPart, type HeaderValues } from './canonical-request.js';
import { type Refusal, type RefusalCode, refuse, refuseArgument } from './refusal.js';
import { type SigningScope, signatureAlgorithm } from './signing-key.js';

/** A signature as the client claims it, well formed but not verified. */
export interface SignatureClaim {
  readonly is: 'claim';
  readonly accessKeyId: string;
  readonly scope: SigningScope;
  /** Lower case, in the client's order, `host` among them. */
  readonly signedHeaders: readonly string[];
  /** 64 hexadecimal digits, or whatever else was sent. */
  readonly signature: string;
  readonly amzDate: string;
  readonly signedAtMs: number;
  /** How long a presigned URL is valid; none in header form. */
  readonly expiresMs: number | undefined;
}

const expiresSecondsMax = 7 * 24 * 3600;
/** How far clocks may differ. */
export const skewMaxMs = 15 * 60 * 1000;
/** Clients that take it from mail's rules write the zone as a number. */
const httpDate = /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d (?:GMT|UTC|[+-]0000)$/;

const malformedHeader = (why: string) =>
  refuse('AuthorizationHeaderMalformed', `The authorization header is malformed; ${why}`);

/** The claim of an `Authorization` header. */
export function claimInHeader(
  authorization: string,
  headers: HeaderValues,
  nowMs: number,
): SignatureClaim | Refusal {
  const refusal = otherScheme(authorization);
  if (refusal !== undefined) return refusal;
  const fields = componentsOf(authorization.slice(signatureAlgorithm.length));
  if ('is' in fields) return fields;
  const date = dateOf(headers);
  if (date === undefined) return noDate();
  return claim('header', fields, date, skewedTime(date.timeMs, nowMs));
}

function otherScheme(authorization: string): Refusal | undefined {
  if (authorization.startsWith(`${signatureAlgorithm} `)) return undefined;
  if (authorization.startsWith('AWS ') || authorization.startsWith('AWS4-'))
    return versionNotSupported();
  const [scheme = ''] = authorization.split(' ');
  if (scheme !== authorization)
    return refuseArgument('Unsupported Authorization Type', 'Authorization', scheme);
  return refuseArgument(
    "Authorization header is invalid -- one and only one ' ' (space) required.",
    'Authorization',
    authorization,
  );
}

interface ClaimedFields {
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
}

function componentsOf(text: string): ClaimedFields | Refusal {
  const components = text.split(',').map((component) => component.trim());
  const fields = new Map<string, string>();
  for (const component of components) {
    const equals = component.indexOf('=');
    const name = component.slice(0, equals).trim();
    if (component === '') continue;
    if (equals === -1 || fields.has(name))
      return malformedHeader(`the authorization component "${component}" is malformed.`);
    fields.set(name, component.slice(equals + 1).trim());
  }
  if (fields.size < 3)
    return malformedHeader(
      'the authorization header requires three components: ' +
        'Credential, SignedHeaders, and Signature.',
    );
  const credential = fields.get('Credential');
  const signedHeaders = fields.get('SignedHeaders');
  const signature = fields.get('Signature');
  if (credential === undefined) return malformedHeader('missing Credential.');
  if (signedHeaders === undefined) return malformedHeader('missing SignedHeaders.');
  if (signature === undefined) return malformedHeader('missing Signature.');
  return { credential, signedHeaders, signature };
}

/** The claim of a presigned URL; parameters as `canonicalParameters` encodes them. */
export function claimInQuery(parameters: readonly CanonicalParameter[]): SignatureClaim | Refusal {
  const malformed = (why: string) => refuse('AuthorizationQueryParametersError', why);
  const values = new Map<string, string>();
  for (const { name, value } of parameters) {
    if (!name.startsWith('X-Amz-')) continue;
    if (values.has(name)) return malformed(`${name} is given more than once.`);
    values.set(name, decodedPart(value));
  }
  const algorithm = values.get('X-Amz-Algorithm');
  const credential = values.get('X-Amz-Credential');
  const signedHeaders = values.get('X-Amz-SignedHeaders');
  const signature = values.get('X-Amz-Signature');
  const amzDate = values.get('X-Amz-Date');
  const expires = values.get('X-Amz-Expires');
  if (
    algorithm === undefined ||
    credential === undefined ||
    signedHeaders === undefined ||
    signature === undefined ||
    amzDate === undefined ||
    expires === undefined
  )
    return malformed(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, ' +
        'X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    );
  if (algorithm !== signatureAlgorithm)
    return malformed(`X-Amz-Algorithm only supports "${signatureAlgorithm}"`);
  const timeMs = parseAmzDate(amzDate);
  if (timeMs === undefined)
    return malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  if (!/^-?\d{1,15}$/.test(expires)) return malformed('X-Amz-Expires should be a number');
  const expiresSeconds = Number(expires);
  if (expiresSeconds > expiresSecondsMax)
    return malformed(
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires ' +
        `must be less than ${expiresSecondsMax} seconds`,
    );
  // It had ended before it began.
  if (expiresSeconds < 0) return refuse('AccessDenied', 'Request has expired.');
  const date = { amzDate, timeMs, expiresMs: expiresSeconds * 1000 };
  return claim('query', { credential, signedHeaders, signature }, date);
}

export function versionNotSupported(): Refusal {
  return refuse(
    'InvalidRequest',
    'The authorization mechanism you have provided is not supported. ' +
      `Please use ${signatureAlgorithm}.`,
  );
}

export interface ClaimedDate {
  readonly amzDate: string;
  readonly timeMs: number;
  readonly expiresMs?: number;
}

function claim(
  form: ClaimForm,
  fields: ClaimedFields,
  { amzDate, timeMs, expiresMs }: ClaimedDate,
  skewed?: Refusal,
): SignatureClaim | Refusal {
  const found = readCredential(form, fields.credential);
  if (found.is === 'refused') return found;
  const refusal = skewed ?? otherDay(form, found.scope, amzDate);
  if (refusal !== undefined) return refusal;
  const signedHeaders = fields.signedHeaders.split(';');
  if (!signedHeaders.includes('host'))
    return wrongCredential(form, 'the host header must be signed.');
  return {
    is: 'claim',
    accessKeyId: found.accessKeyId,
    scope: found.scope,
    signedHeaders,
    signature: fields.signature,
    amzDate,
    signedAtMs: timeMs,
    expiresMs,
  };
}

export function noDate(): Refusal {
  return refuse('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header.');
}

/** Of a signature in a header; asked before its scope's day, which then seems to be another. */
export function skewedTime(signedAtMs: number, nowMs: number): Refusal | undefined {
  if (Math.abs(nowMs - signedAtMs) <= skewMaxMs) return undefined;
  return refuse(
    'RequestTimeTooSkewed',
    'The difference between the request time and the current time is too large.',
    {
      RequestTime: formatAmzDate(signedAtMs),
      ServerTime: isoSeconds(nowMs),
      MaxAllowedSkewMilliseconds: String(skewMaxMs),
    },
  );
}

/** As errors write times. */
export function isoSeconds(unixMs: number): string {
  return new Date(unixMs).toISOString().replace(/\.\d+/, '');
}

/** `x-amz-date`, or else `Date`, in either form. */
export function dateOf(headers: HeaderValues): ClaimedDate | undefined {
  const text = headers['x-amz-date'] ?? headers.date;
  if (typeof text !== 'string') return undefined;
  const timeMs = parseAmzDate(text);
  if (timeMs !== undefined) return { amzDate: text, timeMs };
  if (!httpDate.test(text)) return undefined;
  const parsedMs = Date.parse(text);
  if (Number.isNaN(parsedMs) || parsedMs < 0) return undefined;
  return { amzDate: formatAmzDate(parsedMs), timeMs: parsedMs };
}

/** Where a claim stands: each place has a code and words of its own for what is wrong with it. */
export type ClaimForm = 'header' | 'query' | 'form';

function wrongCredential(
  form: ClaimForm,
  why: string,
  details?: Readonly<Record<string, string>>,
): Refusal {
  const [code, start] = {
    header: ['AuthorizationHeaderMalformed', 'The authorization header is malformed; '],
    query: ['AuthorizationQueryParametersError', 'Error parsing the X-Amz-Credential parameter; '],
    form: ['InvalidArgument', 'Error parsing the X-Amz-Credential field; '],
  }[form] as [RefusalCode, string];
  return refuse(code, start + why, details);
}

type Credential = { readonly is: 'credential'; accessKeyId: string; scope: SigningScope };

/** Reads `<id>/YYYYMMDD/REGION/s3/aws4_request`, whose day must be that of `amzDate`. */
export function credentialOf(
  form: ClaimForm,
  credential: string,
  amzDate: string,
): Credential | Refusal {
  const found = readCredential(form, credential);
  if (found.is === 'refused') return found;
  return otherDay(form, found.scope, amzDate) ?? found;
}

function readCredential(form: ClaimForm, credential: string): Credential | Refusal {
  const wrong = (why: string) => wrongCredential(form, why);
  const parts = credential.split('/');
  const [day, region, service, terminator] = parts.slice(-4);
  const accessKeyId = parts.slice(0, -4).join('/'); // key ids may have slashes
  const isLonger = parts.length > 5 && (service !== 's3' || terminator !== 'aws4_request');
  if (day === undefined || region === undefined || accessKeyId === '' || isLonger)
    return wrong(
      'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    );
  if (service !== 's3')
    return wrong(`incorrect service "${service}". This endpoint belongs to "s3".`);
  if (terminator !== 'aws4_request')
    return wrong(`incorrect terminal "${terminator}". This endpoint uses "aws4_request".`);
  if (!/^\d{8}$/.test(day))
    return wrong(
      `incorrect date format "${day}". ` +
        'This date in the credential must be in the format "yyyyMMdd".',
    );
  return { is: 'credential', accessKeyId, scope: { day, region } };
}

function otherDay(form: ClaimForm, { day }: SigningScope, amzDate: string): Refusal | undefined {
  const signedDay = amzDate.slice(0, 8);
  if (day === signedDay) return undefined;
  if (form === 'header')
    return wrongCredential(form, 'Invalid credential date. Date is not the same as X-Amz-Date.');
  return refuse(
    form === 'query' ? 'AuthorizationQueryParametersError' : 'InvalidArgument',
    `Invalid credential date "${day}". This date is not the same as X-Amz-Date: "${signedDay}".`,
  );
}

/** @param expected the one region that is signed for; empty accepts any */
export function wrongRegion(
  form: ClaimForm,
  { region }: SigningScope,
  expected: string,
): Refusal | undefined {
  if (expected === '' || region === expected) return undefined;
  const why = `the region '${region}' is wrong; expecting '${expected}'`;
  return wrongCredential(form, why, { Region: expected });
}
