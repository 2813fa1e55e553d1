import { limits } from '../../base/limits.js';
import type { ObjectInfo, PutOptions } from '../../store/types.js';
import type { FlatHeaders } from './answer.js';
import { bodyRefusal, receiveBody } from './body.js';
import { pushChecksums } from './checksum-names.js';
import { writeCondition } from './conditions.js';
import { pushEncryption, writeEncryption } from './encryption-headers.js';
import type { Exchange } from './exchange.js';
import { pushExpiration } from './lifecycle-header.js';
import { initialState } from './lock-headers.js';
import { objectAttributes } from './object-headers.js';
import { pushReceipt, wantedReceipt } from './receipt.js';
import { pushVersionId } from './versions.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export async function putObject(exchange: Exchange): Promise<void> {
  const { store, bucket, key, headers } = exchange;
  const attributes = objectAttributes(headers);
  const condition = writeCondition(headers);
  const initial = initialState(headers);
  const encryption = writeEncryption(exchange);
  using receipt = wantedReceipt(exchange);
  const body = await receiveBody(exchange, limits.putBytesMax);
  const described = { ...attributes, ...initial, ...condition, encryption };
  const options: PutOptions = { ...body.options, ...described };
  let info: ObjectInfo;
  try {
    info = await store.put(bucket, key, body.source, options);
  } catch (error) {
    throw bodyRefusal(error, body);
  }
  const written = pushEncryption(writtenHeaders(info), info.encryptedBy, headers);
  await pushExpiration(written, exchange, info);
  const answered = await pushReceipt(written, receipt, exchange, info);
  exchange.answer.sendEmpty(200, answered);
}

function writtenHeaders(info: ObjectInfo): FlatHeaders {
  const headers: FlatHeaders = ['etag', `"${info.etag}"`];
  pushVersionId(headers, info.versionId);
  pushChecksums(headers, info.checksums, info.parts.length);
  return headers;
}
