import { LogStoreError } from '../base/errors.js';
import { limits } from '../base/limits.js';
import { type HeaderFields, noHeaders } from '../format/mutation.js';
import type { ObjectAttributes, StoredHeaders } from './object-types.js';

/** Attributes as a commit holds them (SPEC.md §4). */
export interface AttributeFields {
  readonly headers: HeaderFields;
  readonly metadata: readonly string[];
  readonly ttlMs: number;
}

/** In the order of SPEC.md §4. */
const headerNames = [
  'contentType',
  'cacheControl',
  'contentDisposition',
  'contentEncoding',
  'contentLanguage',
  'expires',
  'websiteRedirect',
] as const satisfies readonly (keyof StoredHeaders)[];
const nothing = Object.freeze({});
const noMetadata: readonly string[] = Object.freeze([]);
const noAttributes: AttributeFields = Object.freeze({
  headers: noHeaders,
  metadata: noMetadata,
  ttlMs: 0,
});

/** @throws LogStoreError `INVALID_ARGUMENT`: metadata too large or not text, a TTL that is none */
export function attributeFields(attributes: ObjectAttributes): AttributeFields {
  const { headers, userMetadata, ttlMs } = attributes;
  if (headers === undefined && userMetadata === undefined && ttlMs === undefined) {
    return noAttributes;
  }
  if (ttlMs !== undefined && !(Number.isSafeInteger(ttlMs) && ttlMs > 0)) {
    throw new LogStoreError('INVALID_ARGUMENT', 'a TTL is a whole number of milliseconds above 0');
  }
  const headerFields = headers === undefined ? noHeaders : fieldsOf(headers);
  const metadata = userMetadata === undefined ? noMetadata : Object.entries(userMetadata).flat();
  let sizeBytes = 0;
  for (const text of [...headerFields, ...metadata]) {
    if (text === null) continue;
    if (typeof text !== 'string') {
      throw new LogStoreError('INVALID_ARGUMENT', 'headers and metadata are text');
    }
    sizeBytes += Buffer.byteLength(text);
  }
  if (sizeBytes > limits.metadataBytesMax) {
    const most = `at most ${limits.metadataBytesMax} bytes`;
    throw new LogStoreError('INVALID_ARGUMENT', `headers and metadata together have ${most}`);
  }
  return { headers: headerFields, metadata, ttlMs: ttlMs ?? 0 };
}

function fieldsOf(headers: StoredHeaders): HeaderFields {
  const fields = headerNames.map((name) => headers[name] ?? null);
  return headers.websiteRedirect === undefined ? fields.slice(0, noHeaders.length) : fields;
}

/** Of a copy: its source's headers, but where a website sends one is its own. */
export function withWebsiteRedirect(
  fields: HeaderFields,
  websiteRedirect: string | undefined,
): HeaderFields {
  if (websiteRedirect === undefined && fields.length <= noHeaders.length) return fields;
  const others = fields.slice(0, noHeaders.length);
  return websiteRedirect === undefined ? others : [...others, websiteRedirect];
}

export function storedHeaders(fields: HeaderFields): StoredHeaders {
  if (fields === noHeaders) return nothing;
  const headers: { -readonly [Name in keyof StoredHeaders]: StoredHeaders[Name] } = {};
  for (let index = 0; index < headerNames.length; index++) {
    const name = headerNames[index];
    const value = fields[index];
    if (name !== undefined && value != null) headers[name] = value;
  }
  return headers;
}

export function userMetadata(fields: readonly string[]): Readonly<Record<string, string>> {
  if (fields.length === 0) return nothing;
  const metadata: Record<string, string> = {};
  for (let index = 0; index + 1 < fields.length; index += 2) {
    metadata[fields[index] ?? ''] = fields[index + 1] ?? '';
  }
  return metadata;
}
