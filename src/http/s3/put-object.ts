import type { IncomingHttpHeaders } from 'node:http';
import { limits } from '../../base/limits.js';
import type { ObjectInfo, PutOptions } from '../../store/types.js';
import type { FlatHeaders } from './answer.js';
import { bodyRefusal, type ReceivedBody, receiveBody } from './body.js';
import { defaultAlgorithm } from './checksum-headers.js';
import { pushChecksums } from './checksum-names.js';
import { writeCondition } from './conditions.js';
import { pushEncryption, writeEncryption } from './encryption-headers.js';
import { causeOf } from './event-cause.js';
import type { Exchange } from './exchange.js';
import { pushExpiration } from './lifecycle-header.js';
import { initialState } from './lock-headers.js';
import { objectAttributes } from './object-headers.js';
import { pushReceipt, wantedReceipt } from './receipt.js';
import { pushOwnVersionId } from './versions.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export async function putObject(exchange: Exchange): Promise<void> {
  const described = describedBy(exchange);
  using receipt = wantedReceipt(exchange);
  const body = await receiveBody(exchange, limits.putBytesMax);
  const info = await put(exchange, body, described);
  const written = writtenHeaders(info, exchange.headers);
  await pushExpiration(written, exchange, info);
  exchange.answer.sendEmpty(200, await pushReceipt(written, receipt, exchange, info));
}

/** Stores a body that came in a form as a PUT with the exchange's headers would. */
export async function storeBody(exchange: Exchange, body: ReceivedBody): Promise<ObjectInfo> {
  return put(exchange, body, { ...describedBy(exchange), origin: 'post' });
}

/** What the headers say of the object, refused before anything of its body is read. */
function describedBy(exchange: Exchange): PutOptions {
  const { headers } = exchange;
  return {
    ...objectAttributes(headers),
    ...initialState(exchange),
    ...writeCondition(headers),
    encryption: writeEncryption(exchange),
    cause: causeOf(exchange),
  };
}

async function put(
  { store, bucket, key, answer }: Exchange,
  body: ReceivedBody,
  described: PutOptions,
): Promise<ObjectInfo> {
  const { checksumAlgorithm = defaultAlgorithm } = body.options;
  const options = { ...body.options, checksumAlgorithm, ...described };
  try {
    const info = await store.put(bucket, key, body.source, options);
    answer.objectBytes = info.sizeBytes;
    return info;
  } catch (error) {
    throw bodyRefusal(error, body);
  }
}

export function writtenHeaders(info: ObjectInfo, asked: IncomingHttpHeaders): FlatHeaders {
  const headers: FlatHeaders = ['etag', `"${info.etag}"`];
  pushOwnVersionId(headers, info.versionId);
  pushChecksums(headers, info.checksums, info.parts.length);
  return pushEncryption(headers, info.encryptedBy, asked);
}
