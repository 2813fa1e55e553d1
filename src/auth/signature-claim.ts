import { formatAmzDate, parseAmzDate } from './amz-date.js';
import { type CanonicalParameter, decodedPart, type HeaderValues } from './canonical-request.js';
import { type Refusal, type RefusalCode, refuse } from './refusal.js';
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

/** The claim of an `Authorization` header. */
export function claimInHeader(
  authorization: string,
  headers: HeaderValues,
): SignatureClaim | Refusal {
  const malformed = (why: string) => refuse('AuthorizationHeaderMalformed', why);
  if (authorization.startsWith('AWS ')) return versionNotSupported();
  if (!authorization.startsWith('AWS4-'))
    return refuse('InvalidArgument', 'Unsupported Authorization Type');
  if (!authorization.startsWith(`${signatureAlgorithm} `)) return versionNotSupported();
  const fields = new Map<string, string>();
  for (const field of authorization.slice(signatureAlgorithm.length).split(',')) {
    const equals = field.indexOf('=');
    const name = field.slice(0, equals).trim();
    if (equals === -1 || fields.has(name)) return malformed('Each component is given once.');
    fields.set(name, field.slice(equals + 1).trim());
  }
  const credential = fields.get('Credential');
  const signedHeaders = fields.get('SignedHeaders');
  const signature = fields.get('Signature');
  if (credential === undefined || signedHeaders === undefined || signature === undefined)
    return malformed('It needs Credential, SignedHeaders and Signature.');
  const date = dateOf(headers);
  if (date === undefined)
    return refuse('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header');
  return claim('AuthorizationHeaderMalformed', { credential, signedHeaders, signature }, date);
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
  if (expiresSeconds < 0) return refuse('AccessDenied', 'Request has expired');
  const date = { amzDate, timeMs, expiresMs: expiresSeconds * 1000 };
  return claim('AuthorizationQueryParametersError', { credential, signedHeaders, signature }, date);
}

export function versionNotSupported(): Refusal {
  return refuse(
    'InvalidRequest',
    `The authorization mechanism you have provided is not supported. Use ${signatureAlgorithm}.`,
  );
}

interface ClaimedDate {
  readonly amzDate: string;
  readonly timeMs: number;
  readonly expiresMs?: number;
}

function claim(
  code: RefusalCode,
  fields: { credential: string; signedHeaders: string; signature: string },
  { amzDate, timeMs, expiresMs }: ClaimedDate,
): SignatureClaim | Refusal {
  const found = credentialOf(code, fields.credential, amzDate);
  if (found.is === 'refused') return found;
  const signedHeaders = fields.signedHeaders.split(';');
  if (!signedHeaders.includes('host')) return refuse(code, 'The host header must be signed.');
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

/** `x-amz-date`, or else `Date` in either form. */
function dateOf(headers: HeaderValues): ClaimedDate | undefined {
  const text = headers['x-amz-date'] ?? headers.date;
  if (typeof text !== 'string') return undefined;
  const timeMs = parseAmzDate(text);
  if (timeMs !== undefined) return { amzDate: text, timeMs };
  if (!/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(text)) return undefined;
  const parsedMs = Date.parse(text);
  if (Number.isNaN(parsedMs)) return undefined;
  return { amzDate: formatAmzDate(parsedMs), timeMs: parsedMs };
}

/** Reads `<id>/YYYYMMDD/REGION/s3/aws4_request`, whose day must be that of `amzDate`. */
export function credentialOf(
  code: RefusalCode,
  credential: string,
  amzDate: string,
): { readonly is: 'credential'; accessKeyId: string; scope: SigningScope } | Refusal {
  const parts = credential.split('/');
  const [day, region, service, terminator] = parts.slice(-4);
  const accessKeyId = parts.slice(0, -4).join('/'); // key ids may have slashes
  if (day === undefined || region === undefined || accessKeyId === '')
    return refuse(
      code,
      'The Credential is mal-formed; expecting "<id>/YYYYMMDD/REGION/s3/aws4_request".',
    );
  if (service !== 's3') return refuse(code, `incorrect service "${service}"; expecting "s3".`);
  if (terminator !== 'aws4_request')
    return refuse(code, `incorrect terminal "${terminator}"; expecting "aws4_request".`);
  if (day !== amzDate.slice(0, 8))
    return refuse(
      code,
      `Invalid credential date "${day}". This date is not the same as X-Amz-Date.`,
    );
  return { is: 'credential', accessKeyId, scope: { day, region } };
}

/** @param expected the one region that is signed for; empty accepts any */
export function wrongRegion(
  code: RefusalCode,
  { region }: SigningScope,
  expected: string,
): Refusal | undefined {
  if (expected === '' || region === expected) return undefined;
  return refuse(code, `the region '${region}' is wrong; expecting '${expected}'`, expected);
}
