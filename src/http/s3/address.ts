import { S3Error } from './s3-error.js';

/** What a request line and its Host say, still percent-encoded: signatures cover these bytes. */
export interface RequestTarget {
  /** From the first `/`, as sent; never normalised. */
  readonly rawPath: string;
  /** Behind the `?`, without it; empty if there is none. */
  readonly rawQuery: string;
}

export type Scope = 'service' | 'bucket' | 'object';

/** Which resource a request names. Keys are never paths: `..`, `//` and `%2F` are part of them. */
export interface Address {
  readonly scope: Scope;
  /** Empty for the service. */
  readonly bucket: string;
  /** Empty unless `scope` is `object`. */
  readonly key: string;
  /** The bucket stands in the host name (virtual-host style), not in the path. */
  readonly bucketInHost: boolean;
}

/**
 * Splits a request target in origin or absolute form (RFC 9112 §3.2).
 * @throws S3Error `InvalidURI` for every other form
 */
export function splitTarget(url: string): RequestTarget {
  const origin = url.charCodeAt(0) === 0x2f ? url : originForm(url);
  const question = origin.indexOf('?');
  if (question === -1) return { rawPath: origin, rawQuery: '' };
  return { rawPath: origin.slice(0, question), rawQuery: origin.slice(question + 1) };
}

function originForm(url: string): string {
  const scheme = /^https?:\/\/[^/?]+/i.exec(url);
  if (scheme === null) throw new S3Error('InvalidURI');
  const rest = url.slice(scheme[0].length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/**
 * Names the bucket and the key of a request.
 * @param domain the host name below which `bucket.domain` addresses a bucket; none: path style only
 * @throws S3Error `InvalidURI` for bad percent escapes and for what is not UTF-8
 */
export function addressOf(
  rawPath: string,
  host: string | undefined,
  domain: string | undefined,
): Address {
  if (domain !== undefined && host !== undefined) {
    const bucket = bucketInHost(host, domain);
    if (bucket !== undefined) return address(bucket, decodePathPart(rawPath.slice(1)), true);
  }
  const slash = rawPath.indexOf('/', 1);
  if (slash === -1) return address(decodePathPart(rawPath.slice(1)), '', false);
  const key = decodePathPart(rawPath.slice(slash + 1));
  return address(decodePathPart(rawPath.slice(1, slash)), key, false);
}

function address(bucket: string, key: string, inHost: boolean): Address {
  const scope = key !== '' ? 'object' : bucket !== '' ? 'bucket' : 'service';
  return { scope, bucket, key, bucketInHost: inHost };
}

/** The `bucket` of `bucket.domain[:port]`, or undefined when the host is another. */
export function bucketInHost(host: string, domain: string): string | undefined {
  const port = host.search(/:\d*$/);
  const name = (port === -1 ? host : host.slice(0, port)).toLowerCase();
  const suffix = `.${domain}`;
  if (!name.endsWith(suffix) || name.length === suffix.length) return undefined;
  return name.slice(0, -suffix.length);
}

/** Characters that stand for themselves; everything else goes through the decoder. */
const plainPart = /^[!$&-;=@-Z_a-z~]*$/;

function decodePathPart(raw: string): string {
  return plainPart.test(raw) ? raw : decodePercent(raw);
}

/**
 * Percent escapes and raw bytes above 0x7f (which Node gives as Latin-1) together form UTF-8.
 * @throws S3Error `InvalidURI` for a bad escape or bytes that are not UTF-8
 */
export function decodePercent(raw: string): string {
  try {
    return decodeURIComponent(raw.replace(/[\x80-\xff]/g, escapeByte));
  } catch (cause) {
    throw new S3Error('InvalidURI', undefined, { cause });
  }
}

function escapeByte(character: string): string {
  return `%${character.charCodeAt(0).toString(16)}`;
}
