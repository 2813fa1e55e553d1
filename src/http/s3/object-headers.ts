import type { IncomingHttpHeaders } from 'node:http';
import type { ObjectAttributes, ObjectInfo, StoredHeaders } from '../../store/types.js';
import type { ObjectLock } from '../../store/version-options.js';
import type { FlatHeaders } from './answer.js';
import { headerOf } from './header.js';
import type { Query } from './query.js';
import { S3Error } from './s3-error.js';
import { pushVersionId } from './versions.js';

const metadataPrefix = 'x-amz-meta-';
const userMetadataBytesMax = 2 * 1024; // S3's own limit, names and values together

/** Each stored header: its name in requests and answers, and its field. */
const storedNames: readonly (readonly [header: string, field: keyof StoredHeaders])[] = [
  ['content-type', 'contentType'],
  ['cache-control', 'cacheControl'],
  ['content-disposition', 'contentDisposition'],
  ['content-encoding', 'contentEncoding'],
  ['content-language', 'contentLanguage'],
  ['expires', 'expires'],
];

const redirectName = 'x-amz-website-redirect-location';
const redirectBytesMax = 2 * 1024; // S3's own limit

/**
 * What the sender wants kept with an object.
 * @throws S3Error `MetadataTooLarge`, `InvalidRedirectLocation`; `InvalidArgument` for bytes that
 *   are not UTF-8
 */
export function objectAttributes(headers: IncomingHttpHeaders): ObjectAttributes {
  const stored: { -readonly [field in keyof StoredHeaders]: string } = {};
  for (const [name, field] of storedNames) {
    const value = headers[name];
    if (typeof value === 'string' && value !== '') stored[field] = headerText(value);
  }
  const encoding = withoutAwsChunked(stored.contentEncoding);
  if (encoding === undefined) delete stored.contentEncoding;
  else stored.contentEncoding = encoding;
  const redirect = websiteRedirect(headers);
  if (redirect !== undefined) stored.websiteRedirect = redirect;
  return { headers: stored, userMetadata: userMetadata(headers) };
}

/**
 * Where a website is to send who asks for the object.
 * @throws S3Error `InvalidRedirectLocation`; `InvalidArgument` for bytes that are not UTF-8
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html
 */
export function websiteRedirect(headers: IncomingHttpHeaders): string | undefined {
  const raw = headerOf(headers, redirectName);
  if (raw === undefined || raw === '') return undefined;
  if (!/^(\/|https?:\/\/)/i.test(raw)) throw new S3Error('InvalidRedirectLocation');
  if (raw.length <= redirectBytesMax) return headerText(raw); // Latin-1: a character is a byte
  throw new S3Error(
    'InvalidRedirectLocation',
    `The length of website redirect location cannot exceed ${redirectBytesMax} characters.`,
  );
}

/** `aws-chunked` says how the body travelled; it is no property of the object. */
function withoutAwsChunked(encoding: string | undefined): string | undefined {
  if (encoding === undefined || !/aws-chunked/i.test(encoding)) return encoding;
  const codings = encoding.split(',').map((coding) => coding.trim());
  return codings.filter((coding) => coding.toLowerCase() !== 'aws-chunked').join(',') || undefined;
}

const noMetadata: Readonly<Record<string, string>> = Object.freeze({});

function userMetadata(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  let entries: [name: string, value: string][] | undefined;
  let sizeBytes = 0;
  for (const header in headers) {
    if (!header.startsWith(metadataPrefix)) continue;
    const name = header.slice(metadataPrefix.length);
    const raw = String(headers[header]);
    sizeBytes += name.length + raw.length; // Latin-1: a character is a byte
    entries ??= [];
    entries.push([name, headerText(raw)]);
  }
  if (sizeBytes > userMetadataBytesMax) throw new S3Error('MetadataTooLarge');
  return entries === undefined ? noMetadata : Object.fromEntries(entries);
}

/**
 * Node gives the bytes of a header as Latin-1; S3's clients send UTF-8.
 * @throws S3Error `InvalidArgument` for other bytes: they could not be given back as they came
 */
export function headerText(raw: string): string {
  if (!/[\x80-\xff]/.test(raw)) return raw;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(raw, 'latin1'));
  } catch (cause) {
    throw new S3Error('InvalidArgument', 'Header values must be UTF-8', { cause });
  }
}

const printable = /^[\t\x20-\x7e]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these would split an answer
const unfit = /[\x00-\x08\x0a-\x1f\x7f]/;

/**
 * The reverse of `headerText`: what Node then writes as Latin-1 is UTF-8 on the wire.
 * @returns undefined for what no header can hold
 */
export function headerBytes(text: string): string | undefined {
  if (printable.test(text)) return text;
  return unfit.test(text) ? undefined : Buffer.from(text, 'utf8').toString('latin1');
}

const contentTypeDefault = 'binary/octet-stream'; // S3's own
export const headerName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

/** The headers of a GET's or HEAD's answer that describe the object, in an array to add to. */
export function describeObject(info: ObjectInfo, overrides?: StoredHeaders): FlatHeaders {
  const headers: FlatHeaders = [
    'etag',
    `"${info.etag}"`,
    'last-modified',
    new Date(info.modifiedUnixMs).toUTCString(),
    'accept-ranges',
    'bytes',
    'x-content-type-options',
    'nosniff',
  ];
  for (const [name, field] of storedNames) {
    const stored = overrides?.[field] ?? info.headers[field];
    const value = stored === undefined ? undefined : headerBytes(stored);
    if (value !== undefined) headers.push(name, value);
    else if (field === 'contentType') headers.push(name, contentTypeDefault);
  }
  const redirect = headerBytes(info.headers.websiteRedirect ?? '') ?? '';
  if (redirect !== '') headers.push(redirectName, redirect);
  pushVersionId(headers, info.versionId);
  if (info.tagCount > 0) headers.push('x-amz-tagging-count', info.tagCount);
  if (info.lock !== undefined) pushLock(headers, info.lock);
  pushMetadata(headers, info.userMetadata);
  return headers;
}

function pushLock(headers: FlatHeaders, { retention, legalHold }: ObjectLock): void {
  if (retention !== undefined) {
    headers.push('x-amz-object-lock-mode', retention.mode);
    const until = new Date(retention.untilUnixMs).toISOString();
    headers.push('x-amz-object-lock-retain-until-date', until);
  }
  if (legalHold === true) headers.push('x-amz-object-lock-legal-hold', 'ON');
}

/** Metadata that no header can carry came in another way; S3 says how much of it there is. */
function pushMetadata(headers: FlatHeaders, metadata: Readonly<Record<string, string>>): void {
  let missing = 0;
  for (const name in metadata) {
    const value = headerBytes(metadata[name] ?? '');
    if (value === undefined || !headerName.test(name)) missing += 1;
    else headers.push(metadataPrefix + name, value);
  }
  if (missing > 0) headers.push('x-amz-missing-meta', missing);
}

/**
 * The `response-…` parameters: what this answer's headers shall be instead of the stored ones.
 * @throws S3Error `InvalidArgument` for values that would split the answer
 */
export function responseOverrides(query: Query): StoredHeaders | undefined {
  let overrides: { -readonly [field in keyof StoredHeaders]: string } | undefined;
  for (const [name, field] of storedNames) {
    const value = query.get(`response-${name}`);
    if (value === undefined) continue;
    if (headerBytes(value) === undefined)
      throw new S3Error('InvalidArgument', `response-${name} must not hold control characters`);
    overrides ??= {};
    overrides[field] = value;
  }
  return overrides;
}
