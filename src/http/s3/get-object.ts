import { isLogStoreError, LogStoreError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import type { ByteRange, ObjectInfo, ObjectReader, StoredHeaders } from '../../store/types.js';
import type { FlatHeaders } from './answer.js';
import { pushChecksum, pushChecksums } from './checksum-names.js';
import { bareEtag, readCondition, readVerdict } from './conditions.js';
import { pushEncryption, readEncryption } from './encryption-headers.js';
import type { Exchange } from './exchange.js';
import { headerOf } from './header.js';
import { formatHttpDate } from './http-date.js';
import { pushExpiration } from './lifecycle-header.js';
import { describeObject, responseOverrides } from './object-headers.js';
import { resolveRange } from './range.js';
import { invalidArgument, S3Error } from './s3-error.js';
import { sendBody } from './send-body.js';
import { pushVersionId, versionIdOf } from './versions.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export async function getObject(exchange: Exchange): Promise<void> {
  const wanted = wantedOf(exchange);
  const { store, bucket, key } = exchange;
  const { versionId, customerKey } = wanted;
  const reader = wanted.some
    ? await openSome(exchange, wanted)
    : await store.get(bucket, key, { versionId, customerKey });
  if (reader === undefined) return;
  try {
    if (!wanted.some && !goesOn(exchange, reader.info)) return;
    const part = wanted.some ? partOf(wanted, reader.info) : undefined;
    const headers = headersOf(exchange, wanted, reader.info, part);
    await pushExpiration(headers, exchange, reader.info);
    await pushPartChecksum(headers, exchange, wanted, reader.info);
    const status = part === undefined ? 200 : 206;
    await sendBody(exchange.answer, reader, { status, headers });
  } finally {
    await reader[Symbol.asyncDispose]();
  }
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
export async function headObject(exchange: Exchange): Promise<void> {
  const wanted = wantedOf(exchange);
  const { versionId, customerKey } = wanted;
  const asked = { versionId, reading: { customerKey } };
  const info = await exchange.store.head(exchange.bucket, exchange.key, asked);
  exchange.answer.objectBytes = info.sizeBytes;
  if (!goesOn(exchange, info)) return;
  const part = partOf(wanted, info);
  const headers = headersOf(exchange, wanted, info, part);
  await pushExpiration(headers, exchange, info);
  await pushPartChecksum(headers, exchange, wanted, info);
  const lengthBytes = part === undefined ? info.sizeBytes : part.endBytes - part.startBytes;
  exchange.answer.sendDescription(part === undefined ? 200 : 206, headers, lengthBytes);
}

/** What of the object is asked for. */
interface Wanted {
  /** Perhaps not the whole. */
  readonly some: boolean;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly partNumber: number | undefined;
  readonly versionId: string | undefined;
  readonly overrides: StoredHeaders | undefined;
  readonly customerKey: Uint8Array | undefined;
}

function wantedOf(exchange: Exchange): Wanted {
  const { headers, query } = exchange;
  const { range } = headers;
  const given = query.get('partNumber');
  const partNumber = given === undefined ? undefined : partNumberOf(given);
  if (range !== undefined && partNumber !== undefined)
    throw new S3Error(
      'InvalidRequest',
      'Cannot specify both Range header and partNumber query parameter',
    );
  return {
    some: range !== undefined || partNumber !== undefined,
    range,
    ifRange: headerOf(headers, 'if-range'),
    partNumber,
    versionId: query.size === 0 ? undefined : versionIdOf(query),
    overrides: query.size === 0 ? undefined : responseOverrides(query),
    customerKey: readEncryption(exchange),
  };
}

function partNumberOf(given: string): number {
  const number = /^\d{1,5}$/.test(given) ? Number(given) : 0;
  if (number >= 1 && number <= limits.partCountMax) return number;
  throw invalidArgument(
    `Part number must be an integer between 1 and ${limits.partCountMax}, inclusive.`,
    'partNumber',
    given,
  );
}

const attemptsMax = 8;

/**
 * A range depends on the size, so the object is looked at before it is opened; whoever overwrites
 * it in between makes us look again.
 * @returns undefined once the request is answered without the object
 */
async function openSome(exchange: Exchange, wanted: Wanted): Promise<ObjectReader | undefined> {
  const { store, bucket, key } = exchange;
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const { versionId, customerKey } = wanted;
    const info = await store.head(bucket, key, { versionId, reading: { customerKey } });
    if (!goesOn(exchange, info)) return undefined;
    const reader = await openIfUnchanged(exchange, info, wanted);
    if (reader !== undefined) return reader;
  }
  throw new LogStoreError('BUSY', 'the object is overwritten faster than it can be opened');
}

