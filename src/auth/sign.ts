import { formatAmzDate } from './amz-date.js';
import {
  canonicalParameters,
  canonicalRequest,
  encodeOnce,
  type SignableRequest,
} from './canonical-request.js';
import { unsignedPayload } from './payload-claim.js';
import { deriveSigningKey, scopeText, signatureAlgorithm, signCanonical } from './signing-key.js';
import type { ChunkSigning } from './sigv4.js';

export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secret: string;
}

export interface SignOptions {
  readonly credentials: SigningCredentials;
  readonly region: string;
  readonly timeMs: number;
}

/** A key as it stands in a path: each byte but the unreserved ones and the slash escaped. */
export function encodePath(path: string): string {
  return encodeOnce(Buffer.from(path), true);
}

/** A name or a value as it stands in a query. */
export function encodeQueryPart(text: string): string {
  return encodeOnce(Buffer.from(text), false);
}

/**
 * Signs a request in its headers, all of which it covers; `host` is among them.
 * @param payload the value of x-amz-content-sha256
 * @returns the headers to add, and what signed chunks go on from
 */
export function signRequest(
  request: SignableRequest,
  payload: string,
  { credentials, region, timeMs }: SignOptions,
): { readonly headers: Readonly<Record<string, string>>; readonly chunkSigning: ChunkSigning } {
  const amzDate = formatAmzDate(timeMs);
  const added = { 'x-amz-content-sha256': payload, 'x-amz-date': amzDate };
  const headers = { ...request.headers, ...added };
  const names = Object.keys(headers).sort();
  const day = amzDate.slice(0, 8);
  const scope = scopeText({ day, region });
  const signingKey = deriveSigningKey(credentials.secret, { day, region });
  const query = canonicalParameters(request.rawQuery);
  const canonical = canonicalRequest({ ...request, headers }, query, names, payload);
  const signature = signCanonical(signingKey, amzDate, scope, canonical, 'latin1').toString('hex');
  const credential = `${credentials.accessKeyId}/${scope}`;
  const authorization =
    `${signatureAlgorithm} Credential=${credential},` +
    `SignedHeaders=${names.join(';')},Signature=${signature}`;
  return {
    headers: { ...added, authorization },
    chunkSigning: { seedSignature: signature, signingKey, amzDate, scope },
  };
}

/**
 * Signs a request in its query, so that whoever has the URL may send it until it expires.
 * @returns the whole query, without its question mark
 */
export function presign(
  request: SignableRequest,
  { credentials, region, timeMs, expiresSeconds }: SignOptions & { expiresSeconds: number },
): string {
  const amzDate = formatAmzDate(timeMs);
  const day = amzDate.slice(0, 8);
  const scope = scopeText({ day, region });
  const names = Object.keys(request.headers).sort();
  const credential = encodeQueryPart(`${credentials.accessKeyId}/${scope}`);
  const rawQuery = [
    ...(request.rawQuery === '' ? [] : [request.rawQuery]),
    `X-Amz-Algorithm=${signatureAlgorithm}`,
    `X-Amz-Credential=${credential}`,
    `X-Amz-Date=${amzDate}`,
    `X-Amz-Expires=${expiresSeconds}`,
    `X-Amz-SignedHeaders=${encodeQueryPart(names.join(';'))}`,
  ].join('&');
  const query = canonicalParameters(rawQuery);
  const canonical = canonicalRequest(request, query, names, unsignedPayload);
  const signingKey = deriveSigningKey(credentials.secret, { day, region });
  const signature = signCanonical(signingKey, amzDate, scope, canonical, 'latin1').toString('hex');
  return `${rawQuery}&X-Amz-Signature=${signature}`;
}
