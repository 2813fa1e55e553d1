/**
 * The canonical form of a request that SigV4 signs, as text in Latin-1: each character is a byte
 * as it went over the wire.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */

/** What a signature is about. */
export interface SignableRequest {
  readonly method: string;
  /** As sent, percent escapes and all, without the query. */
  readonly rawPath: string;
  /** As sent, without the question mark; empty if there is none. */
  readonly rawQuery: string;
  /** By names in lower case; values of a repeated header as an array, in order. */
  readonly headers: HeaderValues;
  /** The bucket, where the host names it and not the path: Version 2 signs it with the path. */
  readonly bucketInHost?: string | undefined;
}

export type HeaderValues = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface CanonicalParameter {
  readonly name: string;
  readonly value: string;
}

/** A header's value; of a repeated one its values, joined. */
export function headerText({ headers }: SignableRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' || value === undefined ? value : value.join(',');
}

export function canonicalRequest(
  request: SignableRequest,
  query: readonly CanonicalParameter[],
  signedHeaders: readonly string[],
  payloadHash: string,
): string {
  let headers = '';
  for (const name of signedHeaders) {
    // The names are the sender's, and `constructor` would be found in any object.
    const value = Object.hasOwn(request.headers, name) ? request.headers[name] : undefined;
    headers += `${name}:${canonicalValue(value)}\n`;
  }
  const path = canonicalPath(request.rawPath);
  const names = signedHeaders.join(';');
  return `${request.method}\n${path}\n${joined(query)}\n${headers}\n${names}\n${payloadHash}`;
}

/** The parameters with names and values encoded one way; of `+` as of forms, a space. */
export function canonicalParameters(rawQuery: string): CanonicalParameter[] {
  const parameters: CanonicalParameter[] = [];
  for (const pair of rawQuery.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals === -1 ? pair : pair.slice(0, equals);
    const value = equals === -1 ? '' : pair.slice(equals + 1);
    parameters.push({ name: canonicalPart(name), value: canonicalPart(value) });
  }
  return parameters;
}

/**
 * Escapes decoded, one character for each byte. A percent sign that begins no escape stands for
 * itself here; whoever uses the path refuses it.
 */
export function decodedPart(raw: string): string {
  return raw.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** Encodes every byte but the unreserved ones, and the slash if `keepSlash`, once. */
export function encodeOnce(bytes: Uint8Array, keepSlash: boolean): string {
  let text = '';
  for (const byte of bytes)
    text +=
      unreserved[byte] || (keepSlash && byte === 0x2f) ? String.fromCharCode(byte) : hex[byte];
  return text;
}

const hex = Array.from({ length: 256 }, (_, byte) => {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});
const unreserved = Array.from({ length: 256 }, (_, byte) => {
  return /[A-Za-z0-9\-._~]/.test(String.fromCharCode(byte));
});

function joined(query: readonly CanonicalParameter[]): string {
  if (query.length === 0) return '';
  return [...query]
    .sort((a, b) => order(a.name, b.name) || order(a.value, b.value))
    .map(({ name, value }) => `${name}=${value}`)
    .join('&');
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

// Clients escape differently (a `+`, an `=`, lower-case escapes); each byte is decoded and encoded
// again, so that all who mean the same bytes agree. S3 never encodes twice.
function canonicalPath(rawPath: string): string {
  return /^[\w\-.~/]*$/.test(rawPath) ? rawPath : encodeOnce(decodedBytes(rawPath), true);
}

function canonicalPart(raw: string): string {
  if (/^[\w\-.~]*$/.test(raw)) return raw;
  return encodeOnce(decodedBytes(raw.replaceAll('+', '%20')), false);
}

function decodedBytes(raw: string): Uint8Array {
  return Buffer.from(decodedPart(raw), 'latin1');
}

/** Only blanks are folded: other bytes that Unicode calls space may belong to a character. */
function canonicalValue(value: string | readonly string[] | undefined): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') return value.map(canonicalValue).join(',');
  if (!/^[ \t]|[ \t]$|[ \t]{2}/.test(value)) return value;
  return value.replace(/^[ \t]+|[ \t]+$/g, '').replace(/[ \t]{2,}/g, ' ');
}
