import {
  type CanonicalParameter,
  canonicalParameters,
  canonicalRequest,
  headerText,
  type SignableRequest,
} from './canonical-request.js';
import { verifyFormSignature } from './form-signature.js';
import { type PayloadClaim, parsePayloadClaim, unsignedPayload } from './payload-claim.js';
import { type Refusal, refuse, refuseArgument, refuseUnknownKey } from './refusal.js';
import { isSameHexDigest } from './same-digest.js';
import {
  claimInHeader,
  claimInQuery,
  isoSeconds,
  type SignatureClaim,
  skewMaxMs,
  versionNotSupported,
  wrongRegion,
} from './signature-claim.js';
import { SigningKeys, scopeText, signCanonical } from './signing-key.js';
import { verifySigV2 } from './sigv2.js';
import { verifySigV2Header } from './sigv2-header.js';
import type { SigV4Options } from './sigv4-options.js';

/** What signed chunks of the body are verified with, each after the one before. */
export interface ChunkSigning {
  /** The request's own signature, hexadecimal: the first in the chain. */
  readonly seedSignature: string;
  readonly signingKey: Uint8Array;
  readonly amzDate: string;
  readonly scope: string;
}

export type Authentication =
  | {
      readonly is: 'authenticated';
      readonly accessKeyId: string;
      readonly payload: PayloadClaim;
      /** Undefined for a signature of Version 2, which signs no chunks. */
      readonly chunkSigning: ChunkSigning | undefined;
    }
  | { readonly is: 'anonymous'; readonly payload: PayloadClaim }
  | Refusal;

/**
 * Verifies AWS Signature Version 4 in headers and in presigned URLs, and Version 2 where it is
 * taken.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
export class SigV4Verifier {
  readonly #keys = new SigningKeys();

  constructor(private readonly options: SigV4Options) {}

  /** Decides from request line and headers alone; the payload it names is still to be checked. */
  verify(request: SignableRequest, nowMs: number): Authentication {
    const query = request.rawQuery === '' ? [] : canonicalParameters(request.rawQuery);
    const form = authenticationForm(request, query);
    if (typeof form !== 'string') return form;
    const payload = payloadOf(request, query, form);
    if (payload.is === 'refused') return payload;
    if (form === 'none') return { is: 'anonymous', payload: payload.claim };
    if (form === 'old-query' || form === 'old-header')
      return this.#verifyOld(form, request, query, payload.claim, nowMs);

    const claim =
      form === 'query'
        ? claimInQuery(query)
        : claimInHeader(headerText(request, 'authorization') ?? '', request.headers, nowMs);
    if (claim.is === 'refused') return claim;
    const secret = this.options.secretOf(claim.accessKeyId);
    if (secret === undefined) return refuseUnknownKey(claim.accessKeyId);
    const refusal =
      wrongRegion(form, claim.scope, this.options.region) ??
      wrongTime(claim, nowMs) ??
      unsignedHeader(request, claim);
    if (refusal !== undefined) return refusal;

    const signingKey = this.#keys.get(claim.accessKeyId, secret, claim.scope);
    const signed = form === 'query' ? query.filter(({ name }) => name !== signatureName) : query;
    const canonical = canonicalRequest(request, signed, claim.signedHeaders, payload.text);
    if (!signatureMatches(claim, signingKey, canonical)) return doesNotMatch();
    return {
      is: 'authenticated',
      accessKeyId: claim.accessKeyId,
      payload: payload.claim,
      chunkSigning: {
        seedSignature: claim.signature,
        signingKey,
        amzDate: claim.amzDate,
        scope: scopeText(claim.scope),
      },
    };
  }

  /** Proves who signed the policy of a form. */
  verifyForm(
    fields: ReadonlyMap<string, string>,
    nowMs: number,
  ): ReturnType<typeof verifyFormSignature> {
    return verifyFormSignature(fields, this.options, nowMs);
  }

  #verifyOld(
    form: 'old-query' | 'old-header',
    request: SignableRequest,
    query: readonly CanonicalParameter[],
    payload: PayloadClaim,
    nowMs: number,
  ): Authentication {
    const { signatureV2, secretOf } = this.options;
    const isTaken = signatureV2 === 'all' || (signatureV2 === 'urls' && form === 'old-query');
    if (!isTaken) return versionNotSupported();
    const verify = form === 'old-query' ? verifySigV2 : verifySigV2Header;
    const found = verify(request, query, secretOf, nowMs);
    if (found.is === 'refused') return found;
    const { accessKeyId } = found;
    return { is: 'authenticated', accessKeyId, payload, chunkSigning: undefined };
  }
}

const signatureName = 'X-Amz-Signature';

type Form = 'header' | 'query' | 'old-header' | 'old-query' | 'none';

