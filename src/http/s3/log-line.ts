import { urlEncode } from './xml.js';

/** What one line of a bucket's access log says; what is undefined does not apply. */
export interface AccessRecord {
  /** Ids as clients see them. */
  readonly bucketOwner: string;
  readonly bucket: string;
  readonly timeUnixMs: number;
  readonly remoteAddress: string | undefined;
  /** An id, or a user's ARN; undefined for who signs nothing. */
  readonly requester: string | undefined;
  readonly requestId: string;
  /** `REST.PUT.OBJECT`. */
  readonly operation: string;
  /** Undefined or empty where the request names none. */
  readonly key: string | undefined;
  /** `GET /bucket/key HTTP/1.1`. */
  readonly requestLine?: string | undefined;
  readonly status: number | undefined;
  readonly errorCode: string | undefined;
  readonly sentBytes?: number | undefined;
  readonly objectBytes?: number | undefined;
  /** From the first byte that came to the last one that went. */
  readonly totalMs?: number | undefined;
  /** From the last byte that came to the first one that went. */
  readonly turnAroundMs?: number | undefined;
  /** Undefined in a line that has none at all; empty in one of a request without it. */
  readonly referer?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly versionId: string | undefined;
  readonly hostId: string;
  readonly signature: 'SigV2' | 'SigV4' | undefined;
  readonly cipher: string | undefined;
  readonly authentication: 'AuthHeader' | 'QueryString' | undefined;
  readonly hostHeader: string | undefined;
  readonly tlsVersion: string | undefined;
  readonly aclRequired: boolean;
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
/** Of these, which stand in no request line, S3 escapes the keys once, and of all others twice. */
const escapedOnce = /^(?:BATCH|S3)\./;

/**
 * One line of a log, ASCII alone, its end included.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
 */
export function logLine(record: AccessRecord): string {
  const fields = [
    word(record.bucketOwner),
    word(record.bucket),
    `[${logTime(record.timeUnixMs)}]`,
    word(record.remoteAddress),
    word(record.requester),
    word(record.requestId),
    record.operation,
    keyOf(record),
    quoted(record.requestLine),
    number(record.status),
    word(record.errorCode),
    number(record.sentBytes || undefined),
    number(record.objectBytes),
    number(record.totalMs),
    number(record.turnAroundMs),
    quoted(record.referer),
    quoted(record.userAgent),
    word(record.versionId),
    word(record.hostId),
    word(record.signature),
    word(record.cipher),
    word(record.authentication),
    word(record.hostHeader),
    word(record.tlsVersion),
    '-', // the access point: there are none
    record.aclRequired ? 'Yes' : '-',
  ];
  return `${fields.join(' ')}\n`;
}

/** `06/Feb/2019:00:00:38 +0000`. */
function logTime(unixMs: number): string {
  const time = new Date(unixMs).toISOString(); // 2019-02-06T00:00:38.000Z
  const month = months[Number(time.slice(5, 7)) - 1] ?? '';
  return `${time.slice(8, 10)}/${month}/${time.slice(0, 4)}:${time.slice(11, 19)} +0000`;
}

function keyOf({ key, operation }: AccessRecord): string {
  if (key === undefined || key === '') return '-';
  const once = urlEncode(key);
  return escapedOnce.test(operation) ? once : once.replaceAll('%', '%25');
}

function number(value: number | undefined): string {
  return value === undefined ? '-' : String(Math.round(value));
}

/** What clients send is neither to end a field nor a line. */
function word(text: string | undefined): string {
  if (text === undefined || text === '') return '-';
  return /[^!#-~]/.test(text) ? text.replace(/[^!#-~]/gu, escaped) : text;
}

function quoted(text: string | undefined): string {
  if (text === undefined) return '-';
  if (text === '') return '"-"';
  return `"${/[^ !#-~]/.test(text) ? text.replace(/[^ !#-~]/gu, escaped) : text}"`;
}

/** Node gives the bytes of headers and request lines as characters up to 0xff. */
function escaped(character: string): string {
  const bytes = Buffer.from(character, character > '\xff' ? 'utf8' : 'latin1');
  return bytes.toString('hex').toUpperCase().replace(/../g, '%$&');
}
