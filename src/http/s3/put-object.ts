import { limits } from '../../base/limits.js';
import type { ObjectInfo, PutOptions } from '../../store/types.js';
import type { FlatHeaders } from './answer.js';
import { bodyRefusal, receiveBody } from './body.js';
import { pushChecksums } from './checksum-names.js';
import { writeCondition } from './conditions.js';
import type { Exchange } from './exchange.js';
import { initialState } from './lock-headers.js';
import { objectAttributes } from './object-headers.js';
import { pushVersionId } from './versions.js';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export async function putObject(exchange: Exchange): Promise<void> {
  const { store, bucket, key, headers } = exchange;
  const attributes = objectAttributes(headers);
  const condition = writeCondition(headers);
  const initial = initialState(headers);
  const body = await receiveBody(exchange, limits.putBytesMax);
  const options: PutOptions = { ...body.options, ...attributes, ...initial, ...condition };
  try {
    const info = await store.put(bucket, key, body.source, options);
    exchange.answer.sendEmpty(200, writtenHeaders(info));
  } catch (error) {
    throw bodyRefusal(error, body);
  }
}

function writtenHeaders(info: ObjectInfo): FlatHeaders {
  const headers: FlatHeaders = ['etag', `"${info.etag}"`];
  pushVersionId(headers, info.versionId);
  pushChecksums(headers, info.checksums, info.parts.length);
  return headers;
}