async function openIfUnchanged(
  { store, bucket, key }: Exchange,
  info: ObjectInfo,
  wanted: Wanted,
): Promise<ObjectReader | undefined> {
  const range = partOf(wanted, info);
  const { versionId, customerKey } = wanted;
  try {
    const reader = await store.get(bucket, key, { range, versionId, customerKey });
    if (reader.info.version === info.version) return reader;
    await reader[Symbol.asyncDispose]();
  } catch (error) {
    // It was in range a moment ago: the object is another one now.
    if (!isLogStoreError(error, 'INVALID_RANGE')) throw error;
  }
  return undefined;
}

/**
 * The bytes that are wanted of this object; undefined for all of them as such.
 * @throws S3Error `InvalidRange`, `InvalidPartNumber`
 */
function partOf({ range, ifRange, partNumber }: Wanted, info: ObjectInfo): ByteRange | undefined {
  if (partNumber !== undefined) return numberedPart(info, partNumber);
  if (range === undefined || !rangeHolds(ifRange, info)) return undefined;
  const resolved = resolveRange(range, info.sizeBytes);
  if (resolved === 'unsatisfiable') {
    const details = { RangeRequested: range, ActualObjectSize: info.sizeBytes };
    throw new S3Error('InvalidRange', undefined, { details });
  }
  return resolved === 'whole' ? undefined : resolved;
}

/** RFC 9110 §13.1.5: a range of what the client has already, or else the whole. */
function rangeHolds(ifRange: string | undefined, info: ObjectInfo): boolean {
  if (ifRange === undefined) return true;
  return bareEtag(ifRange) === info.etag || ifRange === formatHttpDate(info.modifiedUnixMs);
}

function numberedPart({ parts, sizeBytes }: ObjectInfo, number: number): ByteRange | undefined {
  if (parts.length === 0) {
    if (number > 1) throw noSuchPart(number, 1);
    return sizeBytes === 0 ? undefined : { startBytes: 0, endBytes: sizeBytes };
  }
  let startBytes = 0;
  for (const part of parts) {
    const endBytes = startBytes + part.sizeBytes;
    if (part.number === number)
      return endBytes === startBytes ? undefined : { startBytes, endBytes };
    startBytes = endBytes;
  }
  throw noSuchPart(number, parts.length);
}

function noSuchPart(number: number, partCount: number): S3Error {
  const details = { PartNumberRequested: number, ActualPartCount: partCount };
  return new S3Error('InvalidPartNumber', undefined, { details });
}

/** Whether the conditions let the object be sent; if not, the client is told here. */
function goesOn({ answer, headers }: Exchange, info: ObjectInfo): boolean {
  const verdict = readVerdict(readCondition(headers), info);
  if (verdict === 'ok') return true;
  if (verdict === 'failed') throw new S3Error('PreconditionFailed');
  answer.errorCode = 'NotModified';
  const date = formatHttpDate(info.modifiedUnixMs);
  const described: FlatHeaders = ['etag', `"${info.etag}"`, 'last-modified', date];
  answer.sendEmpty(304, pushVersionId(described, info.versionId));
  return false;
}

/** Of a part that is asked for, the checksum that it came with, and the type of its object's. */
function pushPartChecksum(
  described: FlatHeaders,
  { store, bucket, key, headers }: Exchange,
  { partNumber }: Wanted,
  { parts, versionId, checksums }: ObjectInfo,
): Promise<void> | undefined {
  if (partNumber === undefined || parts.length === 0) return undefined;
  if (headers['x-amz-checksum-mode'] !== 'ENABLED') return undefined;
  const page = { versionId, afterPartNumber: partNumber - 1, limit: 1 };
  return store.objectParts(bucket, key, page).then(({ parts: [part] }) => {
    if (part?.checksum === undefined) return;
    pushChecksum(described, { ...part.checksum, type: undefined });
    const [ofObject] = checksums;
    if (ofObject !== undefined) described.push('x-amz-checksum-type', ofObject.type);
  });
}

function headersOf(
  { headers }: Exchange,
  { partNumber, overrides }: Wanted,
  info: ObjectInfo,
  part: ByteRange | undefined,
): FlatHeaders {
  const described = describeObject(info, overrides);
  pushEncryption(described, info.encryptedBy, headers);
  if (part !== undefined) {
    const range = `bytes ${part.startBytes}-${part.endBytes - 1}/${info.sizeBytes}`;
    described.push('content-range', range);
  } else if (headers['x-amz-checksum-mode'] === 'ENABLED')
    pushChecksums(described, info.checksums, info.parts.length);
  if (partNumber !== undefined && info.parts.length > 0)
    described.push('x-amz-mp-parts-count', info.parts.length);
  return described;
}
