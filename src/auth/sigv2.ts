import { createHmac } from 'node:crypto';
import {
  type CanonicalParameter,
  decodedPart,
  headerText,
  type SignableRequest,
} from './canonical-request.js';
import { type Refusal, refuse, refuseUnknownKey } from './refusal.js';
import { isSameDigest } from './same-digest.js';

/**
 * AWS Signature Version 2 in presigned URLs: what boto3 and aws-cli still make unasked where the
 * region is us-east-1. It signs neither the host nor most parameters, so parameters beyond those
 * that it does sign are refused.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html
 */

const expiresMsMax = 7 * 24 * 3600 * 1000; // as of Version 4

/** The parameters that are signed as part of the resource. */
export const ofResource = new Set([
  ...['accelerate', 'acl', 'analytics', 'cors', 'defaultObjectAcl', 'delete', 'inventory'],
  ...['lifecycle', 'location', 'logging', 'metrics', 'notification', 'object-lock'],
  ...['partNumber', 'policy', 'replication', 'requestPayment', 'restore', 'select'],
  ...['select-type', 'storageClass', 'tagging', 'torrent', 'uploadId', 'uploads', 'versionId'],
  ...['versioning', 'versions', 'website', 'response-cache-control'],
  ...['response-content-disposition', 'response-content-encoding', 'response-content-language'],
  ...['response-content-type', 'response-expires'],
]);
const ofSignature = new Set(['AWSAccessKeyId', 'Expires', 'Signature']);
/** Beside every `x-amz-` parameter, these are signed as the headers whose place they take. */
const ofHeaders = new Set(['content-md5', 'content-type']);
const harmless = new Set(['x-id']); // names the operation again

export type Verified = { readonly is: 'verified'; readonly accessKeyId: string };

/** @param parameters as `canonicalParameters` encodes them */
export function verifySigV2(
  request: SignableRequest,
  parameters: readonly CanonicalParameter[],
  secretOf: (accessKeyId: string) => string | undefined,
  nowMs: number,
): Verified | Refusal {
  const query = new Map<string, string>();
  for (const parameter of parameters) {
    const name = decodedPart(parameter.name);
    if (query.has(name)) return refuse('InvalidArgument', `${name} is given more than once.`);
    query.set(name, decodedPart(parameter.value));
  }
  const accessKeyId = query.get('AWSAccessKeyId') ?? '';
  const refusal = wrongExpiry(query.get('Expires'), nowMs) ?? unsignedParameter(request, query);
  if (refusal !== undefined) return refusal;
  const texts = resources(request, query).map((each) => `${linesToSign(request, query)}${each}`);
  return verifyText(texts, query.get('Signature') ?? '', accessKeyId, secretOf(accessKeyId));
}

/** Whether this is the key's signature of one of these texts. */
export function verifyText(
  texts: readonly string[],
  signature: string,
  accessKeyId: string,
  secret: string | undefined,
): Verified | Refusal {
  if (secret === undefined) return refuseUnknownKey(accessKeyId);
  if (texts.some((text) => isSameSignature(signV2(secret, text), signature)))
    return { is: 'verified', accessKeyId };
  return refuse(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. ' +
      'Check your key and signing method.',
  );
}

/** The raw signature of a text whose characters are bytes. */
export function signV2(secret: string, text: string): Buffer {
  return createHmac('sha1', secret).update(Buffer.from(text, 'latin1')).digest();
}

export function isSameSignature(expected: Uint8Array, base64: string): boolean {
  return isSameDigest(expected, Buffer.from(base64, 'base64'));
}

function wrongExpiry(expires: string | undefined, nowMs: number): Refusal | undefined {
  if (expires === undefined || !/^\d{1,12}$/.test(expires))
    return refuse('AccessDenied', 'Query-string authentication requires Expires, in seconds');
  const expiresMs = Number(expires) * 1000;
  if (nowMs >= expiresMs) return refuse('AccessDenied', 'Request has expired.');
  if (expiresMs <= nowMs + expiresMsMax) return undefined;
  return refuse('AccessDenied', 'Expires must be within 7 days');
}

function unsignedParameter(
  { headers }: SignableRequest,
  query: ReadonlyMap<string, string>,
): Refusal | undefined {
  for (const name of query.keys()) {
    if (ofResource.has(name) || ofSignature.has(name) || harmless.has(name)) continue;
    const asHeader = isOfHeaders(name);
    if (asHeader && headers[name.toLowerCase()] === undefined) continue;
    if (ofHeaders.has(name)) continue; // the header is signed, and the parameter counts for nothing
    return refuse(
      'InvalidRequest',
      `A signature of Version 2 does not cover the parameter ${name}. Use AWS4-HMAC-SHA256.`,
    );
  }
  return undefined;
}

function isOfHeaders(name: string): boolean {
  return ofHeaders.has(name) || name.toLowerCase().startsWith('x-amz-');
}

function linesToSign(request: SignableRequest, query: ReadonlyMap<string, string>): string {
  const { method } = request;
  const of = (name: string) => headerText(request, name) ?? query.get(name) ?? '';
  const lines = [method, of('content-md5'), of('content-type'), query.get('Expires') ?? ''];
  return `${lines.join('\n')}\n${amzHeaders(request, query)}`;
}

/** The lines of all `x-amz-` headers, and of parameters in their place. */
export function amzHeaders(request: SignableRequest, query: ReadonlyMap<string, string>): string {
  const values = new Map<string, string>();
  for (const [name, value] of query)
    if (name.toLowerCase().startsWith('x-amz-')) values.set(name.toLowerCase(), value);
  for (const name in request.headers)
    if (name.startsWith('x-amz-')) values.set(name, headerText(request, name) ?? '');
  const names = [...values.keys()].sort();
  return names.map((name) => `${name}:${values.get(name)?.trim()}\n`).join('');
}

/**
 * The path as it was sent, behind the bucket that the host names. Some clients end a bucket's with
 * a slash, sent or not.
 */
export function resources(
  { rawPath, bucketInHost }: SignableRequest,
  query: ReadonlyMap<string, string>,
): string[] {
  const path = bucketInHost === undefined ? rawPath : `/${bucketInHost}${rawPath}`;
  const names = [...query.keys()].filter((name) => ofResource.has(name)).sort();
  const selectors = names.map((name) => {
    const value = query.get(name);
    return value === '' ? name : `${name}=${value}`;
  });
  const behind = selectors.length === 0 ? '' : `?${selectors.join('&')}`;
  const paths = /^\/[^/]+$/.test(path) ? [path, `${path}/`] : [path];
  return paths.map((each) => `${each}${behind}`);
}