/** One way of authenticating per request; faults 93. */
function authenticationForm(
  request: SignableRequest,
  query: readonly CanonicalParameter[],
): Form | Refusal {
  const authorization = headerText(request, 'authorization') ?? '';
  const inHeader = authorization !== '';
  const named = (name: string) => query.some((parameter) => parameter.name === name);
  const inQuery =
    query.length > 0 &&
    (named('X-Amz-Algorithm') || named('X-Amz-Credential') || named(signatureName));
  const inOldQuery = query.length > 0 && (named('AWSAccessKeyId') || named('Signature'));
  if (Number(inHeader) + Number(inQuery) + Number(inOldQuery) > 1)
    return refuse(
      'InvalidArgument',
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature ' +
        'query string parameter or the Authorization header should be specified',
    );
  const token = 'X-Amz-Security-Token';
  if (
    named(token) ||
    named(token.toLowerCase()) ||
    request.headers['x-amz-security-token'] !== undefined
  )
    return refuse('InvalidToken', 'The provided token is malformed or otherwise invalid.');
  if (inHeader) return authorization.startsWith('AWS ') ? 'old-header' : 'header';
  return inQuery ? 'query' : inOldQuery ? 'old-query' : 'none';
}

type Payload = { is: 'payload'; claim: PayloadClaim; text: string };

function payloadOf(
  request: SignableRequest,
  query: readonly CanonicalParameter[],
  form: Form,
): Payload | Refusal {
  const text =
    headerText(request, 'x-amz-content-sha256') ??
    query.find(({ name }) => name === 'X-Amz-Content-Sha256')?.value;
  if (text === undefined) {
    if (form !== 'header')
      return { is: 'payload', claim: { is: 'unsigned' }, text: unsignedPayload };
    // curl before 8.0 leaves it out, and has signed that of no bytes: there must be none then.
    if (isWithoutBody(request))
      return { is: 'payload', claim: emptyPayload.claim, text: emptyPayload.text };
    return refuse(
      'InvalidRequest',
      'Missing required header for this request: x-amz-content-sha256',
    );
  }
  const claim = parsePayloadClaim(text);
  // A URL says nothing of its body: what comes beside it is a hash, and no body has that.
  if (claim === undefined && form === 'query')
    return refuse(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
      { ClientComputedContentSHA256: text },
    );
  if (claim === undefined || (!signsChunks(form) && claim.is === 'signed-chunks'))
    return refuseArgument(payloadMessage, 'x-amz-content-sha256', text);
  return { is: 'payload', claim, text };
}

const payloadMessage =
  'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, ' +
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, ' +
  'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER ' +
  'or a valid sha256 value.';

function signsChunks(form: Form): boolean {
  return form === 'header' || form === 'query';
}

const emptyText = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const emptyPayload = {
  text: emptyText,
  claim: { is: 'sha256', value: Buffer.from(emptyText, 'hex') },
} as const;

function isWithoutBody({ headers }: SignableRequest): boolean {
  if (headers['transfer-encoding'] !== undefined) return false;
  const length = headers['content-length'];
  return length === undefined || length === '0';
}

function wrongTime({ signedAtMs, expiresMs }: SignatureClaim, nowMs: number): Refusal | undefined {
  if (expiresMs === undefined) return undefined; // the claim itself was judged
  if (signedAtMs - nowMs > skewMaxMs) return refuse('AccessDenied', 'Request is not valid yet.');
  const endMs = signedAtMs + expiresMs;
  if (nowMs < endMs) return undefined;
  return refuse('AccessDenied', 'Request has expired.', {
    'X-Amz-Expires': String(expiresMs / 1000),
    Expires: isoSeconds(endMs),
    ServerTime: isoSeconds(nowMs),
  });
}

/** S3 takes its orders from x-amz-* headers, so none may be slipped in beside a signature. */
function unsignedHeader(request: SignableRequest, claim: SignatureClaim): Refusal | undefined {
  const unsigned: string[] = [];
  for (const name in request.headers)
    if (name.startsWith('x-amz-') && !claim.signedHeaders.includes(name)) unsigned.push(name);
  if (unsigned.length === 0) return undefined;
  return refuse('AccessDenied', 'There were headers present in the request which were not signed', {
    HeadersNotSigned: unsigned.sort().join(', '),
  });
}

function signatureMatches(
  claim: SignatureClaim,
  signingKey: Uint8Array,
  canonical: string,
): boolean {
  const matches = (encoding: 'latin1' | 'utf8'): boolean => {
    const scope = scopeText(claim.scope);
    const expected = signCanonical(signingKey, claim.amzDate, scope, canonical, encoding);
    return isSameHexDigest(expected, claim.signature);
  };
  if (matches('latin1')) return true;
  // Some clients sign a header's text as UTF-8 and send it as Latin-1.
  return /[\x80-\xff]/.test(canonical) && matches('utf8');
}

function doesNotMatch(): Refusal {
  return refuse(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. ' +
      'Check your key and signing method.',
  );
}
